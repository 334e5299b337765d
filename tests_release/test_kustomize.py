"""What kustomize builds: the chart's objects, whichever components an overlay takes."""

import json
import os
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml

from chart.kustomize import DATABASE, KUSTOMIZE, RELEASE, VALUES, files, plain
from tests_release.charts import Object, render, wrong_custom_resources, wrong_objects
from tests_release.toolbox import passes, run, tool

COMPONENTS = sorted(
    str(path.parent.relative_to(KUSTOMIZE / "components"))
    for path in KUSTOMIZE.rglob("components/**/kustomization.yaml")
)
# what an overlay takes, and the values that say the same to the chart
OVERLAYS: dict[str, tuple[list[str], Object]] = {
    "base": ([], {}),
    "all that is Prometheus'": (
        ["service-monitor", "rules/en", "dashboards/en", "network-policy"],
        {
            "monitor": {"kind": "ServiceMonitor"},
            "prometheusRule": {"enabled": True},
            "dashboards": {"enabled": True},
            "networkPolicy": {"enabled": True},
        },
    ),
    "Spanish, on a volume": (
        ["pod-monitor", "rules/es", "dashboards/es", "persistent-volume"],
        {
            "monitor": {"kind": "PodMonitor"},
            "prometheusRule": {"enabled": True, "language": "es"},
            "dashboards": {"enabled": True, "languages": ["es"]},
            "state": {"type": "persistentVolume"},
        },
    ),
    "replicas": (["postgresql"], dict(DATABASE)),
}


def build(folder: Path) -> CompletedProcess[str]:
    """Let kustomize build a folder."""
    return run(tool("kubectl"), "kustomize", folder)


def overlay(folder: Path, components: list[str], **more: Any) -> list[Object]:  # noqa: ANN401 - any JSON
    """Return what an overlay of these components has."""
    return [each for each in yaml.safe_load_all(passes(built(folder, components, **more))) if each]


def built(folder: Path, components: list[str], **more: Any) -> CompletedProcess[str]:  # noqa: ANN401 - any JSON
    """Build an overlay of these components."""
    here = Path(os.path.relpath(KUSTOMIZE.resolve(), folder.resolve()))
    document = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [str(here / "base")],
        "components": [str(here / "components" / each) for each in components],
        **more,
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return build(folder)


def comparable(objects: list[Object]) -> dict[tuple[str, str], Any]:
    """Return objects by kind and name, without the order of lists whose parts have names, texts as their content."""
    found = {}
    for each in objects:
        left = plain(each)
        for name, text in left.get("data", {}).items():
            left["data"][name] = json.loads(text) if name.endswith(".json") else yaml.safe_load(text)
        found[(left["kind"], left["metadata"]["name"])] = _sorted(left)
    return found


def _sorted(node: Any) -> Any:  # noqa: ANN401 - an object is any JSON
    if isinstance(node, dict):
        return {key: _sorted(value) for key, value in node.items()}
    if isinstance(node, list):
        parts = [_sorted(each) for each in node]
        named = all(isinstance(each, dict) and "name" in each for each in parts)
        return sorted(parts, key=lambda each: str(each["name"])) if named else parts
    return node


@pytest.mark.parametrize("name", OVERLAYS)
def test_overlays_are_what_the_chart_makes(name: str, tmp_path: Path) -> None:
    """If kustomize takes components, then it builds what Helm makes of the values that say the same."""
    components, values = OVERLAYS[name]
    wanted = [each for each in render({**VALUES, **values}, RELEASE).objects if each["kind"] != "Pod"]
    found = comparable(overlay(tmp_path, components))
    if name == "replicas":
        # where the database is stands in the overlay's own configuration
        del found["ConfigMap", RELEASE]
        wanted = [each for each in wanted if each["kind"] != "ConfigMap"]
    assert found == comparable(wanted)


def test_every_component_is_compared() -> None:
    """If a component is added, then a test says what it should build."""
    assert {each for components, _ in OVERLAYS.values() for each in components} == set(COMPONENTS)


def test_the_example_is_good(tmp_path: Path) -> None:
    """If somebody begins with the example, then Kubernetes and Prometheus' operator take it, as they do all else."""
    example = [each for each in yaml.safe_load_all(passes(build(KUSTOMIZE / "example"))) if each]
    assert {each["metadata"]["namespace"] for each in example} == {"monitoring"}
    (stateful,) = [each for each in example if each["kind"] == "StatefulSet"]
    (container,) = stateful["spec"]["template"]["spec"]["containers"]
    assert container["image"].startswith("registry.example.org/")
    everything = [each for components, _ in OVERLAYS.values() for each in overlay(tmp_path, components)]
    assert wrong_objects([*example, *everything], ["1.25", "1.37"]) == []
    assert wrong_custom_resources([*example, *everything]) == []


def test_what_kustomize_builds_upon_is_up_to_date() -> None:
    """If the chart has changed, then so has what was made of it."""
    written = files()
    assert len(written) == 7
    for path, text in written.items():
        assert path.read_text(encoding="utf-8") == text, "make kustomize"


def test_a_bad_overlay_is_refused(tmp_path: Path) -> None:
    """If an overlay has a key that there is not, or patches what is not there, then kustomize says so."""
    assert "patchez" in built(tmp_path, [], patchez=[]).stderr
    lost = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "wolkvox-exporter"}}
    refused = built(tmp_path, [], patches=[{"patch": json.dumps(lost)}])
    assert refused.returncode != 0
    assert "no matches" in refused.stderr
