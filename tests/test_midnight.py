"""What is shown of today when midnight passes, in any zone, and whatever a clock is set to."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from support.clock import ManualClock
from support.operations import Running, operation, running
from support.outcomes import call_centre
from support.reloading import centre
from support.today import DAY, DAY_START, HOUR, MINUTE, MONDAY, TODAY, TOTAL, TUESDAY, of_bogota, shown, thirty_dialled
from wolkvox_exporter.config import AmdMode
from wolkvox_exporter.simulator import Campaign, Fault

EVENING = "2026-11-23T23:50:00-05:00"


async def test_the_day_is_shown_before_the_first_answer_and_without_any() -> None:
    """If the API never answers and AMD is off, then the midnight of the operation's zone is shown all the same."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.inject(Fault.SERVER_ERROR)
    async with simulator.serving() as url, running(of_bogota(url), clock=clock) as exporter:
        assert await shown(exporter) == [MONDAY, None]
        await clock.advance(HOUR)
        assert await shown(exporter) == [MONDAY, None]


async def test_the_day_changes_at_midnight_while_a_call_is_under_way() -> None:
    """If midnight passes while the API keeps a call waiting, then the next scrape has the new day, at 0."""
    clock = ManualClock(EVENING)
    async with thirty_dialled(clock) as (exporter, simulator):
        simulator.inject(Fault.STALL)
        clock.jump(298)
        await clock.settled()
        text = (await exporter.get("/metrics"))[1]
        assert f'{DAY_START}{{operation="ventas-co"}} {MONDAY / 1e9}e+09' in text
        assert dialed(text) == ["30.0"]
        clock.jump(1)
        await simulator.until(in_flight=1)
        text = (await exporter.get("/metrics"))[1]
        assert f'{DAY_START}{{operation="ventas-co"}} {TUESDAY / 1e9}e+09' in text
        assert dialed(text) == ["0.0"]
        assert await shown(exporter, TOTAL) == [30]


def dialed(text: str) -> list[str]:
    """Return what an exposition says was dialled today."""
    return [line.split()[1] for line in text.splitlines() if line.startswith(TODAY)]


async def test_what_the_first_poll_after_midnight_finds_is_of_the_new_day() -> None:
    """If records are dialled before and after midnight, then the counter has all, and today what was seen since."""
    clock = ManualClock(EVENING)
    simulator = call_centre(clock)
    row = simulator.operations[0].campaigns[0]
    async with simulator.serving() as url, running(of_bogota(url), clock=clock) as exporter:
        await clock.advance(1)
        for dials, today, total in ((30, 30, 30), (4, 4, 34), (5, 9, 39)):
            row.dial += dials
            await clock.advance(5 * MINUTE)
            assert await shown(exporter, TODAY, TOTAL) == [today, total]


@pytest.mark.parametrize(
    ("zone", "hours"), [("America/Mexico_City", 13), ("Europe/Madrid", 6), ("Asia/Tokyo", 22), ("Asia/Kolkata", 1.5)]
)
async def test_each_operation_has_the_midnight_of_its_own_zone(zone: str, hours: float) -> None:
    """If midnight is so many hours after Bogota's noon in a zone, then its operation's day ends then, and no other."""
    clock = ManualClock("2026-11-23T12:00:00-05:00")
    simulator = call_centre(clock)
    row, noon = simulator.operations[0].campaigns[0], clock.time()
    async with simulator.serving() as url:
        here = of_bogota(url, interval=HOUR)
        there = operation(url, "far", amd=AmdMode.OFF, interval=HOUR, time_zone=ZoneInfo(zone))
        async with running(here, there, clock=clock) as exporter:
            # the first polls of both are spread
            await clock.advance(5 * MINUTE)
            row.dial += 30
            await clock.advance(hours * HOUR - 5 * MINUTE - 1)
            assert await of(exporter, "far") == [noon + (hours - 24) * HOUR, 30]
            assert await of(exporter, "ventas-co") == ([MONDAY, 30] if hours < 12 else [TUESDAY, 0])
            await clock.advance(1)
            assert await of(exporter, "far") == [noon + hours * HOUR, 0]


async def of(exporter: Running, name: str) -> list[float | None]:
    """Return the midnight that began the day of an operation, and what was dialled since."""
    samples = await exporter.samples()
    return [samples.value(metric, operation=name) for metric in (DAY_START, TODAY)]


@pytest.mark.parametrize(
    ("zone", "start", "today"),
    [
        # its midnight was six hours before: what was counted since Bogota's is of its day as well
        ("Europe/Madrid", MONDAY - 6 * HOUR, 30),
        # its midnight was an hour after: some of it may be of the day before
        ("America/Mexico_City", MONDAY + HOUR, 0),
    ],
)
async def test_another_time_zone_shows_what_is_of_its_day_for_certain(
    tmp_path: Path, zone: str, start: int, today: int
) -> None:
    """If an operation gets another zone, then its midnight is shown at once, and nothing that may be of yesterday."""
    clock = ManualClock("2026-11-23T10:00:00-05:00")
    async with centre(tmp_path, clock, "changes") as (exporter, file):
        row = exporter.simulator.operations[1].campaigns[0]
        await clock.advance(1)
        row.dial += 30
        await clock.advance(5 * MINUTE)
        assert await shown(exporter) == [MONDAY, 30]
        file.write("changes", changes={"time_zone": zone})
        assert (await exporter.reload())[0] == 200
        assert await shown(exporter) == [start, today]
        row.dial += 5
        await clock.advance(5 * MINUTE)
        assert await shown(exporter, TODAY, TOTAL) == [today + 5, 35]
        file.write("changes")
        assert (await exporter.reload())[0] == 200
        assert await shown(exporter, DAY_START) == [MONDAY]


async def test_a_zone_that_was_wrong_for_a_moment_costs_nothing_where_its_day_is_longer(tmp_path: Path) -> None:
    """If a zone to the east is taken back, then what is shown of today is as if it had never been."""
    clock = ManualClock("2026-11-23T10:00:00-05:00")
    async with centre(tmp_path, clock, "changes") as (exporter, file):
        await clock.advance(1)
        for zone in ("America/Bogota", "Europe/Madrid", "America/Bogota"):
            file.write("changes", changes={"time_zone": zone})
            assert (await exporter.reload())[0] == 200
            exporter.simulator.operations[1].campaigns[0].dial += 10
            await clock.advance(5 * MINUTE)
        assert await shown(exporter) == [MONDAY, 30]


async def test_a_clock_that_is_set_shows_its_day_within_a_minute_and_never_yesterdays_figures() -> None:
    """If a clock was a day ahead for an hour, then today has what was seen since, and at midnight it begins at 0."""
    clock = ManualClock("2026-11-23T10:00:00-05:00")
    async with thirty_dialled(clock) as (exporter, simulator):
        clock.step_wall_clock(DAY)
        await clock.advance(MINUTE)
        assert await shown(exporter) == [TUESDAY, 0]
        simulator.operations[0].campaigns[0].dial += 5
        await clock.advance(HOUR)
        assert await shown(exporter) == [TUESDAY, 5]
        simulator.inject(Fault.SERVER_ERROR)
        clock.step_wall_clock(-DAY)
        await clock.advance(MINUTE)
        assert await shown(exporter) == [MONDAY, 5]
        simulator.heal()
        simulator.operations[0].campaigns[0].dial += 2
        await clock.advance(MONDAY + DAY - clock.time() - 1)
        assert await shown(exporter) == [MONDAY, 7]
        await clock.advance(1)
        assert await shown(exporter, DAY_START, TODAY, TOTAL) == [TUESDAY, 0, 37]


@pytest.mark.parametrize("step", [-HOUR, HOUR])
async def test_a_clock_that_is_set_within_the_day_moves_midnight(step: int) -> None:
    """If a clock is set by an hour at 22:30, then the day ends by the clock as it is now, and keeps its figures."""
    clock = ManualClock("2026-11-23T22:30:00-05:00")
    async with thirty_dialled(clock) as (exporter, _):
        clock.step_wall_clock(step)
        await clock.advance(TUESDAY - clock.time() - 1)
        assert await shown(exporter) == [MONDAY, 30]
        await clock.advance(1)
        assert await shown(exporter) == [TUESDAY, 0]


async def both(exporter: Running) -> tuple[list[float], list[float]]:
    """Return what was dialled today under each name, and in all under the present one."""
    samples = await exporter.samples()
    return sorted(samples.values(TODAY), reverse=True), samples.values(TOTAL)


async def test_a_renamed_campaign_starts_at_0_and_an_ambiguous_id_has_nothing() -> None:
    """If a name changes, then the new one begins at 0; while an id is on two rows, nothing is said of it."""
    clock = ManualClock()
    simulator = call_centre(clock)
    rows = simulator.operations[0].campaigns
    async with simulator.serving() as url, running(of_bogota(url), clock=clock) as exporter:
        await clock.advance(1)
        rows[0].dial += 30
        await clock.advance(5 * MINUTE)
        rows[0].name = "Ventas 2"
        rows[0].dial += 5
        await clock.advance(5 * MINUTE)
        assert await both(exporter) == ([30, 5], [5])
        rows.append(Campaign("4875", "Other", records=1))
        await clock.advance(5 * MINUTE)
        assert await both(exporter) == ([], [])
        rows.pop()
        for dials, today in ((100, 5), (1, 6)):
            rows[0].dial += dials
            await clock.advance(5 * MINUTE)
            assert await both(exporter) == ([30, today], [today])


async def test_today_vanishes_with_the_other_data() -> None:
    """If the API fails for three intervals, then nothing is said of today any more, but when it began."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url, running(of_bogota(url), clock=clock) as exporter:
        await clock.advance(1)
        simulator.inject(Fault.SERVER_ERROR)
        await clock.advance(15 * MINUTE)
        assert await shown(exporter, DAY_START, TODAY, TOTAL) == [MONDAY, None, None]


async def test_recycles_are_counted_from_0_and_over_new_lists() -> None:
    """If a list was recycled eight times before the first look, then that is not counted, and each time after it is."""
    clock = ManualClock()
    simulator = call_centre(clock)
    row = simulator.operations[0].campaigns[0]
    row.recycled = 8
    async with simulator.serving() as url, running(of_bogota(url), clock=clock) as exporter:
        counted = []
        for recycled in (8, 9, 0, 9, 11, 0, 0, 1):
            row.recycled = recycled
            await clock.advance(5 * MINUTE)
            counted += await shown(exporter, "wolkvox_campaign_list_recycles_total")
    # 0 was for one report at first; the second time it is a new list's
    assert counted == [0, 1, 1, 1, 3, 3, 3, 4]
