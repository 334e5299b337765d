"""A simulated working day as its campaigns reports show it; the polling that other tests of the day use."""

import asyncio
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest

from support.clock import ManualClock
from support.recording import unattended
from test_simulator import CAMPAIGNS, World, serving
from wolkvox_exporter.simulator import Simulator, working_day

MIDNIGHT = "2026-11-23T00:00:00-05:00"
HOUR = 3_600.0
RESULTS = ("answer", "no_answer", "busy/congestion/failed", "answer_machine")

Row = dict[str, str]


@dataclass(frozen=True)
class Report:
    """A campaigns report: the hour in GMT-5 since the midnight it began with, and the rows by campaign id."""

    hour: float
    rows: dict[str, Row]


@dataclass(frozen=True)
class Followed:
    """What polls of a simulated day saw, by operation."""

    simulator: Simulator
    reports: dict[str, list[Report]]

    def of(self, operation: str, campaign_id: str) -> list[tuple[float, Row]]:
        """Give the rows of a campaign with their hours."""
        reports = self.reports[operation]
        return [(report.hour, report.rows[campaign_id]) for report in reports if campaign_id in report.rows]


def number(text: str) -> int:
    """Read a count as reports write it."""
    return int(text.split(maxsplit=1)[0].replace(",", ""))


def numbers(row: Row, *keys: str) -> list[int]:
    """Read several counts of a row."""
    return [number(row[key]) for key in keys]


def identity(row: Row) -> tuple[str, str, str]:
    """Give id, name and phones of a row."""
    key, rest = row["campaign"].split(" - ", 1)
    name, phones = rest.split(" - tel1", 1)
    return key, name, "tel1" + phones


async def polls(world: World, *, since: float, until: float, interval: float) -> dict[str, list[Report]]:
    """Ask for the campaigns of every operation from one time to another, in seconds since the clock's first."""
    reports = defaultdict(list)
    start = world.clock.time()
    world.clock.jump(since)
    while (passed := world.clock.time() - start) <= until:
        for operation in world.simulator.operations:
            rows = await world.rows(CAMPAIGNS, operation.tokens[0])
            report = Report(passed / HOUR, {row["campaign"].split(" - ")[0]: row for row in rows})
            reports[operation.name].append(report)
        world.clock.jump(interval)
    return reports


async def follow(
    seed: int = 1,
    *,
    since: float = 0.0,
    until: float = 24 * HOUR,
    interval: float = 300.0,
    days: int = 1,
    only: Sequence[str] = (),
) -> Followed:
    """Poll a simulated day, of all operations or of those named in `only`."""
    clock = ManualClock(MIDNIGHT)
    operations = [each for each in working_day(seed, clock.time(), days=days) if each.name in only or not only]
    async with serving(Simulator(unattended(operations), clock), clock) as world:
        reports = await polls(world, since=since, until=until, interval=interval)
    return Followed(world.simulator, reports)


@pytest.fixture(scope="module")
def day() -> Followed:
    """Poll a day of all operations every 5 minutes."""
    return asyncio.run(follow())


def test_a_simulated_day_costs_little(day: Followed) -> None:
    """If a day of three operations is polled every 5 minutes, then it costs some seconds of CPU at most.

    In an hour in which all agents work, half a million functions are called; how long that takes is the machine's.
    """
    assert [len(reports) for reports in day.reports.values()] == [289] * 3
    nine = ManualClock(MIDNIGHT).time() + 9 * HOUR
    operations, called = working_day(1, nine), Counter[str]()
    for operation in operations:
        operation.advance(nine)
    sys.setprofile(lambda _frame, event, _: called.update([event]))
    try:
        for poll in range(1, 13):
            for operation in operations:
                operation.advance(nine + poll * 300)
                operation.rows()
    finally:
        sys.setprofile(None)
    assert called["call"] < 1_000_000


def test_campaigns_work_by_day_and_slow_down_at_lunch(day: Followed) -> None:
    """If the day begins, then campaigns are started in the morning and stopped at night, and pause half at lunch."""
    rows = day.of("ventas-co", "4894")
    assert {row["status"] for hour, row in rows if hour < 7.8 or hour > 19.2} == {"stopped"}
    assert {row["status"] for hour, row in rows if 8.2 < hour < 18.8} == {"started"}
    morning = [number(row["calls_x_min"]) for hour, row in rows if 8.2 < hour < 12.3]
    lunch = [number(row["calls_x_min"]) for hour, row in rows if 12.7 < hour < 13.8]
    assert max(lunch) < min(morning)
    assert {row["calls_x_min"] for hour, row in rows if hour > 19.2} == {"0"}


def test_a_list_runs_out_and_its_campaign_stays_started(day: Followed) -> None:
    """If a list has been worked, then its campaign is started with no clean record and no call, until recycled."""
    out = [
        hour
        for hour, row in day.of("ventas-co", "4875")
        if row["status"] == "started" and row["clean"] == row["calls_x_min"] == "0"
    ]
    assert len(out) > 10


def test_lists_are_recycled_at_least_three_times_a_day(day: Followed) -> None:
    """If a list is recycled, then `recycled` rises by one, `dial` falls and clean records come back."""
    for operation, key in (("ventas-co", "4875"), ("cobranzas-mx", "6121"), ("servicio-cl", "7001")):
        rows = [row for _, row in day.of(operation, key)]
        steps = [(a, b) for a, b in pairwise(rows) if a["recycled"] != b["recycled"]]
        assert [number(b["recycled"]) for _, b in steps] == [1, 2, 3, 4]
        assert all(number(b["dial"]) < number(a["dial"]) for a, b in steps)
        assert all(number(b["clean"]) > number(a["clean"]) for a, b in steps)
        # A recycling of the unanswered leaves the answers where they are.
        assert [number(b["answer"]) >= number(a["answer"]) for a, b in steps] == [False, True, False, True]


def test_a_reload_shows_the_dial_of_the_list_before_for_one_report(day: Followed) -> None:
    """If a list is loaded anew, then one report has fresh records and stale `dial`, and in the next all have fallen."""
    rows = [row for _, row in day.of("ventas-co", "4880")]
    reloads = [(a, b, c) for a, b, c in zip(rows, rows[1:], rows[2:], strict=False) if a["records"] != b["records"]]
    assert len(reloads) == 2
    for before, during, after in reloads:
        records, clean, stale = numbers(during, "records", "clean", "dial")
        assert stale >= number(before["dial"])
        assert clean + stale > records >= clean
        assert sum(numbers(during, *RESULTS)) == records - clean
        assert after["records"] == during["records"]
        assert all(number(after[key]) < number(before[key]) for key in ("dial", "hits", *RESULTS))


def test_a_redial_moves_records_between_results_and_leaves_dial(day: Followed) -> None:
    """If records are redialled, then unanswered ones become answers, `dial` stays and the phones' shares grow."""
    rows = [row for hour, row in day.of("ventas-co", "4876") if 10.9 < hour < 17.0]
    phones = [identity(row)[2] for row in rows]
    assert (phones[0], phones[-1]) == ("tel1 (100%)", "tel1 (100%) - tel2 (100%) - tel3 (100%)")
    shares = [int(text.split("tel2 (")[1].split("%")[0]) for text in phones if "tel2" in text]
    assert len(set(shares)) > 5
    assert shares == sorted(shares)
    assert {(row["dial"], row["clean"]) for row in rows} == {(rows[0]["records"], "0")}
    for key, sign in {"answer": 1, "answer_machine": 1, "no_answer": -1, "busy/congestion/failed": -1}.items():
        assert sign * (number(rows[-1][key]) - number(rows[0][key])) > 0
    assert {sum(numbers(row, *RESULTS)) for row in rows} == {number(rows[0]["dial"])}
    assert any(row["calls_x_min"] != "0" for row in rows)


def test_campaigns_are_renamed_and_change_skill(day: Followed) -> None:
    """If a campaign is renamed or moved to another skill, then it keeps its id and its counts."""
    names = [identity(row)[1] for _, row in day.of("ventas-co", "4894")]
    skills = [row["skill_id"] for _, row in day.of("ventas-co", "10233")]
    assert [a for a, b in pairwise([*names, ""]) if a != b] == ["Hogar fibra", "Hogar fibra 300 Mb"]
    assert [a for a, b in pairwise([*skills, ""]) if a != b] == ["4012", "4000"]
    dial = [number(row["dial"]) for _, row in day.of("ventas-co", "4894")]
    assert dial == sorted(dial)


@pytest.mark.parametrize("interval", [60.0, 300.0, 1_800.0])
async def test_oddities_hit_exactly_one_report(interval: float) -> None:
    """If a campaign vanishes or dips for a poll, then exactly the next report shows it, however often one polls."""
    day = await follow(since=9 * HOUR, until=17.5 * HOUR, interval=interval, only=["ventas-co"])
    reports = day.reports["ventas-co"]
    gone = [report.hour for report in reports if "4893" not in report.rows]
    dips = [hour for hour, row in day.of("ventas-co", "4893") if row["records"] == "0"]
    step = interval / HOUR
    for hours, due in ((gone, (9.6, 15.1)), (dips, (10.8, 16.6))):
        assert len(hours) == 2
        assert all(planned - 0.12 <= hour <= planned + 0.12 + step for hour, planned in zip(hours, due, strict=True))
    zeros = [row for _, row in day.of("ventas-co", "4893") if row["records"] == "0"]
    assert {sum(numbers(row, "clean", "dial", "hits", *RESULTS)) for row in zeros} == {0}
    assert all(len(report.rows) == 8 for report in reports if "4893" in report.rows)


async def test_a_campaign_stopped_at_night_starts_again_next_day() -> None:
    """If a second day follows, then campaigns start again in the morning, with their lists recycled."""
    day = await follow(until=40 * HOUR, interval=HOUR / 2, days=2, only=["ventas-co"])
    rows = dict(day.of("ventas-co", "4894"))
    statuses = [rows[hour]["status"] for hour in (6.0, 10.0, 22.0, 31.0, 34.0)]
    assert statuses == ["stopped", "started", "stopped", "stopped", "started"]
    assert [rows[hour]["recycled"] for hour in (22.0, 31.0, 31.5)] == ["0", "0", "1"]
    assert (rows[31.0]["dial"], rows[31.5]["dial"]) == (rows[22.0]["dial"], "0")
    assert number(rows[34.0]["dial"]) > 0


async def test_a_simulator_made_later_has_lived_through_the_hours_before() -> None:
    """If the simulator is made in the afternoon, then its figures are those of the hour and nothing odd is pending."""
    whole = unattended(working_day(1, ManualClock(MIDNIGHT).time()))
    clock = ManualClock("2026-11-23T17:45:00-05:00")
    simulator = Simulator(unattended(working_day(1, clock.time())), clock)
    async with serving(simulator, clock) as world:
        rows = await world.rows(CAMPAIGNS)
    whole[0].advance(clock.time())
    assert rows == whole[0].rows()
    assert [len(poll.oddities) for poll in simulator.truth_at_polls["ventas-co"]] == [0]
