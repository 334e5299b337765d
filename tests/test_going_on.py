"""What a worker leaves to the one that comes after it."""

from pathlib import Path
from typing import Any

import pytest

from support.clock import ManualClock
from support.operations import TOKEN, operation, restarted, running
from support.outcomes import call_centre, times
from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.config import AmdMode, Campaigns, FileToken
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.polling.token_gate import Refusal, TokenState, merged
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

MINUTE, HOUR = 60, 3600
CAMPAIGNS, AMD = ReportName.CAMPAIGNS, ReportName.AMD
OF_THE_PROCESS = ("process_", "python_", "wolkvox_exporter_")


def lines(text: str) -> list[str]:
    """Return the sample lines that tell of operations."""
    return [line for line in text.splitlines() if not line.startswith(("#", *OF_THE_PROCESS))]


async def known(url: str, clock: ManualClock, seconds: float = 1, **settings: Any) -> dict[str, OperationState]:  # noqa: ANN401 - any key of the configuration
    """Poll for some time, and return what the worker has come to know."""
    async with running(operation(url, **settings), clock=clock) as exporter:
        await clock.advance(seconds)
        return exporter.states()


async def test_nothing_that_is_shown_changes_at_the_hand_over() -> None:
    """If a worker goes on from another, then its first scrape shows all that the last one showed."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        everything = operation(url, amd=AmdMode.AUTO, quota_interval=900.0)
        async with running(everything, clock=clock) as exporter:
            simulator.inject(Fault.HTML, report="quota")
            await clock.advance(21 * MINUTE)
            before, states = await exporter.samples(), exporter.states()
        async with running(everything, clock=clock, states=states) as exporter:
            after = await exporter.samples()
    assert len(lines(before.text)) > 100
    assert lines(after.text) == lines(before.text)


async def test_no_report_is_asked_before_its_time() -> None:
    """If a worker goes on from another, then each report is asked one interval after its last poll, not at once."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        states = await known(url, clock, 7 * MINUTE)
        async with running(operation(url), clock=clock, states=states):
            await clock.advance(10 * MINUTE)
    assert [at / MINUTE for at in times(simulator)] == [0, 5, 10, 15]
    assert [at / MINUTE for at in times(simulator, "amd")] == [0, 5, 10, 15]


async def test_a_step_of_the_time_of_day_at_the_hand_over_brings_nothing_forward() -> None:
    """If the wall clock jumps by a day either way meanwhile, then the interval holds all the same."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        states = await known(url, clock, amd="off")
        for step in (+24 * HOUR, -48 * HOUR):
            clock.step_wall_clock(step)
            async with running(operation(url, amd="off"), clock=clock, states=states) as exporter:
                await clock.advance(2 * MINUTE)
                states = exporter.states()
    assert times(simulator) == [0]


async def test_a_call_under_way_counts_as_spent() -> None:
    """If a worker is ended while the API keeps it waiting, then the next one waits for the interval."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.inject(Fault.STALL, times=1)
    async with simulator.serving() as url:
        async with running(operation(url, amd="off"), clock=clock) as exporter:
            await clock.settled()
            clock.jump(0)
            await simulator.until(in_flight=1)
            states = exporter.states()
        async with running(operation(url, amd="off"), clock=clock, states=states):
            await clock.advance(6 * MINUTE)
    assert [at / MINUTE for at in times(simulator)] == [0, 5]


async def test_a_call_under_way_counts_against_the_reserve() -> None:
    """If the call that was cut off took the last one above the reserve, then the next worker asks for no AMD."""
    clock = ManualClock()
    simulator = Simulator([Operation("ventas-co", (TOKEN,), [Campaign("4875", "Ventas", records=50)], 30)], clock)
    async with simulator.serving() as url:
        frugal = operation(url, quota_interval=HOUR, quota_reserve=0.76)
        async with running(frugal, clock=clock) as exporter:
            await clock.advance(15 * MINUTE - 1)
            simulator.inject(Fault.STALL, times=1)
            clock.jump(2)
            await simulator.until(in_flight=1)
            states = exporter.states()
        async with running(frugal, clock=clock, states=states):
            await clock.advance(11 * MINUTE)
    # of 30 calls 22 are left after three reports, two times two, and the one cut off: less than the reserve of 22.8
    assert [at / MINUTE for at in times(simulator, "amd")] == [0, 5, 10]


async def test_what_is_excluded_since_is_gone_at_once() -> None:
    """If the next worker excludes a campaign, then none of its series is left, and those of others stay."""
    clock = ManualClock()
    rows = [Campaign("4875", "Ventas", records=9), Campaign("4876", "Prueba", records=9)]
    for row in rows:
        row.detect(clock.time(), 2)
    simulator = Simulator([Operation("ventas-co", (TOKEN,), rows)], clock)
    async with simulator.serving() as url:
        states = await known(url, clock)
        narrower = operation(url, campaigns=Campaigns(exclude=("*prueba*",)))
        async with running(narrower, clock=clock, states=states) as exporter:
            samples = await exporter.samples()
    for name in ("wolkvox_campaign_records", "wolkvox_campaign_dialed_total", "wolkvox_campaign_amd_detections"):
        assert [sample.labels["campaign"] for sample in samples.all if sample.name == name] == ["Ventas"], name


async def test_the_mode_that_was_found_stays_found() -> None:
    """If `auto` has fallen back to single campaigns, then the next worker does not begin with `all` again."""
    clock = ManualClock()
    row = Campaign("4875", "Ventas", records=50, machine=5)
    row.detect(clock.time(), 5)
    simulator = Simulator([Operation("ventas-co", (TOKEN,), [row])], clock, amd_all=False)
    async with simulator.serving() as url:
        states = await known(url, clock, amd=AmdMode.AUTO)
        async with running(operation(url, amd=AmdMode.AUTO), clock=clock, states=states):
            await clock.advance(11 * MINUTE)
    asked = [call.params["campaign_id"] for call in simulator.calls if call.report == "amd"]
    assert asked == ["all", "4875", "4875", "4875"]


async def test_the_pause_of_a_refused_token_goes_on() -> None:
    """If a token was refused, then the next worker asks with the pauses that were to come, not with the first again."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.revoke(TOKEN)
    async with simulator.serving() as url:
        states = await known(url, clock, 25 * MINUTE, amd="off")
        async with running(operation(url, amd="off"), clock=clock, states=states):
            await clock.advance(40 * MINUTE)
    assert [at / MINUTE for at in times(simulator)] == [0, 5, 15, 35, 65]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_refusals_that_are_remembered_the_later_counts(order: tuple[int, int]) -> None:
    """If two operations with one token remember it refused at different times, then the longer pause goes on."""
    earlier, later = (
        TokenState(refusals={CAMPAIGNS: Refusal(Reason.TOKEN, 60.0 * number, number)}, learned_at=60.0 * number)
        for number in (1, 2)
    )
    copies = (earlier, later)
    assert merged([copies[place] for place in order]) == later


async def test_whoever_shares_a_token_knows_of_its_refusal() -> None:
    """If one of two operations was told that the day's calls are used up, then after a restart neither asks early."""
    clock = ManualClock("2026-11-23T10:00:00-05:00")
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        both = [operation(url, name, amd=AmdMode.OFF) for name in ("ventas-co", "cobros-co")]
        async with running(*both, clock=clock) as exporter:
            await clock.advance(1)
            simulator.inject(Fault.QUOTA_EXCEEDED)
            await clock.advance(60)
            states = exporter.states()
        async with running(*both, clock=clock, states=states):
            await clock.advance(HOUR)
    assert times(simulator)[:3] == [0, 15, 15 + HOUR]


async def test_what_waited_for_a_token_that_is_taken_again_keeps_its_interval(tmp_path: Path) -> None:
    """If a refused token was taken again before a restart, then the report that was refused is not asked early."""
    clock = ManualClock("2099-11-23T10:00:00-05:00")
    simulator = call_centre(clock)
    simulator.inject(Fault.TOKEN_REFUSED, report="amd", times=1)
    async with simulator.serving() as url:
        rare = operation(url, amd_interval=HOUR)
        async with restarted(tmp_path, rare, clock):
            await clock.advance(20 * MINUTE)
        async with restarted(tmp_path, rare, clock):
            await clock.advance(20 * MINUTE)
    assert times(simulator, "amd") == [0]


async def test_no_round_is_lost_over_a_restart(tmp_path: Path) -> None:
    """If the machine is started anew between two rounds of single campaigns, then the next one is made all the same."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        each = operation(url, amd=AmdMode.EACH, amd_max_calls=1)
        async with restarted(tmp_path, each, clock):
            await clock.advance(1)
        async with restarted(tmp_path, each, clock):
            await clock.advance(5 * MINUTE)
    assert times(simulator, "amd") == [0, pytest.approx(300)]


def renewed_centre(clock: ManualClock, place: Path) -> tuple[Simulator, FileToken]:
    """Return a centre that has revoked the usual token, and another one that it takes, in a file."""
    simulator = call_centre(clock)
    simulator.accept("canary-renewed", "ventas-co")
    simulator.revoke(TOKEN)
    place.write_text("canary-renewed")
    return simulator, FileToken(place)


async def test_another_token_ends_the_pause(tmp_path: Path) -> None:
    """If the next worker has another token, then it asks at once."""
    clock = ManualClock()
    simulator, token = renewed_centre(clock, tmp_path / "token")
    async with simulator.serving() as url:
        states = await known(url, clock, 6 * MINUTE, amd="off")
        renewed = operation(url, amd="off").model_copy(update={"token": token})
        async with running(renewed, clock=clock, states=states) as exporter:
            await clock.advance(11)
            assert (await exporter.samples()).value("wolkvox_token_valid") == 1
    assert times(simulator) == [0, 5 * MINUTE, 6 * MINUTE]


async def test_a_report_that_is_off_when_its_token_is_renewed_stays_off(tmp_path: Path) -> None:
    """If AMD, too, waits for another token and is switched off, then a new token brings the campaigns back alone."""
    clock = ManualClock()
    simulator, token = renewed_centre(clock, tmp_path / "token")
    async with simulator.serving() as url:
        states = await known(url, clock, 6 * MINUTE)
        renewed = operation(url, amd="off").model_copy(update={"token": token})
        async with running(renewed, clock=clock, states=states) as exporter:
            await clock.advance(30)
            samples = await exporter.samples()
    assert samples.values("wolkvox_up") == [1]
    assert samples.value("wolkvox_exporter_worker_restarts_total") == 0
