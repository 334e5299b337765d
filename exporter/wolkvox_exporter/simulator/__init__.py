"""A wolkvox over real HTTP that follows the rules of the real one, for the demo and the tests.

Nothing of the exporter is used here but its clock.
"""

from typing import TYPE_CHECKING

from wolkvox_exporter.runtime.on_demand import names_of

if TYPE_CHECKING:
    from wolkvox_exporter.simulator.offered import *  # noqa: F403 - `__all__` of it says what
else:
    __getattr__ = names_of(__name__, "offered")
