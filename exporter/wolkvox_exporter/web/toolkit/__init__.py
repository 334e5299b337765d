"""TLS, users and limits as Prometheus' exporter-toolkit has them, on aiohttp. Nothing of wolkvox."""
