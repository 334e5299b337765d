"""The life of the exporter: startup, main loop, reload, shutdown."""

from wolkvox_exporter.app.exporter import Exporter, Listen, serve

__all__ = ["Exporter", "Listen", "serve"]
