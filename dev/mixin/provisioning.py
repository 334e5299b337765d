"""What Grafana is told at its start: which data source there is, and where the dashboards are."""

from collections.abc import Iterator, Mapping

from mixin.settings import Settings
from mixin.yamlfile import written

FOLDER = "wolkvox"
PATH = f"/var/lib/grafana/dashboards/{FOLDER}"
"""Where the dashboards are, unless there are those of several languages."""


def provisioning_files(settings: Settings, folders: Mapping[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file; `folders` are Grafana's, with the path whose dashboards are in each."""
    yield "datasources/wolkvox.yaml", written(_data_source(settings), "The Prometheus of prometheus.yml.")
    about = "The dashboards. Grafana looks into folders below a path, too: put only one language there."
    providers = [_provider(folder, path) for folder, path in (folders or {FOLDER: PATH}).items()]
    yield "dashboards/wolkvox.yaml", written({"apiVersion": 1, "providers": providers}, about)


def _data_source(settings: Settings) -> dict[str, object]:
    prometheus = {
        "name": "Prometheus",
        "uid": "prometheus",
        "type": "prometheus",
        "access": "proxy",
        "url": f"http://{settings.addresses.prometheus}",
        "isDefault": True,
        # as in prometheus.yml: what a rate needs at least
        "jsonData": {"timeInterval": "60s", "httpMethod": "POST"},
    }
    return {"apiVersion": 1, "datasources": [prometheus]}


def _provider(folder: str, path: str) -> dict[str, object]:
    return {
        "name": folder,
        "type": "file",
        "disableDeletion": True,
        "allowUiUpdates": False,
        "options": {"path": path, "foldersFromFilesStructure": False},
        "folder": folder,
    }
