"""What Grafana is told at its start: which data source there is, and where the dashboards are."""

from collections.abc import Iterator

from mixin.yamlfile import written

_DATA_SOURCE = {
    "apiVersion": 1,
    "datasources": [
        {
            "name": "Prometheus",
            "uid": "prometheus",
            "type": "prometheus",
            "access": "proxy",
            "url": "http://localhost:9090",
            "isDefault": True,
            # as in prometheus.yml: what a rate needs at least
            "jsonData": {"timeInterval": "60s", "httpMethod": "POST"},
        }
    ],
}
_DASHBOARDS = {
    "apiVersion": 1,
    "providers": [
        {
            "name": "wolkvox",
            "type": "file",
            "disableDeletion": True,
            "allowUiUpdates": False,
            "options": {"path": "/var/lib/grafana/dashboards/wolkvox", "foldersFromFilesStructure": False},
            "folder": "wolkvox",
        }
    ],
}


def provisioning_files() -> Iterator[tuple[str, str]]:
    """Yield name and text of each file."""
    yield "datasources/wolkvox.yaml", written(_DATA_SOURCE, "The Prometheus of prometheus/prometheus.yml.")
    about = "The dashboards. Grafana looks into folders below the path, too: put only one language there."
    yield "dashboards/wolkvox.yaml", written(_DASHBOARDS, about)
