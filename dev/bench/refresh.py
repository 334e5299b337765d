"""What a refresh of each board costs: `python -m bench.refresh http://localhost:9090 --limit=50`.

All queries of a board are asked once, as Grafana asks them, of a Prometheus that has the campaigns and the rules.
"""

import argparse
import json
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from bench.processes import ROOT

_STEP = 300
_BOARDS = ("operations", "campaign", "exporter")
_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)")
Json = dict[str, Any]


@dataclass
class Refresh:
    """What came back for all panels: series, bytes, seconds of queries, and the characters of the longest query."""

    series: int = 0
    size: int = 0
    seconds: float = 0.0
    longest: int = 0

    def add(self, url: str, query: str, *, instant: bool, now: float, hours: float) -> None:
        """Ask a query."""
        moments = {"time": now} if instant else {"start": now - hours * 3600, "end": now, "step": _STEP}
        path = "query" if instant else "query_range"
        began = time.monotonic()
        parameters = urlencode({"query": query, **moments})
        with urlopen(f"{url}/api/v1/{path}", parameters.encode(), timeout=600) as answer:  # noqa: S310 - as named
            body = answer.read()
        self.seconds += time.monotonic() - began
        self.size += len(body)
        self.series += len(json.loads(body)["data"]["result"])
        self.longest = max(self.longest, len(query))


def refreshed(url: str, document: Json, chosen: dict[str, str], now: float, hours: float) -> Refresh:
    """Ask all that a board asks."""
    refresh = Refresh()
    for panel in document["panels"]:
        for target in panel.get("targets", []):
            query = _with(document, target["expr"], chosen, hours)
            refresh.add(url, query, instant=target["instant"], now=now, hours=hours)
    return refresh


def _with(document: Json, query: str, chosen: dict[str, str], hours: float) -> str:
    """Put variables in place: what is chosen, else all."""
    variables = {each["name"]: each for each in document["templating"]["list"]}
    own = {"__range": f"{hours * 3600:.0f}s", "__interval": f"{_STEP}s", "__rate_interval": f"{_STEP + 60}s"}

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return str(own.get(name) or chosen.get(name) or variables[name]["allValue"])

    return _VARIABLE.sub(value, query)


def main() -> None:
    """Ask, and print a table."""
    parser = argparse.ArgumentParser(prog="bench.refresh", description="What a refresh of each board costs.")
    parser.add_argument("url", help="of a Prometheus")
    parser.add_argument("--limit", default="50", help="rows of the operations board's table")
    parser.add_argument("--operation", default="operation-00", help="the campaign board's")
    parser.add_argument("--campaign", default="10000", help="the campaign board's, by id")
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--now", type=float, default=None, help="Unix time; by default now")
    options = parser.parse_args()
    now = options.now or time.time()
    print(
        "| board | series | kB | seconds of queries | longest query |", "| --- | ---: | ---: | ---: | ---: |", sep="\n"
    )
    for board in _BOARDS:
        document = json.loads((ROOT / "grafana" / "dashboards" / f"wolkvox-{board}.json").read_text("utf-8"))
        chosen = {"limit": options.limit}
        if board == "campaign":
            chosen |= {"operation": options.operation, "campaign_id": options.campaign}
        found = refreshed(options.url, document, chosen, now, options.hours)
        print(f"| {board} | {found.series:,} | {found.size / 1000:,.0f} | {found.seconds:.2f} | {found.longest:,} |")


if __name__ == "__main__":
    main()
