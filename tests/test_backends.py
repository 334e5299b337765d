"""Every rule and every query of the boards, asked of Prometheus and of VictoriaMetrics over the same stored days."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
import yaml

from docs.generate import ROOT
from mixin.dashboards.grafana import dashboards
from mixin.recording import USUAL
from mixin.settings import Settings
from support.backends import Span, compared, instants, points
from support.days import two_days
from support.grafana import BOARDS, Choice, interpolated, load, queries
from support.prometheus import Prometheus, prometheus_of
from support.recording import PATIENCE
from support.tools import tool
from support.victoriametrics import victoriametrics_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(PATIENCE)]

HOUR = 3_600
HOURS = 12
ENDED, FEW = 0.03, 2
"""Which share of a query's values may differ, and how many at least.

Stored days have no mark where a series ends: after its last sample it is found for five minutes by one backend, and for
about as long as two of its samples lie apart by the other.
"""
EXCEPTIONS = {
    f"{USUAL}_every1h": "one looks at full hours, the other back from now: the eighth of dialling is another",
    "WolkvoxCleanRecordsRunningOut": "a rate in eleven minutes, from one sample earlier, decides near a threshold",
    "API calls per hour": "the increase in an hour by scrapes a minute apart, of which one sees 59 minutes",
    "CPU": "the rate in six minutes, which one backend counts from the sample before them",
}
"""What differs in more, by the rule's name or the panel's title, and why."""
CHOICES: dict[str, Choice] = {
    "operations": {},
    "campaign": {"operation": ["ventas-co"], "campaign_id": ["4875"]},
    "exporter": {},
}
MEANT = {dashboard.board: dashboard for dashboard in dashboards(Settings(), "en")}


@dataclass(frozen=True)
class Backends:
    """The same days in both, and at which moments to ask."""

    prometheus: Prometheus
    victoriametrics: Prometheus
    span: Span

    async def differing(self, one: str, other: str, *, instant: bool = False) -> tuple[float, str]:
        """Return which share of values differs, and an example."""
        ask = instants if instant else points
        span = Span(self.span.start, self.span.end, 6 * self.span.step) if instant else self.span
        found = compared(await ask(self.prometheus, one, span), await ask(self.victoriametrics, other, span))
        return (found.differing / found.values if found.differing > FEW else 0.0), found.example


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def backends(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Backends]:
    """Give the two days that all tests share, and the working hours of the second."""
    tool("victoria-metrics")
    days = await two_days(tmp_path_factory)
    folder = tmp_path_factory.mktemp("victoria")
    # not at the very instant of a scrape
    span = Span(days.ended - 3 * HOUR + 17, days.ended, 420)
    async with (
        prometheus_of(days.single) as server,
        victoriametrics_of(server, folder, days.ended - 35 * HOUR, days.ended) as other,
    ):
        yield Backends(server, other, span)


def rules(backend: str) -> Iterator[tuple[str, str]]:
    """Yield name and expression of every rule that is written for a backend."""
    for file in sorted((ROOT / backend / "rules").glob("*.yml")):
        for group in yaml.safe_load(file.read_text("utf-8"))["groups"]:
            yield from ((rule.get("record") or rule["alert"], rule["expr"]) for rule in group["rules"])


async def test_both_backends_find_the_same(backends: Backends) -> None:
    """If rules and boards run on either, then they find the same to two percent, but for what is listed."""
    pairs = list(zip(rules("prometheus"), rules("victoriametrics"), strict=True))
    shares = {name: await backends.differing(one, other) for (name, one), (_, other) in pairs}
    for board in BOARDS:
        document = load(board)
        for asked in queries(MEANT[board], document):
            query = interpolated(asked.expression, document, CHOICES[board], HOURS)
            found = await backends.differing(query, query, instant=asked.instant)
            shares[asked.panel] = max(shares.get(asked.panel, (0.0, "")), found)
        for annotation in document["annotations"]["list"]:
            query = interpolated(annotation["expr"], document, CHOICES[board], HOURS)
            name = f"{board}: {annotation['name']}"
            shares[name] = await backends.differing(query, query)
    differing = {name: found for name, found in shares.items() if found[0] > ENDED}
    assert sorted(differing) == sorted(EXCEPTIONS), differing
