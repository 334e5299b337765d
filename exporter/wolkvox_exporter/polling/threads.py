"""What polling does beside the event loop: reading tokens and answers."""

from collections.abc import Callable
from functools import cache
from typing import TypeVar

from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.config import TokenSource, TokenUnreadable
from wolkvox_exporter.runtime import concurrency
from wolkvox_exporter.runtime.concurrency import NoThreadError, SerialThread, bounded

READ_TIMEOUT = 5.0
"""Seconds that reading a token may take."""

SHORT = 1024 * 1024
"""Bytes of an answer that takes a tenth of a second to read."""
_Result = TypeVar("_Result")


async def read_answer(work: Callable[[], _Result], size: int) -> _Result:
    """Do the work of reading an answer of `size` bytes. Raises `ApiError` where no thread can be had.

    Short ones are read one after the other, which takes no longer in all: every thread has to have the interpreter's
    lock, and among eighty the event loop would have it every eightieth time. No other waits for a long one.
    """
    try:
        if size > SHORT:
            return await concurrency.in_thread("reading", work)
        return await _short_ones().do(work, None)
    except NoThreadError:
        pass
    detail = "the answer could not be read, since no thread can be started"
    raise ApiError(Reason.CONNECTION, detail, remedy="raise the limit on processes, or look for what uses them up")


@cache
def _short_ones() -> SerialThread:
    return SerialThread("reading")


async def read_token(source: TokenSource) -> str:
    """Read a token, or raise `TokenUnreadable`, also if it cannot be read in time, from a share that hangs say."""
    if source.is_at_hand:
        return source.read()
    try:
        return await bounded(source.read, READ_TIMEOUT, ("token", source))
    except TimeoutError:
        problem = f"it could not be read within {READ_TIMEOUT:g} s; look at where it is kept"
    except NoThreadError as error:
        problem = f"it could not be read: {error}"
    raise TokenUnreadable(problem)


async def changed_at(source: TokenSource) -> float | None:
    """Return when a token was written, in seconds since the epoch; None if there is no telling, or none in time."""
    if source.is_at_hand:
        return source.changed_at()
    try:
        return await bounded(source.changed_at, READ_TIMEOUT, ("time of token", source))
    except OSError:
        return None
