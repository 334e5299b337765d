"""What replicas cost in a day."""

from contextlib import AsyncExitStack

import pytest

from support.processes import direct
from support.sharing import NAMES, led, sharing
from wolkvox_exporter.replicas.leases import Pace

HOUR = 3600.0
PACE = Pace(600.0)
"""Forty times what is usual: a day has to be over soon, and most of it is looking at the database."""
TWO = NAMES[:2]


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


async def test_a_day_with_two_replicas_costs_the_calls_of_one() -> None:
    """If two exporters share a day's work, and one ends twice, then each report is asked for as often as by one."""
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(sharing())
        found.pace = PACE
        stays = await stack.enter_async_context(found.replica(*TWO))
        for hours in (12.0, 11.0):
            async with found.replica(*TWO):
                await found.clock.advance(hours * HOUR)
                assert len(await led(stays)) == 1
            await found.clock.advance(HOUR / 2)
        calls = found.simulator.calls
    assert not any(call.overlapped for call in calls)
    # every five minutes in 24 hours, and once at the beginning; one more or less is allowed
    assert {name: abs(number - 288) <= 1 for name, number in found.calls().items()} == dict.fromkeys(TWO, True)
