"""Dashboards as Grafana uses them: the files, and their queries with the variables put in place."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs.generate import ROOT
from mixin.dashboards.model import Dashboard, Query
from mixin.rules import Board
from mixin.texts import Language

Json = dict[str, Any]
Choice = Mapping[str, list[str]]
"""The values chosen of each variable; those that are not named stand at All, or at the first."""
Escape = Callable[[str], str]
FOLDERS: Mapping[Language, Path] = {
    "en": ROOT / "grafana" / "dashboards",
    "es": ROOT / "grafana" / "dashboards" / "es",
}
BOARDS: tuple[Board, ...] = ("operations", "campaign", "exporter")
STEP = 300
"""Seconds: the least interval of nearly all panels."""
_STEPS = {"5m": STEP, "1h": 3600}
_RATE_INTERVAL = STEP + 60
"""A step and a scrape."""
_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)")
_SPECIAL = re.compile(r"[$^*{}\[\]+?.()|]")


def load(board: Board, language: Language = "en") -> Json:
    """Read a dashboard's file."""
    document: Json = json.loads((FOLDERS[language] / f"wolkvox-{board}.json").read_text(encoding="utf-8"))
    return document


def expressions_of(document: Json, title: str) -> list[str]:
    """Return the queries of the panel of that title."""
    (panel,) = (each for each in document["panels"] if each["title"] == title)
    return [target["expr"] for target in panel["targets"]]


def classic(value: str) -> str:
    """Escape a chosen value as Grafana 10 does: a quote in it breaks the query."""
    return _SPECIAL.sub(r"\\\\\g<0>", value.replace("\\", "\\\\\\\\"))


def careful(value: str) -> str:
    """Escape a chosen value as later ones do where they mind special characters."""
    escaped = value.replace("\\", "\\\\\\\\").replace('"', '\\\\\\"')
    return re.sub(r"[$^*{}\[\]'+?.()|]", r"\\\\\g<0>", escaped)


def interpolated(expression: str, document: Json, choice: Choice, hours: float, escape: Escape = classic) -> str:
    """Put the variables of a dashboard in place, for a time range of so many hours."""
    variables = {variable["name"]: variable for variable in document["templating"]["list"]}
    own = {
        "__range": f"{round(hours * 3600)}s",
        "__interval": f"{STEP}s",
        "__rate_interval": f"{_RATE_INTERVAL}s",
    }

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[3]
        if found[2] == "doublequote":
            return ",".join('"{}"'.format(each.replace('"', '\\"')) for each in choice[name])
        return own.get(name) or _chosen(variables[name], choice.get(name), escape)

    return _VARIABLE.sub(value, expression)


def _chosen(variable: Json, values: list[str] | None, escape: Escape) -> str:
    if values is None and variable["type"] == "custom":
        return str(variable["current"]["value"])
    if values is None:
        assert variable["includeAll"], f"{variable['name']} has no All"
        # without one it is all that its query finds; here all that there is, of which the panels' queries take the same
        return str(variable.get("allValue", ".*"))
    if not variable["multi"]:
        (only,) = values
        return only
    escaped = list(map(escape, values))
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


@dataclass(frozen=True)
class Asked:
    """A query of a panel: as the file has it, and as it is meant."""

    panel: str
    expression: str
    instant: bool
    meant: Query
    step: int
    """Seconds between two points."""


def queries(dashboard: Dashboard, document: Json) -> Iterator[Asked]:
    """Yield every query of a dashboard's panels."""
    for panel, written in zip(dashboard.panels, document["panels"], strict=True):
        for query, target in zip(panel.asked, written["targets"], strict=True):
            step = _STEPS[written["interval"]]
            yield Asked(written["title"], target["expr"], target["instant"], query, step)
