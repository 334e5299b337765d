"""What polling does beside the event loop: reading tokens and answers."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.config import TokenSource, TokenUnreadable
from wolkvox_exporter.runtime import concurrency
from wolkvox_exporter.runtime.concurrency import NoThreadError, bounded

READ_TIMEOUT = 5.0
"""Seconds that reading a token may take."""

_Result = TypeVar("_Result")
_Parameters = ParamSpec("_Parameters")


async def in_thread(
    work: Callable[_Parameters, _Result], *arguments: _Parameters.args, **keys: _Parameters.kwargs
) -> _Result:
    """Do the work of reading an answer; no other waits for it. Raises `ApiError` where no thread can be had."""
    try:
        return await concurrency.in_thread("reading", work, *arguments, **keys)
    except NoThreadError:
        pass
    detail = "the answer could not be read, since no thread can be started"
    raise ApiError(Reason.CONNECTION, detail, remedy="raise the limit on processes, or look for what uses them up")


async def read_token(source: TokenSource) -> str:
    """Read a token, or raise `TokenUnreadable`, also if it cannot be read in time, from a share that hangs say."""
    try:
        return await bounded(source.read, READ_TIMEOUT, ("token", source))
    except TimeoutError:
        problem = f"it could not be read within {READ_TIMEOUT:g} s; look at where it is kept"
    except NoThreadError as error:
        problem = f"it could not be read: {error}"
    raise TokenUnreadable(problem)


async def changed_at(source: TokenSource) -> float | None:
    """Return when a token was written, in seconds since the epoch; None if there is no telling, or none in time."""
    try:
        return await bounded(source.changed_at, READ_TIMEOUT, ("time of token", source))
    except OSError:
        return None
