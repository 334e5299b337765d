"""The chart as tests see it: rendered by Helm, its objects read by Kubernetes' schemas and the operator's models."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from chart.values import CHART
from tests_release.toolbox import BIN, NODE_MODULES, passes, run

PROGRAMS = Path(__file__).parent / "programs"
VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
"""Values files, which are examples as well."""
VERSIONS = ["1.25", "1.29", "1.33", "1.37"]
"""Of Kubernetes: the oldest that the chart admits, the newest with schemas, and two between."""
UNHEEDED = ["icon is recommended"]
"""What lint says all the same: an icon is an address, and nothing of this project is published."""
Object = dict[str, Any]


@dataclass(frozen=True)
class Rendered:
    """A chart with values."""

    objects: list[Object]
    notes: str
    lint: list[str]

    def find(self, kind: str, ending: str = "") -> Object:
        """Return the only object of a kind whose name ends so."""
        (found,) = [each for each in self.of(kind) if each["metadata"]["name"].endswith(ending)]
        return found

    def of(self, kind: str) -> list[Object]:
        """Return all objects of a kind."""
        return [each for each in self.objects if each["kind"] == kind]

    @property
    def pod(self) -> Object:
        """The pod's spec."""
        spec: Object = self.find("StatefulSet")["spec"]["template"]["spec"]
        return spec

    @property
    def container(self) -> Object:
        """The exporter's container."""
        (container,) = self.pod["containers"]
        found: Object = container
        return found


class RefusedError(Exception):
    """Helm renders nothing with such values; the message says why."""


def render(values: Mapping[str, Any] | str) -> Rendered:
    """Render the chart, or raise `RefusedError`."""
    return _rendered(answer(values if isinstance(values, str) else yaml.safe_dump(dict(values))))


@cache
def answer(text: str) -> Object:
    """Return what Helm makes of one text of values."""
    return answers([text])[0]


def answers(texts: list[str]) -> list[Object]:
    """Return what Helm makes of texts of values, one after the other."""
    request = json.dumps({"chart": str(CHART), "values": texts})
    found: list[Object] = json.loads(passes(run(BIN / "python", PROGRAMS / "helm_charts.py", stdin=request)))
    return found


@cache
def example(name: str) -> Rendered:
    """Return the chart with one of the values files."""
    return _rendered(_examples()[name])


@cache
def _examples() -> dict[str, Object]:
    return dict(zip([path.name for path in VALUES], answers([path.read_text() for path in VALUES]), strict=True))


def _rendered(answered: Object) -> Rendered:
    if "refused" in answered:
        raise RefusedError(answered["refused"])
    templates = answered["templates"]
    notes = "".join(text for path, text in templates.items() if path.endswith("NOTES.txt"))
    texts = (text for path, text in templates.items() if not path.endswith("NOTES.txt"))
    objects = [each for text in texts for each in yaml.safe_load_all(text) if each]
    return Rendered(objects, notes, [found for found in answered["lint"] if found not in UNHEEDED])


def is_custom(each: Object) -> bool:
    """Return whether an object is of Prometheus' operator."""
    return str(each["apiVersion"]).startswith("monitoring.coreos.com/")


def wrong_objects(objects: Iterable[Object], versions: Iterable[str] = VERSIONS) -> list[str]:
    """Return what Kubernetes would not take, or not understand."""
    request = json.dumps({"objects": [each for each in objects if not is_custom(each)], "versions": list(versions)})
    found: list[str] = json.loads(passes(run(BIN / "python", PROGRAMS / "kubernetes_objects.py", stdin=request)))
    return found


def wrong_custom_resources(objects: Iterable[Object]) -> list[str]:
    """Return what Prometheus' operator would not take, or not understand."""
    request = json.dumps([each for each in objects if is_custom(each)])
    program = PROGRAMS / "custom_resources.mjs"
    found: list[str] = json.loads(passes(run("node", program, cwd=NODE_MODULES.parent, stdin=request)))
    return found
