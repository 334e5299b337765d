"""The chart rendered by Helm, whose library is in an environment of its own."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chart.values import CHART
from docs.generate import ROOT

_PROGRAM = Path(__file__).parent / "helm_charts.py"
_PYTHON = ROOT / ".venv-release" / "bin" / "python"
_UNHEEDED = ["icon is recommended"]
"""What lint says all the same: an icon is an address, and nothing of this project is published."""
Object = dict[str, Any]


class RefusedError(Exception):
    """Helm renders nothing with such values; the message says why."""


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


def render(values: Mapping[str, Any], release: str = "wx") -> Rendered:
    """Render the chart for a release of that name, or raise `RefusedError`."""
    return rendered(answers([json.dumps(dict(values))], release)[0])


def rendered(answer: Object) -> Rendered:
    """Return what Helm answered, or raise `RefusedError`."""
    if "refused" in answer:
        raise RefusedError(answer["refused"])
    texts = {path: text for path, text in answer["templates"].items() if not path.endswith("NOTES.txt")}
    notes = "".join(text for path, text in answer["templates"].items() if path not in texts)
    objects = [each for text in texts.values() for each in yaml.safe_load_all(text) if each]
    return Rendered(objects, notes, [found for found in answer["lint"] if found not in _UNHEEDED])


def answers(texts: list[str], release: str = "wx") -> list[Object]:
    """Return what Helm makes of texts of values, one after the other."""
    request = json.dumps({"chart": str(CHART), "release": release, "values": texts})
    ended = subprocess.run([_PYTHON, _PROGRAM], input=request, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"Helm's library cannot be run; make check-release installs it:\n{ended.stderr}")
    found: list[Object] = json.loads(ended.stdout)
    return found
