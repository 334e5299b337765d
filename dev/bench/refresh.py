"""What a refresh of each board costs: `python -m bench.refresh --operations=20 --campaigns=250 --limit=50`.

A Prometheus scrapes the campaigns of one exporter, or of two replicas, and has what rules record by skill, of yesterday
too. All queries of a board and of its variables are asked as Grafana asks them, one after the other, while it does
nothing else.
"""

import argparse
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from bench.campaigns import HOUR, MINUTE, Fleet, store, store_by_skill
from bench.processes import ROOT, cpu, wait_for_quiet
from bench.scraped import IN_MEMORY, Scraping, scraping

_BOARDS = ("operations", "campaign", "exporter")
_STEPS = {"5m": 300, "1h": 3600}
_SCRAPE = 60
_RULES = 6 * MINUTE
"""By then every group was evaluated but those that look over a day and over days."""
_TIMES = 5
_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)")
_OF_LABELS = re.compile(r"label_values\((.*), (\w+)\)")
_OF_SERIES = re.compile(r"query_result\((.*)\)", re.DOTALL)
Json = dict[str, Any]


@dataclass
class Refresh:
    """What came back for panels and variables: series, bytes, characters of the longest query, and seconds of each."""

    series: int = 0
    size: int = 0
    longest: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, title: str, url: str, **asked: object) -> Any:  # noqa: ANN401 - whatever the JSON holds
        """Ask for something that a panel or a variable shows, and return it."""
        began = time.perf_counter()
        with urlopen(f"{url}?{urlencode(asked)}", timeout=600) as answer:  # noqa: S310 - of this machine
            body = answer.read()
        self.seconds[title] = self.seconds.get(title, 0.0) + time.perf_counter() - began
        self.size += len(body)
        found = json.loads(body)["data"]
        self.series += len(found["result"]) if isinstance(found, dict) else 0
        self.longest = max(self.longest, len(str(asked.get("query") or asked.get("match[]"))))
        return found


@dataclass(frozen=True)
class Board:
    """A board at a Unix time, for the hours before; variables of which nothing is chosen stand at All."""

    document: Json
    chosen: dict[str, str]
    now: float
    hours: float

    def refreshed(self, url: str) -> Refresh:
        """Ask all that it asks."""
        refresh = Refresh()
        start = self.now - self.hours * HOUR
        values = dict(self.chosen)
        for variable in self.document["templating"]["list"]:
            if variable["type"] == "query":
                found = self._options(refresh, url, variable, values)
                # without a value that stands for all it is all that was found
                values.setdefault(variable["name"], variable.get("allValue") or "|".join(found))
        for panel in self.document["panels"]:
            for target in panel.get("targets", []):
                step = _STEPS[panel["interval"]]
                query = self._with(target["expr"], values, step)
                if target["instant"]:
                    refresh.add(panel["title"], f"{url}/query", query=query, time=self.now)
                else:
                    # on a grid of steps
                    moments = {"start": start // step * step, "end": self.now // step * step, "step": step}
                    refresh.add(panel["title"], f"{url}/query_range", query=query, **moments)
        return refresh

    def _options(self, refresh: Refresh, url: str, variable: Json, values: Mapping[str, str]) -> list[str]:
        title, query = f"${variable['name']}", self._with(variable["query"]["query"], values, _SCRAPE)
        if found := _OF_LABELS.fullmatch(query):
            span = {"start": self.now - self.hours * HOUR, "end": self.now}
            return list(refresh.add(title, f"{url}/label/{found[2]}/values", **span, **{"match[]": found[1]}))
        if found := _OF_SERIES.fullmatch(query):
            result = refresh.add(title, f"{url}/query", query=found[1], time=self.now)["result"]
            return [series["metric"]["campaign_id"] for series in result]
        raise ValueError(query)

    def _with(self, query: str, values: Mapping[str, str], step: int) -> str:
        own = {
            "__range": f"{self.hours * HOUR:.0f}s",
            "__interval": f"{step}s",
            "__rate_interval": f"{step + _SCRAPE}s",
        }

        def value(found: re.Match[str]) -> str:
            written = own.get(found[1] or found[3]) or values[found[1] or found[3]]
            return f'"{written}"' if found[2] == "doublequote" else written

        return _VARIABLE.sub(value, query)


def _boards(fleet: Fleet, limit: str, now: float) -> Iterator[tuple[str, Board]]:
    first = next(fleet.labels())[1]
    one = {name: re.findall(f'{name}="([^"]*)"', first)[0] for name in ("operation", "campaign_id")}
    for name in _BOARDS:
        document = json.loads((ROOT / "grafana" / "dashboards" / f"wolkvox-{name}.json").read_text("utf-8"))
        hours = float(document["time"]["from"].removeprefix("now-").removesuffix("h"))
        yield name, Board(document, {"limit": limit} | (one if name == "campaign" else {}), now, hours)


def _measured(folder: Path, fleet: Fleet, replicas: int, limits: list[str], dearest: int) -> Iterator[str]:
    """Yield the rows of a table."""
    until = replace(fleet, now=fleet.now - IN_MEMORY)
    store_by_skill(until, folder / "tsdb", 25 * HOUR)
    store(replace(until, operations=1, campaigns=1), folder / "tsdb", 25 * HOUR, 0)
    with scraping(folder, fleet, replicas) as server:
        server.configure(_SCRAPE, [ROOT / "prometheus" / "rules"])
        time.sleep(_RULES)
        now = time.time()
        # no more rules and scrapes: what is measured is the queries
        server.configure(HOUR)
        wait_for_quiet(server.pid, share=0.02)
        for limit in limits:
            for name, board in _boards(fleet, limit, now):
                refresh, spent, passed = _costs(server, board)
                row = f"| {name} | {replicas} | {limit} | {refresh.series:,} | {refresh.size / 1000:,.0f}"
                yield f"{row} | {spent:.2f} | {passed:.2f} | {refresh.longest:,} |"
                for title, seconds in sorted(refresh.seconds.items(), key=lambda each: -each[1])[:dearest]:
                    yield f"| - {title} | {replicas} | {limit} | | | | {seconds:.2f} | |"


def _costs(server: Scraping, board: Board) -> tuple[Refresh, float, float]:
    """Return a refresh, and what one takes: seconds of the processor, and seconds that pass."""
    refresh = board.refreshed(f"{server.url}/api/v1")
    before, began = cpu(server.pid), time.perf_counter()
    for _ in range(_TIMES):
        refresh = board.refreshed(f"{server.url}/api/v1")
    return refresh, (cpu(server.pid) - before) / _TIMES, (time.perf_counter() - began) / _TIMES


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        prog="bench.refresh", description="What a refresh of each board costs a Prometheus."
    )
    parser.add_argument("--operations", type=int, default=20)
    parser.add_argument("--campaigns", type=int, default=250, help="of an operation")
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 2], help="one table each (1 2)")
    parser.add_argument(
        "--limit", nargs="+", default=["50", "200"], help="rows of the operations board's table (50 200)"
    )
    parser.add_argument("--dearest", type=int, default=0, help="also this many panels of each board, the slowest first")
    options = parser.parse_args()
    print("| board | replicas | limit | series | kB | processor seconds | seconds | longest query |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for replicas in options.replicas:
        with TemporaryDirectory() as folder:
            fleet = Fleet(options.operations, options.campaigns, int(time.time()) // MINUTE * MINUTE)
            for row in _measured(Path(folder), fleet, replicas, options.limit, options.dearest):
                print(row, flush=True)


if __name__ == "__main__":
    main()
