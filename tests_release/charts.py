"""The chart as tests see it: rendered by Helm, its objects read by Kubernetes' schemas and the operator's models."""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from chart.rendering import Object, Rendered, answers, render, rendered
from chart.values import CHART
from tests_release.toolbox import BIN, NODE_MODULES, passes, run

__all__ = ["VALUES", "Object", "Rendered", "answers", "example", "render", "wrong_custom_resources", "wrong_objects"]
PROGRAMS = Path(__file__).parent / "programs"
VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
"""Values files, which are examples as well."""
VERSIONS = ["1.25", "1.29", "1.33", "1.37"]
"""Of Kubernetes: the oldest that the chart admits, the newest with schemas, and two between."""


@cache
def example(name: str) -> Rendered:
    """Return the chart with one of the values files."""
    return rendered(_examples()[name])


@cache
def _examples() -> dict[str, Object]:
    texts = [path.read_text(encoding="utf-8") for path in VALUES]
    return dict(zip([path.name for path in VALUES], answers(texts), strict=True))


def wrong_objects(objects: Iterable[Object], versions: Iterable[str] = VERSIONS) -> list[str]:
    """Return what Kubernetes would not take, or not understand."""
    request = json.dumps({"objects": [each for each in objects if not _is_custom(each)], "versions": list(versions)})
    found: list[str] = json.loads(passes(run(BIN / "python", PROGRAMS / "kubernetes_objects.py", stdin=request)))
    return found


def wrong_custom_resources(objects: Iterable[Object]) -> list[str]:
    """Return what Prometheus' operator would not take, or not understand."""
    request = json.dumps([each for each in objects if _is_custom(each)])
    program = PROGRAMS / "custom_resources.mjs"
    found: list[str] = json.loads(passes(run("node", program, cwd=NODE_MODULES.parent, stdin=request)))
    return found


def _is_custom(each: Object) -> bool:
    return str(each["apiVersion"]).startswith("monitoring.coreos.com/")
