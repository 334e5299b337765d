"""The life of the exporter: startup, main loop, reload, shutdown."""

from wolkvox_exporter.app.exporter import AddressError, Exporter, Listen, serve

__all__ = ["AddressError", "Exporter", "Listen", "serve"]
