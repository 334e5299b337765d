"""Work that may hang, on a share or a name server that does not answer say, apart from all else."""

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class NoThreadError(OSError):
    """The system has no thread to give; the message says what to do."""

    def __init__(self) -> None:
        super().__init__("no thread can be started; raise the limit on processes, or look for what uses them up")


@dataclass(frozen=True, slots=True)
class _Begun:
    ends: float
    """When, in the event loop's time, nobody waits for it any longer."""
    future: Future[Any] = field(default_factory=Future)


_UNDER_WAY: dict[Hashable, _Begun] = {}


async def apart(work: Callable[[], _Result], seconds: float, key: Hashable) -> _Result:
    """Do work in a thread that the process does not wait for when it ends; return or raise what the work does.

    Work with the same key is done once at a time: who asks for it meanwhile shares its result. Raises `TimeoutError`
    so many seconds after it has begun, and to everybody who asks from then on at once, until it ends: what hangs for
    ever costs one thread. Raises `NoThreadError`, an `OSError`, where no thread can be had.
    """
    begun = _UNDER_WAY.get(key) or _begin(work, seconds, key)
    async with asyncio.timeout_at(begun.ends):
        result: _Result = await asyncio.wrap_future(begun.future)
        return result


def _begin(work: Callable[[], object], seconds: float, key: Hashable) -> _Begun:
    begun = _UNDER_WAY[key] = _Begun(asyncio.get_running_loop().time() + seconds)
    # so that one who gives up waiting cancels it for nobody else
    begun.future.set_running_or_notify_cancel()
    try:
        threading.Thread(target=_do, args=(work, key, begun.future), name="apart", daemon=True).start()
    except RuntimeError:
        del _UNDER_WAY[key]
        raise NoThreadError from None
    return begun


def _do(work: Callable[[], object], key: Hashable, future: Future[Any]) -> None:
    def ended() -> object:
        try:
            return work()
        finally:
            # before anybody has the result, who might ask again
            _UNDER_WAY.pop(key)

    settle(future, ended)


def settle(future: Future[_Result], work: Callable[[], _Result]) -> None:
    """Do the work in this thread, and give what it returns or raises to whoever waits for it in another."""
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - it is raised where the result is awaited
        future.set_exception(error)
    else:
        future.set_result(result)
