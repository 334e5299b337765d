"""The life of the exporter: startup, main loop, reload, shutdown."""

from typing import TYPE_CHECKING

from wolkvox_exporter.runtime.on_demand import names_of

__all__ = ["LOOK_INTERVAL", "Exporter", "Listen", "serve"]

LOOK_INTERVAL = 30.0
"""Seconds from one look at the files of the configuration to the next, unless told otherwise; Prometheus' own."""

if TYPE_CHECKING:
    from wolkvox_exporter.app.exporter import Exporter, Listen, serve
else:
    __getattr__ = names_of(__name__, "exporter")
