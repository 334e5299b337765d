"""The numbers that boards show, read from their files, and what is found when a board is opened."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from support.grafana import Choice, Json, interpolated
from support.prometheus import Prometheus, Vector

HOURS = 12
"""Which a board goes back."""
_STEPS = {"5m": 300, "1h": 3_600}


@dataclass(frozen=True)
class Shown:
    """A number of a panel, or one by labels; `name` is the title of its column or its legend, empty if it has none."""

    panel: str
    name: str
    expression: str
    step: int | None
    """Seconds between two points of a graph; None where there is only the latest number."""

    def at(self, time: float) -> float:
        """Return for when the latest number stands if the board ends at a Unix time."""
        return time // self.step * self.step if self.step else time


def numbers(document: Json) -> Iterator[Shown]:
    """Yield every number of a dashboard."""
    for panel in document["panels"]:
        titles = _titles(panel)
        for target in panel["targets"]:
            value = "Value" if len(panel["targets"]) == 1 else f"Value #{target['refId']}"
            legend = "" if target["legendFormat"] == "__auto" else target["legendFormat"]
            name = titles.get(value, "") if panel["type"] == "table" else legend
            step = None if target["instant"] else _STEPS[panel["interval"]]
            yield Shown(panel["title"], name, target["expr"], step)


def _titles(panel: Json) -> Mapping[str, str]:
    """Return the titles of the columns of a table by the names of their fields."""
    found: dict[str, str] = {}
    for each in panel.get("transformations") or ():
        found |= each["options"].get("renameByName", {})
    return found


@dataclass(frozen=True)
class Look:
    """A board that ends at a Unix time, narrowed down, as Grafana would ask for it."""

    server: Prometheus
    document: Json
    choice: Choice
    at: float

    async def found(self, shown: Shown, *labels: str) -> Vector:
        """Return what a number is, by labels."""
        expression = interpolated(shown.expression, self.document, self.choice, HOURS)
        end = shown.at(self.at)
        if shown.step is None:
            return await self.server.query(expression, *labels, time=end)
        found = await self.server.query_range(expression, end, end, shown.step, *labels)
        return {key: values[end] for key, values in found.items()}
