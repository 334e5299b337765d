"""All rules on the pages of two exporters that are one: nothing is doubled, nobody is told of what is as it should be.

A Prometheus has scraped both each minute of a morning: the second is replaced, then cut off from the database for half
an hour, and later the database fails over.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
import yaml

from support.backtest import NO_LOOK_BACK, Period, alert_rules, groups_of, spoken
from support.clock import ManualClock, Rebooted
from support.database import MemoryDatabase
from support.history import Target, backfill, load
from support.operations import SOON, Running
from support.processes import direct
from support.prometheus import Prometheus, prometheus_by
from support.recording import PATIENCE, Recording, polled, scrape, unattended
from support.rulebook import RULES
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.app.replication import Shared
from wolkvox_exporter.config import Config
from wolkvox_exporter.simulator import Simulator, working_day

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(PATIENCE)]

START = "2026-11-23T09:59:30-05:00"
MINUTES = 210
REPLACED, CUT_OFF, DOWN = range(60, 63), range(100, 130), range(170, 174)
"""The minutes in which the second replica is not there, is cut off, and in which nobody has the database."""
OLD = range(100, 135)
"""Those in which the second may show data that the first has newer ones of."""
EVEN = (range(1, 60), range(195, MINUTES - 1))
"""Those before which both were there for an hour, so that no rule sees a gap."""
OF_ITSELF = ("wolkvox_exporter_", "process_", "python_", "wolkvox_state_write_failures_total")
EVERYTHING = '{__name__=~".+:.+", __name__!~".*(every15m|every1h|5d)"}'
"""But for what looks back over days: it sees the other minutes, too."""


@dataclass
class Morning:
    """What was scraped of both, and where each minute begins in Unix time."""

    first: Recording = field(default_factory=Recording)
    second: Recording = field(default_factory=Recording)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)

    def span(self, minutes: range) -> tuple[float, float]:
        """Return when some minutes began and ended."""
        return self.first.times[minutes.start], self.first.times[minutes.stop]

    @property
    def times(self) -> range:
        """All scrapes, in Unix time."""
        return range(self.first.times[0], self.first.times[-1] + 1, 60)


@asynccontextmanager
async def replica(config: Config, clock: ManualClock, database: MemoryDatabase) -> AsyncIterator[Running]:
    """Run one of them on a machine of its own."""
    exporter = Exporter(config, Rebooted(clock), spread=SOON, shared=Shared(database))
    async with (
        exporter.running(Listen([("127.0.0.1", 0)])) as [(_, port)],
        aiohttp.ClientSession() as session,
    ):
        yield Running(exporter, port, session)


async def recorded() -> Morning:
    """Scrape both for a morning."""
    clock, morning = ManualClock(START), Morning()
    simulator = Simulator(unattended(working_day(2, clock.time(), days=1)), clock)
    database, link = MemoryDatabase(clock), MemoryDatabase(clock)
    link.tables = database.tables
    async with simulator.serving() as url:
        config = Config(tuple(polled(simulator, url)), ())

        async def minutes(span: range, first: Running, second: Running | None) -> None:
            for minute in span:
                database.is_down = minute in DOWN
                link.is_down = minute in DOWN or minute in CUT_OFF
                await clock.advance(60)
                morning.first.take(clock.time(), await scrape(first))
                morning.second.take(clock.time(), await scrape(second) if second else "")

        async with replica(config, clock, database) as first:
            async with replica(config, clock, link) as second:
                await minutes(range(REPLACED.start), first, second)
            await minutes(REPLACED, first, None)
            async with replica(config, clock, link) as second:
                await minutes(range(REPLACED.stop, MINUTES), first, second)
        morning.calls.update((call.operation, call.report) for call in simulator.calls)
    return morning


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def morning() -> Morning:
    """Return the morning as it was scraped."""
    with pytest.MonkeyPatch.context() as patch:
        direct(patch)
        return await recorded()


@asynccontextmanager
async def history(morning: Morning, folder: Path, *, both: bool) -> AsyncIterator[Prometheus]:
    """Serve what a Prometheus knows of both, or of the first alone, and what the recording rules make of it."""
    rules, config, tsdb = folder / "recording.rules.yml", folder / "prometheus.yml", folder / "tsdb"
    groups = [
        {key: group[key] for key in ("name", "rules")} for group in groups_of(RULES / "wolkvox-recording.rules.yml")
    ]
    rules.write_text(yaml.safe_dump({"groups": groups}), "utf-8")
    config.touch()
    await load(morning.first, tsdb, (Target("exporter-a:10842"),))
    if both:
        await load(morning.second, tsdb, (Target("exporter-b:10842", down=(morning.span(REPLACED),)),))
    await backfill(tsdb, morning.times[0], morning.times[-1], [rules])
    async with prometheus_by(config, "--storage.tsdb.retention.time=100y", NO_LOOK_BACK) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def servers(
    morning: Morning, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Prometheus, Prometheus]]:
    """Serve what is known of both, and of the first alone."""
    folders = [tmp_path_factory.mktemp(name) for name in ("both", "alone")]
    async with history(morning, folders[0], both=True) as both, history(morning, folders[1], both=False) as alone:
        yield both, alone


async def told(server: Prometheus, morning: Morning) -> dict[str, list[Period]]:
    """Return who was told of what, by the name of the alert."""
    rules = [rule for file in RULES.glob("*.rules.yml") if "alerts" in file.name for rule in alert_rules(file)]
    return {rule.name: found for rule in rules if (found := await spoken(server, rule, morning.times))}


def shared(page: Recording, minute: int) -> dict[str, str]:
    """Return what a page showed of operations at a minute."""
    return {
        series: run.value
        for series, runs in page.series.items()
        for run in runs
        if run.first <= minute < run.end and not series.startswith(OF_ITSELF)
    }


async def test_both_pages_say_the_same_of_operations(morning: Morning) -> None:
    """If two exporters share a database, then whatever Prometheus scrapes of operations is the same on both."""
    apart = {*REPLACED, *OLD, *DOWN, DOWN.stop}
    differing = [
        minute
        for minute in range(2, MINUTES)
        if minute not in apart and shared(morning.first, minute) != shared(morning.second, minute)
    ]
    assert differing == []
    assert len(shared(morning.second, 50)) > 800


async def test_nothing_is_doubled(morning: Morning, servers: tuple[Prometheus, Prometheus]) -> None:
    """If both are scraped, then each recording rule says what it says of one exporter alone."""
    for minutes in EVEN:
        both, alone = [await ruled(server, *morning.span(minutes)) for server in servers]
        assert len(alone) > 450
        assert both == alone


async def ruled(server: Prometheus, start: float, end: float) -> dict[str, object]:
    """Return what the recording rules have made of the time between two instants, as it is written."""
    asked = {"query": EVERYTHING, "start": str(start), "end": str(end), "step": "60"}
    found = (await server.get("query_range", **asked))["result"]
    return {str(sorted(series["metric"].items())): series["values"] for series in found}


async def test_nobody_is_told_of_what_is_as_it_should_be(
    morning: Morning, servers: tuple[Prometheus, Prometheus]
) -> None:
    """If only one polls an operation, one is replaced, and the database fails over, then no alert on exporters fires.

    That the second was cut off for half an hour is told, of it alone.
    """
    both, alone = [await told(server, morning) for server in servers]
    (cut,) = both.pop("WolkvoxReplicaWithoutDatabase")
    since, until = morning.span(CUT_OFF)
    assert cut.labels["instance"] == "exporter-b:10842"
    assert since + 300 <= cut.since <= since + 420
    assert until <= cut.until <= until + 420
    # whoever scrapes one of them only does not see who polls the rest
    assert alone.pop("WolkvoxOperationNotPolled")
    platform = {name for name, found in both.items() if found[0].rule.labels["area"] == "platform"}
    assert platform == {"WolkvoxWatchdog"}
    assert {name: named(found) for name, found in both.items()} == {name: named(found) for name, found in alone.items()}


def named(found: list[Period]) -> Counter[str]:
    """Return of what was told how often."""
    return Counter(str(sorted(each.labels.items())) for each in found)


async def test_calls_are_those_of_one(morning: Morning) -> None:
    """If two exporters share a database for a morning, then reports are asked as often as one asks them."""
    campaigns = {operation: number for (operation, report), number in morning.calls.items() if report == "campaigns"}
    # once in five minutes from the first on; the four without a database may cost one
    assert set(campaigns.values()) <= {MINUTES // 5 - 1, MINUTES // 5, MINUTES // 5 + 1}
    assert len(campaigns) == 3
