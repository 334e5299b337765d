"""Work that must not stop the event loop, nor other work that waits for a thread."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from exporter.config import TokenSource, TokenUnreadable

READ_TIMEOUT = 5.0
"""Seconds that reading a token may take."""

_Result = TypeVar("_Result")
_Parameters = ParamSpec("_Parameters")
# apart from the default pool, in which look-ups of names may hang
_READING = ThreadPoolExecutor(1, "reading")


async def in_thread(
    work: Callable[_Parameters, _Result], *arguments: _Parameters.args, **keys: _Parameters.kwargs
) -> _Result:
    """Do the work of reading an answer, one answer at a time."""
    return await asyncio.wrap_future(_READING.submit(work, *arguments, **keys))


async def read_token(source: TokenSource) -> str:
    """Read a token, or raise `TokenUnreadable`, also if it cannot be read in time, from a share that hangs say."""
    try:
        return await apart(source.read, READ_TIMEOUT)
    except TimeoutError:
        raise TokenUnreadable(f"it could not be read within {READ_TIMEOUT:g} s; look at where it is kept") from None


async def changed_at(source: TokenSource) -> float | None:
    """Return when a token was written, in seconds since the epoch; None if there is no telling, or none in time."""
    try:
        return await apart(source.changed_at, READ_TIMEOUT)
    except TimeoutError:
        return None


async def apart(work: Callable[[], _Result], seconds: float) -> _Result:
    """Do work that may hang, or raise `TimeoutError` after so many seconds.

    In a thread of its own that the process does not wait for when it ends.
    """
    future: Future[_Result] = Future()
    threading.Thread(target=_settle, args=(future, work), name="apart", daemon=True).start()
    async with asyncio.timeout(seconds):
        return await asyncio.wrap_future(future)


def _settle(future: Future[_Result], work: Callable[[], _Result]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - it is raised where the result is awaited
        future.set_exception(error)
    else:
        future.set_result(result)
