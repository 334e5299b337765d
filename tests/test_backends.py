"""Every rule and every query of the boards, asked of Prometheus and of VictoriaMetrics over the same stored days."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
import yaml

from docs.generate import ROOT
from mixin.dashboards.grafana import dashboards
from mixin.settings import Settings
from mixin.victoriametrics import expressed
from support.backends import Span, compared, instants, points
from support.days import two_days
from support.grafana import BOARDS, Choice, interpolated, load, queries
from support.processes import run
from support.prometheus import Prometheus, prometheus_of
from support.recording import PATIENCE
from support.tools import tool
from support.victoriametrics import victoriametrics_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(PATIENCE)]

HOUR = 3_600
HOURS = 12
ENDED = 0.03
"""Which share of a query's values may differ. Series that have ended: stored days have no mark where one does, and after
its last sample it is found for five minutes by one backend, and as long as two of its samples lie apart by the other."""
EXCEPTIONS = {
    "campaign_result:wolkvox_campaign_result_per_results:ratio_1h_median7d_every30m": "one looks at full half hours, the "
    "other back from now, so that the sixteenth half hour of dialling is another one",
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
        return (found.differing / found.values if found.values else 0.0), found.example


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
    """If rules and boards run on either, then they find the same to two percent, but for what is listed with its reason."""
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
    assert differing.keys() == EXCEPTIONS.keys(), differing


@pytest.mark.parametrize("folder", ["rules", "rules/es"])
async def test_vmalert_takes_the_rules(folder: str) -> None:
    """If vmalert reads the rules that are written for it, in either language, then it has nothing against them."""
    files = sorted((ROOT / "victoriametrics" / folder).glob("*.yml"))
    assert len(files) == 3
    said = await run(tool("vmalert"), "-dryRun", *(f"-rule={file}" for file in files))
    assert said.code == 0, said.err


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("increase(a{b='c'}[61m]) * 60 / 61", "increase(a{b='c'}[1h])"),
        ("max(increase(a[61m]) * 60 / 61) > 0", "max(increase(a[1h])) > 0"),
        ("increase(a[30m])", "increase(a[30m])"),
        ("changes(a[1d]) + changes(b[1h])", "changes_prometheus(a[1d]) + changes_prometheus(b[1h])"),
        ("max_changes(a)", "max_changes(a)"),
        ("campaign:a:changes1d", "campaign:a:changes1d"),
    ],
)
def test_whole_hours_and_changes_are_written_otherwise(expression: str, expected: str) -> None:
    """If an expression has an increase in an hour, or changes, then VictoriaMetrics is asked for the same in its words."""
    assert expressed(expression) == expected
