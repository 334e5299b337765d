"""Tokens that are used up for the day, or used by somebody else."""

from pathlib import Path

from support.clock import ManualClock
from support.operations import TOKEN, operation, running
from support.outcomes import REMEDIES, call_centre, counts, times, words
from test_tokens import FAILURES, HOUR, MINUTE, NEW, moments, token_file, with_file
from wolkvox_exporter.simulator import Fault


async def test_a_used_up_quota_is_probed_hourly_and_at_midnight() -> None:
    """If the day's calls are used up, then it is asked once an hour and at Bogota's midnight, which ends it."""
    clock = ManualClock("2026-11-23T21:30:00-05:00")
    simulator = call_centre(clock)
    simulator.operations[0].daily_limit = 2
    async with simulator.serving() as url, running(operation(url), clock=clock) as exporter:
        await clock.advance(1)
        assert (await exporter.samples()).value("wolkvox_quota_exhausted") == 0
        await clock.advance(2.5 * HOUR - 2)
        samples = await exporter.samples()
        assert moments(simulator) == [0, 5, 65, 125]
        assert samples.value("wolkvox_quota_exhausted") == 1
        assert samples.value("wolkvox_token_valid") == 1
        assert samples.values("wolkvox_up") == [0, 0]
        assert counts(samples, FAILURES, "reason", "campaigns") == {**dict.fromkeys(REMEDIES, 0), "quota": 2}
        assert "quota of the day exhausted" in await words(exporter)
        await clock.advance(31)
        # the API's clock may be some seconds behind
        assert times(simulator)[-1] == 2.5 * HOUR + 30
        samples = await exporter.samples()
        assert samples.value("wolkvox_quota_exhausted") == 0
        assert samples.value("wolkvox_up", report="campaigns") == 1


async def test_another_token_is_used_while_the_day_is_used_up_for_the_old_one(tmp_path: Path) -> None:
    """If the day's calls are used up for a token and its file is renewed, then the new one is tried."""
    clock = ManualClock("2026-11-23T10:00:00-05:00")
    simulator = call_centre(clock)
    simulator.accept(NEW, "ventas-co")
    file = token_file(tmp_path)
    async with simulator.serving() as url, running(with_file(url, file), clock=clock):
        await clock.advance(1)
        simulator.inject(Fault.QUOTA_EXCEEDED, times=2)
        await clock.advance(6 * MINUTE)
        token_file(tmp_path, NEW)
        await clock.advance(6 * MINUTE)
    assert [at / MINUTE for at in times(simulator)] == [0, 5, 10]
    assert [call.token for call in simulator.calls if call.report == "campaigns"] == [TOKEN, TOKEN, NEW]


async def test_somebody_else_with_the_token_is_waited_for_a_few_times() -> None:
    """If somebody else uses the token, then three retries some seconds apart follow, and then the interval."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.inject(Fault.CONCURRENCY)
    async with simulator.serving() as url, running(operation(url, amd="off"), clock=clock) as exporter:
        await clock.advance(10 * MINUTE)
        assert times(simulator) == [0, 5, 15, 35, 335, 340, 350, 370]
        samples = await exporter.samples()
        assert counts(samples, FAILURES, "reason", "campaigns") == {**dict.fromkeys(REMEDIES, 0), "concurrency": 8}
        assert samples.value("wolkvox_token_valid") == 1
        simulator.heal()
        await clock.advance(2 * MINUTE)
        assert (await exporter.samples()).value("wolkvox_up", report="campaigns") == 1
