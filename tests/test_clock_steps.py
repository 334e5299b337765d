"""Clocks that are set right while the exporter runs, and machines that were asleep."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from support.clock import ManualClock
from support.operations import TOKEN, Running, operation, running
from support.processes import direct
from wolkvox_exporter.runtime import clock as clocks
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

HOUR = 3600.0
STEPS = [HOUR, -HOUR, 24 * HOUR, -24 * HOUR]
DETECTED = "wolkvox_campaign_amd_detections"
every_step = pytest.mark.parametrize("step", STEPS, ids=["an hour on", "an hour back", "a day on", "a day back"])


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


class TrueTime:
    """The time of day as it is, whatever the exporter's clock says."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._offset = clock.time() - clock.monotonic()

    def time(self) -> float:
        """See `Clock.time`."""
        return self._offset + self._clock.monotonic()

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self._clock.monotonic()

    def boot(self) -> str:
        """See `Clock.boot`."""
        return self._clock.boot()

    async def sleep_until(self, instant: float, wake: asyncio.Event | None = None) -> None:
        """See `Clock.sleep_until`."""
        await self._clock.sleep_until(instant, wake)


@asynccontextmanager
async def centre(clock: ManualClock, wrong_by: float = 0.0) -> AsyncIterator[tuple[Running, Simulator]]:
    """Run an exporter whose time of day is off by so many seconds, and an API whose time is right."""
    campaign = Campaign("4875", "Ventas", records=100, answer=20, machine=10)
    campaign.detect(clock.time(), 7)
    simulator = Simulator([Operation("ventas-co", (TOKEN,), [campaign])], TrueTime(clock))
    clock.step_wall_clock(wrong_by)
    async with (
        simulator.serving() as base_url,
        running(operation(base_url, quota_interval=900.0), clock=clock) as exporter,
    ):
        await clock.advance(1)
        yield exporter, simulator


def started(simulator: Simulator, report: str) -> list[float]:
    """Return when a report was asked for, in seconds since the exporter started."""
    return [call.started - 1000 for call in simulator.calls if call.report == report]


@every_step
async def test_a_step_of_the_clock_moves_no_poll(step: float) -> None:
    """If the clock steps between two polls, then the next comes when it would have come, and the data stay."""
    clock = ManualClock()
    async with centre(clock) as (exporter, simulator):
        await clock.advance(150)
        clock.step_wall_clock(step)
        assert (await exporter.samples()).value("wolkvox_campaigns") == 1
        await clock.advance(2 * HOUR)
        samples = await exporter.samples()
    assert started(simulator, "campaigns") == [300.0 * number for number in range(25)]
    assert started(simulator, "amd") == [300.0 * number for number in range(25)]
    assert started(simulator, "quota") == [900.0 * number for number in range(9)]
    last = samples.value("wolkvox_report_last_success_timestamp_seconds", report="campaigns")
    assert last == clock.time() - 151
    assert samples.values("wolkvox_up") == [1, 1, 1]


@every_step
async def test_a_step_of_the_clock_makes_no_data_fresh_or_stale(step: float) -> None:
    """If the clock steps while the API fails, then the data vanish three intervals after they were read, as ever."""
    clock = ManualClock()
    async with centre(clock) as (exporter, simulator):
        simulator.inject(Fault.SERVER_ERROR)
        await clock.advance(400)
        clock.step_wall_clock(step)
        await clock.advance(498)
        assert (await exporter.samples()).value("wolkvox_campaigns") == 1
        await clock.advance(2)
        assert (await exporter.samples()).value("wolkvox_campaigns") is None


async def test_a_clock_that_was_a_day_ahead_is_forgotten_with_it() -> None:
    """If the clock was a day ahead and is set right, then the next poll asks for today, and shows today's total."""
    clock = ManualClock("2026-11-23T10:00:00-05:00")
    async with centre(clock, wrong_by=24 * HOUR) as (exporter, simulator):
        assert (await exporter.samples()).values(DETECTED) == []
        clock.step_wall_clock(-24 * HOUR)
        await clock.advance(300)
        assert (await exporter.samples()).values(DETECTED) == [7]
    asked = [call.params["date_ini"] for call in simulator.calls if call.report == "amd"]
    assert asked == ["20261124000000", "20261123000000"]


@pytest.mark.parametrize("wrong_by", STEPS)
async def test_a_hold_taken_with_a_wrong_clock_lasts_an_hour_at_most(wrong_by: float) -> None:
    """If the quota is used up while the clock is wrong, then it is probed within the hour, and never in a hurry."""
    clock = ManualClock("2026-11-23T10:00:00-05:00")
    async with centre(clock, wrong_by) as (exporter, simulator):
        simulator.inject(Fault.QUOTA_EXCEEDED)
        await clock.advance(300)
        clock.step_wall_clock(-wrong_by)
        simulator.heal()
        await clock.advance(HOUR)
        assert (await exporter.samples()).value("wolkvox_quota_exhausted") == 0
    for report in ("campaigns", "amd"):
        assert all(second - first >= 300 for first, second in pairwise(started(simulator, report)))


class Sleeper(SystemClock):
    """The clock of a machine that was asleep for some time."""

    slept = 0.0

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return super().monotonic() + self.slept


@pytest.mark.parametrize("watched", [False, True])
async def test_who_slept_through_a_suspension_wakes_soon_after(
    monkeypatch: pytest.MonkeyPatch, *, watched: bool
) -> None:
    """If the machine was suspended for an hour, then what fell due meanwhile is done within seconds."""
    monkeypatch.setattr(clocks, "SLICE", 0.02)
    clock = Sleeper()
    wake = asyncio.Event() if watched else None
    async with asyncio.timeout(5):
        sleeping = asyncio.create_task(clock.sleep_until(clock.monotonic() + HOUR, wake))
        await asyncio.sleep(0.1)
        assert not sleeping.done()
        clock.slept = HOUR
        await sleeping


async def test_the_sleep_of_the_machine_counts_as_time() -> None:
    """If the system can tell how long it was suspended, then ages and schedules are of a clock that includes it."""
    lived = float((await asyncio.to_thread(Path("/proc/uptime").read_text)).split()[0])
    assert SystemClock().monotonic() == pytest.approx(lived, abs=2)


async def test_a_sleeper_wakes_on_time_and_not_before() -> None:
    """If nothing happens meanwhile, then a sleep of several slices ends when it should."""
    clock = SystemClock()
    until = clock.monotonic() + 0.3
    await clock.sleep_until(until)
    # no slice too late; a busy machine may be late itself
    assert 0 <= clock.monotonic() - until < 4
    await clock.sleep_until(until - 100)
    assert clock.monotonic() - until < 4.5
