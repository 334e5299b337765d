"""One thread for work that may hang, on a share that does not answer say."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from wolkvox_exporter.runtime.concurrency import settle

_Result = TypeVar("_Result")
_Job = tuple[Future[Any], Callable[[], Any]]


class Lane:
    """Does one piece of work after the other, in their order. The process does not wait for it when it ends."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._late: Future[Any] | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[], _Result], patience: float) -> _Result:
        """Return what the work returns, or raise what it raises, or TimeoutError after `patience` seconds.

        Work that has begun goes on all the same, and until it ends all other work is late at once.
        """
        if self._late and not self._late.done():
            raise TimeoutError
        future: Future[_Result] = Future()
        self._jobs.put((future, work))
        try:
            async with asyncio.timeout(patience):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            self._late = future
            raise

    def close(self, grace: float) -> None:
        """Wait for what has begun, for `grace` seconds at most."""
        self._jobs.put(None)
        self._thread.join(grace)

    def _run(self) -> None:
        while job := self._jobs.get():
            future, work = job
            if future.set_running_or_notify_cancel():
                settle(future, work)
