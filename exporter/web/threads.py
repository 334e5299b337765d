"""Work that must not stop the event loop, in threads that the process does not wait for when it ends."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_Result = TypeVar("_Result")


class NoThreadError(Exception):
    """There can be no more threads."""


async def in_a_thread(work: Callable[[], _Result], name: str) -> _Result:
    """Do the work in a thread of its own, which goes on although nobody waits for it any more.

    Raises what the work raises, and `NoThreadError`.
    """
    future: Future[_Result] = Future()
    future.set_running_or_notify_cancel()
    try:
        threading.Thread(target=_settle, args=(future, work), name=name, daemon=True).start()
    except RuntimeError as error:
        raise NoThreadError from error
    return await asyncio.wrap_future(future)


def _settle(future: Future[_Result], work: Callable[[], _Result]) -> None:
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - whoever waits is told
        future.set_exception(error)
    else:
        future.set_result(result)
