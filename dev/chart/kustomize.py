"""What kustomize builds upon, made of the chart: `make kustomize`. Rules and dashboards are made by the mixin."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from chart.rendering import Object, render
from docs.generate import ROOT, main

KUSTOMIZE = ROOT / "deploy" / "kustomize"
_NOTE = "# Made of the Helm chart by `make kustomize`; change the chart instead.\n"
_HELM = {"helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version"}
RELEASE = "wolkvox-exporter"
VALUES: Mapping[str, Any] = {
    # who forgets to name an image pulls none
    "image": {"repository": "registry.example.com/wolkvox-exporter"},
    "config": {"operations": [{"name": "ventas-co", "server": "0042"}]},
    "tokens": {"existingSecrets": [{"name": "wolkvox-tokens"}]},
}
DATABASE: Mapping[str, Any] = {
    "replicas": 2,
    "state": {
        "type": "postgresql",
        "postgresql": {"url": "postgresql://wolkvox@db/wolkvox", "passwordSecret": {"name": "wolkvox-database"}},
    },
}


def files() -> dict[Path, str]:
    """Return what each file holds that is made of the chart."""
    base = KUSTOMIZE / "base"
    return {
        base / "serviceaccount.yaml": _objects("ServiceAccount"),
        base / "service.yaml": _objects("Service"),
        base / "statefulset.yaml": _objects("StatefulSet"),
        _component("service-monitor", "servicemonitor"): _objects("ServiceMonitor", monitor={"kind": "ServiceMonitor"}),
        _component("pod-monitor", "podmonitor"): _objects("PodMonitor", monitor={"kind": "PodMonitor"}),
        _component("network-policy", "networkpolicy"): _objects("NetworkPolicy", networkPolicy={"enabled": True}),
        _component("postgresql", "poddisruptionbudget"): _objects("PodDisruptionBudget", **DATABASE),
    }


def plain(each: Object) -> Object:
    """Return an object without what Helm alone has in it: its labels, the release's namespace, checksums."""
    left: Object = _without(each, {"checksum/access", "checksum/config", "checksum/state"} | _HELM)
    left["metadata"].pop("namespace", None)
    left.get("spec", {}).pop("namespaceSelector", None)
    return left


def _without(node: Any, keys: set[str]) -> Any:  # noqa: ANN401 - an object is any JSON
    if isinstance(node, list):
        return [_without(each, keys) for each in node]
    if not isinstance(node, dict):
        return node
    return {key: _without(value, keys) for key, value in node.items() if key not in keys}


def _objects(kind: str, **values: Any) -> str:  # noqa: ANN401 - values are any JSON
    objects = map(plain, render({**VALUES, **values}, RELEASE).of(kind))
    return _NOTE + yaml.safe_dump_all(objects, sort_keys=False, width=120)


def _component(folder: str, name: str) -> Path:
    return KUSTOMIZE / "components" / folder / f"{name}.yaml"


if __name__ == "__main__":
    sys.exit(main(files()))
