"""Work that must not stop the event loop, nor other work that waits for a thread."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from wolkvox_exporter.config import TokenSource, TokenUnreadable
from wolkvox_exporter.runtime.concurrency import NoThreadError, apart

READ_TIMEOUT = 5.0
"""Seconds that reading a token may take."""

_Result = TypeVar("_Result")
_Parameters = ParamSpec("_Parameters")
_READING = ThreadPoolExecutor(1, "reading")


async def in_thread(
    work: Callable[_Parameters, _Result], *arguments: _Parameters.args, **keys: _Parameters.kwargs
) -> _Result:
    """Do the work of reading an answer, one answer at a time."""
    return await asyncio.wrap_future(_READING.submit(work, *arguments, **keys))


async def read_token(source: TokenSource) -> str:
    """Read a token, or raise `TokenUnreadable`, also if it cannot be read in time, from a share that hangs say."""
    try:
        return await apart(source.read, READ_TIMEOUT, ("token", source))
    except TimeoutError:
        problem = f"it could not be read within {READ_TIMEOUT:g} s; look at where it is kept"
    except NoThreadError as error:
        problem = f"it could not be read: {error}"
    raise TokenUnreadable(problem)


async def changed_at(source: TokenSource) -> float | None:
    """Return when a token was written, in seconds since the epoch; None if there is no telling, or none in time."""
    try:
        return await apart(source.changed_at, READ_TIMEOUT, ("time of token", source))
    except OSError:
        return None
