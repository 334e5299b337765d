"""The configuration file: read, checked and made effective; `load` is the way in."""

from typing import TYPE_CHECKING

from wolkvox_exporter.runtime.on_demand import names_of

if TYPE_CHECKING:
    from wolkvox_exporter.config.offered import *  # noqa: F403 - `__all__` of it says what
else:
    __getattr__ = names_of(__name__, "offered")
