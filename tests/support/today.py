"""What is shown of today, and of which day, of an operation in Bogota."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.clock import ManualClock
from support.operations import Running, operation, running
from support.outcomes import call_centre
from wolkvox_exporter.config import AmdMode, Operation
from wolkvox_exporter.simulator import Simulator

MINUTE, HOUR, DAY = 60, 3600, 86_400
MONDAY, TUESDAY = 1_795_410_000, 1_795_496_400
"""The midnights of Bogota that began 23 and 24 November 2026."""
DAY_START = "wolkvox_day_start_timestamp_seconds"
TODAY, TOTAL = "wolkvox_campaign_dialed_today", "wolkvox_campaign_dialed_total"


def of_bogota(url: str, **settings: float) -> Operation:
    """Return an operation that is asked for campaigns alone."""
    return operation(url, amd=AmdMode.OFF).model_copy(update=settings)


async def shown(exporter: Running, *names: str) -> list[float | None]:
    """Return the midnight that began the day and what was dialled since, or what else is asked for."""
    samples = await exporter.samples()
    return [samples.value(name) for name in names or (DAY_START, TODAY)]


@asynccontextmanager
async def thirty_dialled(clock: ManualClock) -> AsyncIterator[tuple[Running, Simulator]]:
    """Run an exporter whose second poll has just found 30 records dialled since the first."""
    simulator = call_centre(clock)
    async with simulator.serving() as url, running(of_bogota(url), clock=clock) as exporter:
        await clock.advance(1)
        simulator.operations[0].campaigns[0].dial += 30
        await clock.advance(5 * MINUTE)
        yield exporter, simulator
