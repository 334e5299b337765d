"""Rules and dashboards as Kubernetes keeps them: in the Helm chart and in the kustomize components."""

import json
from collections.abc import Iterator

from mixin.dashboards.grafana import dashboard_files
from mixin.settings import Settings
from mixin.texts import Language


def compact_dashboards(settings: Settings, language: Language) -> Iterator[tuple[str, str]]:
    """Yield name and text of each dashboard, without indentation: what Kubernetes keeps is limited in size."""
    for name, text in dashboard_files(settings, language):
        yield name, json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False) + "\n"
