"""What is shown of today, and of which day, of an operation in Bogota."""

from support.operations import Running, operation
from wolkvox_exporter.config import AmdMode, Operation

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
