"""Time, behind an interface: schedules run on it, tests and simulated days bring their own."""

import asyncio
import time
from contextlib import suppress
from typing import Protocol


class Clock(Protocol):
    """What the exporter asks of time; all figures are seconds."""

    def time(self) -> float:
        """Seconds since the Unix epoch: for people, timestamps and calendar days."""

    def monotonic(self) -> float:
        """Seconds that never jump: for schedules, ages and durations."""

    async def sleep_until(self, instant: float, wake: asyncio.Event | None = None) -> None:
        """Return when `monotonic()` has reached `instant`, at once if it has, or as soon as `wake` is set."""


class SystemClock:
    """The machine's own clocks."""

    def time(self) -> float:
        """See `Clock.time`."""
        return time.time()

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.monotonic()

    async def sleep_until(self, instant: float, wake: asyncio.Event | None = None) -> None:
        """See `Clock.sleep_until`."""
        delay = max(0.0, instant - time.monotonic())
        if wake is None:
            await asyncio.sleep(delay)
            return
        # not wait_for, which in Python 3.11 swallows a cancellation that comes together with the event
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await wake.wait()
