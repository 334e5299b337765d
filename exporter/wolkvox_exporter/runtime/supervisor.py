"""Work that never ends: the only place that starts it, and starts it again after a bug has ended it."""

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from wolkvox_exporter.runtime.clock import Clock

FIRST_PAUSE = 1.0
"""Seconds from the first death of a job to its next start; each further death doubles it."""
LONGEST_PAUSE = 300.0
"""Seconds that a job which keeps dying rests at most."""
CALM = 3600.0
"""Seconds after which a job that lives is trusted again, and its deaths are forgotten."""
TOO_OFTEN = 3
"""Deaths, each within `CALM` of the start before it, from which on a job counts as unhealthy while it lives, too."""
_REMEDY = "report a bug with this line; it is started again by itself"

Work = Callable[[], Coroutine[Any, Any, object]]
log = structlog.get_logger()


class Job:
    """One piece of work, started again after growing pauses if it ends by itself. Each time `restarted` is called."""

    def __init__(self, name: str, work: Work, clock: Clock, restarted: Callable[[], None]) -> None:
        self._name = name
        self._work = work
        self._clock = clock
        self._restarted = restarted
        self._deaths = 0
        self._pause = 0.0
        self._started = clock.monotonic()
        self._pausing = False
        self._task = asyncio.create_task(self._run(), name=name)

    @property
    def is_healthy(self) -> bool:
        """Whether it is at work, and not on its way from one death to the next."""
        trusted = self._deaths < TOO_OFTEN or self._clock.monotonic() - self._started >= CALM
        return trusted and not self._pausing and not self._task.done()

    async def stop(self) -> None:
        """End it, in the middle of whatever it does."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._started = self._clock.monotonic()
            self._report(await self._death())
            self._pausing = True
            await self._clock.sleep_until(self._clock.monotonic() + self._pause)
            self._pausing = False

    async def _death(self) -> BaseException:
        try:
            if self._deaths:
                self._restarted()
            await self._work()
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            # out of something that was cancelled elsewhere: nobody asked the job itself to end
            return error
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, a panic of a library in Rust too, the job goes on
            return error
        return RuntimeError()

    def _report(self, error: BaseException) -> None:
        calm = self._clock.monotonic() - self._started >= CALM
        self._deaths = 1 if calm else self._deaths + 1
        self._pause = FIRST_PAUSE if self._deaths == 1 else min(LONGEST_PAUSE, 2 * self._pause)
        kind = type(error).__name__
        # places in the code only: the error's own text might repeat a secret
        places = "".join(traceback.format_tb(error.__traceback__))
        log.error("worker died", worker=self._name, error=kind, remedy=_REMEDY, traceback=places)


class Supervisor:
    """All jobs of an exporter."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: set[Job] = set()

    @property
    def is_healthy(self) -> bool:
        """Whether every job is at work."""
        return all(job.is_healthy for job in self._jobs)

    def start(self, name: str, work: Work, restarted: Callable[[], None] = lambda: None) -> Job:
        """Do `work` until it is stopped."""
        job = Job(name, work, self._clock, restarted)
        self._jobs.add(job)
        return job

    async def end(self, job: Job) -> None:
        """Stop a job for good."""
        # first: one that was told to end is no sign of ill health
        self._jobs.discard(job)
        await job.stop()

    async def stop(self) -> None:
        """Stop all of them."""
        await asyncio.gather(*(job.stop() for job in self._jobs))
