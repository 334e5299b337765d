import asyncio
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest

from support.clock import ManualClock
from support.recording import unattended
from test_simulator import CAMPAIGNS, QUOTA, TOKEN, amd, at_noon, serving
from test_simulator_day import HOUR, MIDNIGHT, RESULTS, Followed, Row, follow, number, numbers
from wolkvox_exporter.simulator import (
    Campaign,
    Fault,
    Oddity,
    Operation,
    Poll,
    Simulator,
    Timetable,
    Truth,
    working_day,
)
from wolkvox_exporter.simulator.events import VANISH, Recycle

KINDS = dict(zip(("answer", "no_answer", "failed", "machine"), RESULTS, strict=True))


@pytest.fixture(scope="module")
def day() -> Followed:
    """Poll a day of all operations every 5 minutes."""
    return asyncio.run(follow(seed=2))


def honest(day: Followed) -> Iterator[tuple[str, str, Poll, Row]]:
    """Give each row that represents its campaign well: operation, id, the truth of the report and the row."""
    for operation, known in day.simulator.truth_at_polls.items():
        for poll, report in zip(known, day.reports[operation], strict=True):
            for key, row in report.rows.items():
                if key not in poll.oddities:
                    yield operation, key, poll, row


def steps(day: Followed) -> Iterator[tuple[Truth, Row, Row]]:
    """Give what happened between two honest rows of a campaign, and both rows."""
    last: dict[tuple[str, str], tuple[Poll, Row]] = {}
    for operation, key, poll, row in honest(day):
        if (operation, key) in last:
            before, row_before = last[operation, key]
            yield poll.since(before)[key], row_before, row
        last[operation, key] = poll, row


def rise(before: Row, after: Row, key: str) -> int:
    """Give by how much a count rose."""
    return number(after[key]) - number(before[key])


def test_honest_rows_add_up(day: Followed) -> None:
    """If a row is not odd, then dialled and clean records make up the list, and the four results make up `dial`."""
    rows = [row for *_, row in honest(day)]
    assert len(rows) > 289 * 20
    for row in rows:
        records, clean, dial = numbers(row, "records", "clean", "dial")
        assert (dial + clean, sum(numbers(row, *RESULTS))) == (records, dial)


def test_rows_that_do_not_add_up_are_the_odd_ones(day: Followed) -> None:
    """If a row does not add up or is missing, then the truth's log names it and says why."""
    for operation, known in day.simulator.truth_at_polls.items():
        for poll, report in zip(known, day.reports[operation], strict=True):
            gone = {key for key in poll.truth if key not in report.rows}
            wrong = {k for k, r in report.rows.items() if sum(numbers(r, "dial", "clean")) != number(r["records"])}
            empty = {key for key, row in report.rows.items() if row["records"] == "0"}
            found = {Oddity.VANISHED: gone, Oddity.STALE_DIAL: wrong, Oddity.DIPPED: empty}
            assert {key: oddity for oddity, keys in found.items() for key in keys} == poll.oddities
    counts = Counter(
        odd for polls in day.simulator.truth_at_polls.values() for p in polls for odd in p.oddities.values()
    )
    assert counts == {Oddity.VANISHED: 6, Oddity.DIPPED: 6, Oddity.STALE_DIAL: 6}


def test_between_falls_the_reports_rise_by_the_truth(day: Followed) -> None:
    """If nothing fell between two reports, then `dial` and `hits` rose by the truth, and so did the results."""
    smooth = [step for step in steps(day) if not step[0].falls]
    assert len(smooth) > 289 * 20
    for truth, before, after in smooth:
        assert (rise(before, after, "dial"), rise(before, after, "hits")) == (truth.dialed, truth.hits)
        rises = {kind: rise(before, after, key) for kind, key in KINDS.items()}
        assert sum(rises.values()) == truth.dialed
        if not truth.redialed:
            assert rises == {kind: truth.results[kind] for kind in KINDS}


def test_across_falls_the_truth_knows_more_than_the_reports(day: Followed) -> None:
    """If a list was recycled between two reports, then more was dialled than a rise of `dial` tells."""
    falls = [(truth.dialed, rise(before, after, "dial")) for truth, before, after in steps(day) if truth.falls]
    assert len(falls) > 25
    assert all(dialed > risen for dialed, risen in falls)


def test_the_truth_adds_up(day: Followed) -> None:
    """If records get results, then each time counts once: at the first call of a pass, or at a redial."""
    for operation in day.simulator.operations:
        for campaign in operation.campaigns:
            truth = campaign.truth
            assert truth.results.total() == truth.dialed + truth.redialed
            assert truth.hits <= truth.results["answer"]
            assert (truth.redialed > 0) == ("tel2" in str(campaign.timetable.entries))
        last = operation.polls[-1].since(operation.polls[0])
        assert last == {campaign.id: campaign.truth for campaign in operation.campaigns}


def test_the_truth_of_each_interval_adds_up_to_the_day(day: Followed) -> None:
    """If the truth of all pairs of successive reports is added, then it is that of the first and the last."""
    known = day.simulator.truth_at_polls["ventas-co"]
    assert sum(b.since(a)["4875"].dialed for a, b in pairwise(known)) == known[-1].since(known[0])["4875"].dialed > 0
    assert known[-1].at - known[0].at == 24 * HOUR


async def test_figures_do_not_depend_on_how_often_they_are_read() -> None:
    """If a day is polled every hour, then honest rows and the truth are those of a day polled every 5 minutes."""
    often = await follow(interval=300, until=14 * HOUR)
    seldom = await follow(interval=HOUR, until=14 * HOUR)
    for operation, reports in seldom.reports.items():
        truths, all_truths = (each.simulator.truth_at_polls[operation] for each in (seldom, often))
        assert [poll.truth for poll in truths] == [poll.truth for poll in all_truths[::12]]
        for report, other, poll, twin in zip(
            reports, often.reports[operation][::12], truths, all_truths[::12], strict=True
        ):
            plain = report.rows.keys() - poll.oddities.keys() - twin.oddities.keys()
            assert {key: report.rows[key] for key in plain} == {key: other.rows[key] for key in plain}


async def replies(seed: int) -> list[str]:
    """Ask everything every 20 minutes from 7 to 19 and give the bodies."""
    clock = ManualClock(MIDNIGHT)
    clock.jump(7 * HOUR)
    async with serving(Simulator(unattended(working_day(seed, clock.time())), clock), clock) as world:
        bodies: list[str] = []
        midnight = world.now.replace(hour=0)
        for _ in range(36):
            for operation in world.simulator.operations:
                paths = (CAMPAIGNS, amd(midnight, world.now), QUOTA)
                bodies += [(await world.ask(path, operation.tokens[0]))[1] for path in paths]
            clock.jump(1_200)
    return bodies


async def test_a_seed_makes_the_day() -> None:
    """If the seed and the polling are the same, then so is every reply, and another seed makes another day."""
    days = [await replies(seed) for seed in (1, 2, 3)]
    assert days == [await replies(seed) for seed in (1, 2, 3)]
    assert len({tuple(bodies) for bodies in days}) == 3


async def test_failed_reports_use_up_no_oddity() -> None:
    """If the report after an oddity's time fails, then the next good one shows it."""
    campaign = Campaign("1", "A", records=10, timetable=Timetable([(50.0, VANISH)]))
    clock = at_noon()
    async with serving(Simulator([Operation("o", (TOKEN,), [campaign])], clock), clock) as world:
        clock.jump(60)
        world.simulator.inject(Fault.SERVER_ERROR, times=1)
        world.simulator.inject(Fault.NULL_DATA, times=1)
        assert [(await world.ask(CAMPAIGNS))[0] for _ in range(2)] == [500, 200]
        assert [len(await world.rows(CAMPAIGNS)) for _ in range(3)] == [0, 1, 1]
    assert [dict(poll.oddities) for poll in world.simulator.truth_at_polls["o"]] == [{"1": "vanished"}, {}, {}]


async def test_the_truth_outlives_a_recycling_between_two_reports() -> None:
    """If a list is dialled out, recycled and dialled again between reports, then the truth has both passes."""
    timetable = Timetable([(300.0, Recycle())])
    campaign = Campaign("1", "A", records=100, calls_per_minute=60, timetable=timetable)
    clock = at_noon()
    async with serving(Simulator([Operation("o", (TOKEN,), [campaign])], clock), clock) as world:
        await world.rows(CAMPAIGNS)
        clock.jump(900)
        (row,) = await world.rows(CAMPAIGNS)
    first, second = world.simulator.truth_at_polls["o"]
    truth = second.since(first)["1"]
    assert (row["dial"], row["recycled"], truth.dialed, truth.results.total(), truth.falls) == ("100", "1", 200, 200, 1)


def test_only_the_last_truths_are_kept_if_so_wanted() -> None:
    """If an operation keeps two polls, then the truth of earlier ones is forgotten."""
    operation = Operation("o", ("t",), [Campaign("1", "A")], polls_kept=2)
    for now in range(5):
        operation.reported(float(now))
    assert [poll.at for poll in operation.polls] == [3.0, 4.0]
