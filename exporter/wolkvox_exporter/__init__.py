"""A Prometheus exporter for outbound campaigns of the wolkvox contact-centre platform."""

__version__ = "0.1.0"
