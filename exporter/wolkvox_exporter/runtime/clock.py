"""Time, behind an interface: schedules run on it, tests and simulated days bring their own."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """What the exporter asks of time; all figures are seconds."""

    def time(self) -> float:
        """Seconds since the Unix epoch: for people, timestamps and calendar days."""

    def monotonic(self) -> float:
        """Seconds that never jump: for schedules, ages and durations."""

    def boot(self) -> str:
        """Name what `monotonic()` counts from: where another process has the same, its figures mean the same.

        Empty where there is no telling.
        """

    async def sleep_until(self, instant: float, wake: asyncio.Event | None = None) -> None:
        """Return when `monotonic()` has reached `instant`, at once if it has, or as soon as `wake` is set."""


SLICE = 5.0
"""Seconds after which a sleeper looks at the clock again: the event loop's own stands still while the machine does."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """The machine's own clocks; where the system can tell, the time that it was suspended passes as any other."""

    def time(self) -> float:
        """See `Clock.time`."""
        return time.time()

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.clock_gettime(_STEADY)

    def boot(self) -> str:
        """See `Clock.boot`."""
        try:
            return _BOOT.read_text().strip()
        except OSError:
            return ""

    async def sleep_until(self, instant: float, wake: asyncio.Event | None = None) -> None:
        """See `Clock.sleep_until`."""
        while True:
            await _nap(instant - self.monotonic(), wake)
            if (wake and wake.is_set()) or self.monotonic() >= instant:
                return


async def _nap(seconds: float, wake: asyncio.Event | None) -> None:
    seconds = min(max(0.0, seconds), SLICE)
    if wake is None:
        await asyncio.sleep(seconds)
        return
    # not wait_for, which in Python 3.11 swallows a cancellation that comes together with the event
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()
