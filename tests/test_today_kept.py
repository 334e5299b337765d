"""What is shown of today after a restart."""

import hashlib
import json
from pathlib import Path

import pytest

from support.clock import ManualClock
from support.operations import restarted, running
from support.outcomes import call_centre
from support.today import DAY_START, HOUR, MINUTE, MONDAY, TODAY, TOTAL, TUESDAY, of_bogota, shown
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.storage import codec


async def test_a_restart_at_noon_changes_nothing_of_today(tmp_path: Path) -> None:
    """If the machine is started anew at noon, then what is shown of today is what was shown before, and goes on."""
    clock = ManualClock("2026-11-23T11:50:00-05:00")
    simulator = call_centre(clock)
    row = simulator.operations[0].campaigns[0]
    async with simulator.serving() as url:
        async with restarted(tmp_path, of_bogota(url), clock):
            await clock.advance(1)
            row.dial += 30
            await clock.advance(5 * MINUTE)
        async with restarted(tmp_path, of_bogota(url), clock) as exporter:
            assert await shown(exporter) == [MONDAY, 30]
            row.dial += 5
            await clock.advance(10 * MINUTE)
            assert await shown(exporter) == [MONDAY, 35]


@pytest.mark.parametrize("down", [MINUTE, 5 * MINUTE, 9 * HOUR])
async def test_a_restart_over_midnight_shows_nothing_of_yesterday(tmp_path: Path, down: int) -> None:
    """If the exporter is down over midnight, then today is 0 or absent until a poll, and then what that one found."""
    clock = ManualClock("2026-11-23T23:54:00-05:00")
    simulator = call_centre(clock)
    row = simulator.operations[0].campaigns[0]
    async with simulator.serving() as url:
        async with restarted(tmp_path, of_bogota(url), clock):
            await clock.advance(1)
            row.dial += 30
            await clock.advance(5.5 * MINUTE)
        await clock.advance(down)
        async with restarted(tmp_path, of_bogota(url), clock) as exporter:
            day, today = await shown(exporter)
            assert day == TUESDAY
            assert today in ((0,) if down <= 5 * MINUTE else (None,))
            row.dial += 5
            await clock.advance(5 * MINUTE)
            assert await shown(exporter, DAY_START, TODAY, TOTAL) == [TUESDAY, 5, 35]


async def test_a_state_that_says_nothing_of_today_is_gone_on_from(tmp_path: Path) -> None:
    """If the state was written by a version that counted neither recycles nor by the day, then they begin at 0."""
    clock = ManualClock()
    simulator = call_centre(clock)
    row = simulator.operations[0].campaigns[0]
    async with simulator.serving() as url:
        async with restarted(tmp_path, of_bogota(url), clock, rebooted=False) as exporter:
            await clock.advance(1)
            row.dial += 30
            await clock.advance(5 * MINUTE)
            older = written_before(exporter.states()["ventas-co"], of_bogota(url), clock)
        states = {"ventas-co": codec.decode(older, of_bogota(url), clock)}
        async with running(of_bogota(url), clock=clock, states=states) as exporter:
            recycles = "wolkvox_campaign_list_recycles_total"
            assert await shown(exporter, TOTAL, TODAY, recycles) == [30, 0, None]
            row.dial += 5
            row.recycled += 3
            await clock.advance(5 * MINUTE)
            assert await shown(exporter, TOTAL, TODAY, recycles) == [35, 5, 0]


def written_before(state: OperationState, wanted: Operation, clock: ManualClock) -> bytes:
    """Return a state as it was written before there was anything of today in it, and no count of recycles."""
    head, body = codec.encode(wanted, state, clock)[codec.DIGEST_LENGTH :].split(b"\n", 1)
    found = json.loads(body)
    del found["published"]["today"]
    for rows in (found["published"]["activity"], found["counters"]["sums"]):
        for _, row in rows:
            del row["recycled"]
    for row in found["counters"]["standings"].values():
        del row["recycled"]
    content = head + b"\n" + json.dumps(found).encode()
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content
