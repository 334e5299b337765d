"""TLS, users and limits as Prometheus' exporter-toolkit has them, on aiohttp. Nothing of wolkvox."""

MAX_REQUESTS = 40
"""Requests that are answered at a time, unless another number is given; as with Prometheus' node_exporter."""
