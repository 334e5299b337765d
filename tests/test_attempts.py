"""What is told of reports that are enabled: when each was last asked, and why it is not."""

from pathlib import Path

import pytest

from support.clock import ManualClock
from support.operations import TOKEN, operation, restarted, running
from support.outcomes import START, call_centre
from support.samples import Samples
from wolkvox_exporter.config import AmdMode, FileToken
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

MINUTE, HOUR = 60, 3600


def begun(samples: Samples) -> dict[str, float]:
    """Return how many minutes after the start the last call for each report was begun."""
    name = "wolkvox_report_last_attempt_timestamp_seconds"
    return {each.labels["report"]: (each.value - START) / MINUTE for each in samples.all if each.name == name}


def held(samples: Samples) -> dict[str, str]:
    """Return why reports are held back."""
    found = [each for each in samples.all if each.name == "wolkvox_report_held"]
    assert {each.value for each in found} <= {1}
    return {each.labels["report"]: each.labels["reason"] for each in found}


async def test_attempts_are_told_whatever_comes_of_them() -> None:
    """If a report is asked, then it is told when, also where it fails."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url, running(operation(url, amd_interval=900.0), clock=clock) as exporter:
        await clock.advance(1)
        assert begun(await exporter.samples()) == {"campaigns": 0, "amd": 0}
        simulator.inject(Fault.SERVER_ERROR)
        await clock.advance(11 * MINUTE)
        samples = await exporter.samples()
        assert samples.value("wolkvox_up", report="campaigns") == 0
        assert begun(samples) == {"campaigns": 10, "amd": 0}
        assert held(samples) == {}


async def test_nothing_to_ask_for_is_told_and_is_no_failure() -> None:
    """If AMD is asked campaign by campaign and none was started, then it is idle, until one is."""
    clock = ManualClock()
    campaign = Campaign("4875", "Ventas", records=100, status="stopped")
    simulator = Simulator([Operation("ventas-co", (TOKEN,), [campaign])], clock)
    async with simulator.serving() as url, running(operation(url, amd=AmdMode.EACH), clock=clock) as exporter:
        await clock.advance(21 * MINUTE)
        samples = await exporter.samples()
        assert held(samples) == {"amd": "idle"}
        assert begun(samples) == {"campaigns": 20}
        campaign.status = "started"
        await clock.advance(10 * MINUTE)
        samples = await exporter.samples()
        assert held(samples) == {}
        assert begun(samples)["amd"] >= 25


@pytest.mark.parametrize(("fault", "reason"), [(Fault.TOKEN_REFUSED, "token"), (Fault.QUOTA_EXCEEDED, "quota")])
async def test_a_refusal_is_told_until_the_api_accepts_a_call(fault: Fault, reason: str) -> None:
    """If the API refuses the token or the quota, then that is why a report is held back, until an accepted answer."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url, running(operation(url), clock=clock) as exporter:
        await clock.advance(1)
        simulator.inject(fault)
        await clock.advance(3 * HOUR)
        samples = await exporter.samples()
        assert held(samples)["campaigns"] == reason
        assert samples.value("wolkvox_up", report="campaigns") == 0
        last = max(call.at for call in simulator.calls if call.report == "campaigns")
        assert begun(samples)["campaigns"] == (last - START) / MINUTE
        simulator.heal()
        await clock.advance(2 * HOUR)
        assert held(await exporter.samples()) == {}


async def test_a_kept_reserve_is_told() -> None:
    """If no more than the reserve is left of the day's calls, then AMD is held back for it, and it alone."""
    clock = ManualClock()
    campaign = Campaign("4875", "Ventas", records=100)
    simulator = Simulator([Operation("ventas-co", (TOKEN,), [campaign], 100, others_per_hour=9)], clock)
    async with simulator.serving() as url, running(operation(url, quota_interval=900.0), clock=clock) as exporter:
        await clock.advance(10 * MINUTE)
        assert held(await exporter.samples()) == {"amd": "reserve"}


async def test_a_token_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """If the token's file vanishes, then the reports that are due are held back, and no call is said to have begun."""
    clock = ManualClock()
    simulator = call_centre(clock)
    file = tmp_path / "token"
    file.write_text(TOKEN, encoding="utf-8")
    async with simulator.serving() as url:
        wanted = operation(url).model_copy(update={"token": FileToken(file)})
        async with running(wanted, clock=clock) as exporter:
            await clock.advance(1)
            file.unlink()
            await clock.advance(11 * MINUTE)
            samples = await exporter.samples()
            assert held(samples) == {"campaigns": "token", "amd": "token"}
            assert begun(samples) == {"campaigns": 0, "amd": 0}


async def test_attempts_survive_a_restart(tmp_path: Path) -> None:
    """If a state is kept, then a later process tells of the attempts before it."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        wanted = operation(url, amd_interval=float(HOUR))
        async with restarted(tmp_path, wanted, clock):
            await clock.advance(6 * MINUTE)
        await clock.advance(MINUTE)
        async with restarted(tmp_path, wanted, clock) as exporter:
            assert begun(await exporter.samples()) == {"campaigns": 5, "amd": 0}
