"""A clock that tests turn by hand."""

import asyncio
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import Any


class ManualClock:
    """Time stands still until `advance`, and then passes from one sleeper to the next.

    Before each step the clock waits until every task that ever slept on it sleeps again, so real HTTP exchanges take no
    time at all.
    """

    def __init__(self, start: str = "2026-11-23T10:00:00-05:00") -> None:
        self._monotonic = 1000.0
        self._offset = datetime.fromisoformat(start).timestamp() - self._monotonic
        self._sleepers: dict[int, tuple[float, asyncio.Future[None]]] = {}
        self._numbers = count()
        self._awake: set[asyncio.Task[object]] = set()
        self._all_asleep = asyncio.Event()

    def time(self) -> float:
        """See `Clock.time`."""
        return self._offset + self._monotonic

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self._monotonic

    def boot(self) -> str:
        """See `Clock.boot`."""
        return "one and the same"

    async def sleep_until(self, instant: float, wake: asyncio.Event | None = None) -> None:
        """See `Clock.sleep_until`."""
        number, future = next(self._numbers), asyncio.get_running_loop().create_future()
        task = asyncio.current_task()
        assert task is not None
        self._sleepers[number] = instant, future
        self._asleep(task)
        try:
            await self._either(future, wake)
        finally:
            del self._sleepers[number]
            self._awake.add(task)
            self._all_asleep.clear()
            task.add_done_callback(self._asleep)

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass; everything that falls due within them has happened on return."""
        end = self._monotonic + seconds
        await self.settled()
        while self._next_wake() <= end:
            self._pass_until(max(self._monotonic, self._next_wake()))
            await self.settled()
        self._pass_until(end)

    def jump(self, seconds: float) -> None:
        """Let `seconds` pass at once, without waiting for whoever is awake: a call may be under way."""
        self._pass_until(self._monotonic + seconds)

    def _next_wake(self) -> float:
        return min((instant for instant, _ in self._sleepers.values()), default=float("inf"))

    def _pass_until(self, instant: float) -> None:
        self._monotonic = instant
        for due, future in self._sleepers.values():
            if due <= instant and not future.done():
                future.set_result(None)

    def step_wall_clock(self, seconds: float) -> None:
        """Move the time of day, as NTP does, and not the monotonic clock."""
        self._offset += seconds

    @staticmethod
    async def _either(future: asyncio.Future[None], wake: asyncio.Event | None) -> None:
        if wake is None:
            await future
            return
        waiter = asyncio.ensure_future(wake.wait())
        either: set[asyncio.Future[Any]] = {future, waiter}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
            with suppress(asyncio.CancelledError):
                await waiter

    async def settled(self) -> None:
        """Wait until every task that ever slept on this clock sleeps again."""
        quiet = 0
        while quiet < 5:
            if self._awake:
                quiet = 0
                await self._all_asleep.wait()
            quiet += 1
            await asyncio.sleep(0)

    def _asleep(self, task: asyncio.Task[object]) -> None:
        """Wait no more for a task that sleeps again, or has ended."""
        task.remove_done_callback(self._asleep)
        self._awake.discard(task)
        if not self._awake:
            self._all_asleep.set()


class Rebooted:
    """A manual clock as a later process sees it: with the same time of day, and monotonic from somewhere else."""

    _boots = count(1)

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._number = next(self._boots)
        self._shift = 10_000.0 * self._number

    def time(self) -> float:
        """See `Clock.time`."""
        return self._clock.time()

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self._clock.monotonic() - self._shift

    def boot(self) -> str:
        """See `Clock.boot`."""
        return f"number {self._number}"

    async def sleep_until(self, instant: float, wake: asyncio.Event | None = None) -> None:
        """See `Clock.sleep_until`."""
        await self._clock.sleep_until(instant + self._shift, wake)
