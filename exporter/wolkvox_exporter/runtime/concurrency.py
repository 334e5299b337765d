"""Everything that runs beside the event loop: in threads that the process does not wait for when it ends.

`in_thread` is for work that ends by itself and must wait for no other, such as reading an answer; `bounded` for work
that may hang, on a share or a name server that does not answer say; `waited_for` for such work where no event loop
runs; `SerialThread` for work that may hang and has to be done in its order.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from queue import PriorityQueue, SimpleQueue
from typing import Any, ParamSpec, TypeAlias, TypeVar

_Result = TypeVar("_Result")
_Parameters = ParamSpec("_Parameters")


class NoThreadError(OSError):
    """The system has no thread to give; the message says what to do."""

    def __init__(self) -> None:
        super().__init__("no thread can be started; raise the limit on processes, or look for what uses them up")


_Failed: TypeAlias = Callable[[NoThreadError], None]
_Start: TypeAlias = Callable[[threading.Thread, _Failed], None]


async def in_thread(
    name: str, work: Callable[_Parameters, _Result], *arguments: _Parameters.args, **keys: _Parameters.kwargs
) -> _Result:
    """Do work in a thread of its own, of this name, at once; return or raise what the work does.

    However long it takes, no other work waits for it; who no longer waits for it lets it go on unheard. All threads
    share the interpreter's lock: work that must not make the event loop late consists of steps of some milliseconds.
    Raises `NoThreadError`, an `OSError`, where no thread can be had.
    """
    future: Future[_Result] = Future()
    _start_soon(_threaded(name, future, lambda: work(*arguments, **keys)), future.set_exception)
    return await asyncio.wrap_future(future)


@dataclass(frozen=True, slots=True)
class _Begun:
    future: Future[Any]
    at: float
    """Monotonic, as the event loop's time is."""


_UNDER_WAY: dict[Hashable, _Begun] = {}
_LOOKING = threading.Lock()


async def bounded(work: Callable[[], _Result], seconds: float, key: Hashable) -> _Result:
    """Do work that may hang in a thread of its own; return or raise what the work does.

    Work with the same key is done once at a time: who asks for it meanwhile shares its result. Raises `TimeoutError`
    so many seconds after it has begun, and to everybody who asks from then on at once, until it ends: what hangs for
    ever costs one thread. Raises `NoThreadError`, an `OSError`, where no thread can be had.
    """
    begun = _begun(work, key, _start_soon)
    async with asyncio.timeout_at(begun.at + seconds):
        result: _Result = await asyncio.wrap_future(begun.future)
        return result


def waited_for(work: Callable[[], _Result], seconds: float, key: Hashable) -> _Result:
    """Do work that may hang in a thread of its own, as `bounded` does, and wait for it here.

    Raises `TimeoutError` after so many seconds, and lets it go on; who asks again before it ends waits for its result.
    """
    result: _Result = _begun(work, key, _start_now).future.result(seconds)
    return result


def _begun(work: Callable[[], _Result], key: Hashable, start: _Start) -> _Begun:
    """Begin work unless what has its key is under way already."""
    future: Future[_Result] = Future()

    def ended() -> _Result:
        try:
            return work()
        finally:
            # before anybody has the result, who might ask again
            _UNDER_WAY.pop(key, None)

    def failed(error: NoThreadError) -> None:
        _UNDER_WAY.pop(key, None)
        future.set_exception(error)

    with _LOOKING:
        begun = _UNDER_WAY.get(key)
        if begun is None:
            begun = _UNDER_WAY[key] = _Begun(future, time.monotonic())
            start(_threaded("bounded", future, ended), failed)
    return begun


class SerialThread:
    """A thread that does one piece of work after the other, in their order but for what is urgent.

    `NoThreadError` where none can be had.
    """

    def __init__(self, name: str) -> None:
        self._jobs: PriorityQueue[_Job] = PriorityQueue()
        self._numbers = count()
        self._doing: Future[Any] | None = None
        self._late: Future[Any] | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        _started(self._thread)

    async def do(self, work: Callable[[], _Result], patience: float | None, *, urgent: bool = False) -> _Result:
        """Return what the work returns, or raise what it raises, or TimeoutError after `patience` seconds, if any.

        What is urgent is done before all that waits. Work that has begun goes on all the same, and until it ends all
        other work is late at once.
        """
        if self._late and not self._late.done():
            raise TimeoutError
        future: Future[_Result] = Future()
        self._jobs.put(_Job(not urgent, next(self._numbers), future, work))
        try:
            async with asyncio.timeout(patience):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            # what hangs is not always what was waited for, which may be behind it
            self._late = self._doing
            raise

    def close(self, grace: float) -> None:
        """Wait for what has begun, for `grace` seconds at most."""
        self._jobs.put(_Job(can_wait=True, number=next(self._numbers), future=Future(), work=None))
        self._thread.join(grace)

    def _run(self) -> None:
        while self._do(self._jobs.get()):
            # what that was about may be large, and the next may come late
            self._doing = None

    def _do(self, job: "_Job") -> bool:
        if job.work and job.future.set_running_or_notify_cancel():
            self._doing = job.future
            _settle(job.future, job.work)
        return job.work is not None


@dataclass(frozen=True, slots=True, order=True)
class _Job:
    """What waits in the order of its first two fields; without work it is the end."""

    can_wait: bool
    number: int
    future: Future[Any] = field(compare=False)
    work: Callable[[], Any] | None = field(compare=False)


def _threaded(name: str, future: Future[_Result], work: Callable[[], _Result]) -> threading.Thread:
    # so that one who gives up waiting cancels it for nobody else
    future.set_running_or_notify_cancel()
    return threading.Thread(target=_settle, args=(future, work), name=name, daemon=True)


def _started(thread: threading.Thread) -> None:
    try:
        thread.start()
    except RuntimeError:
        raise NoThreadError from None


def _start_now(thread: threading.Thread, failed: _Failed) -> None:
    try:
        _started(thread)
    except NoThreadError as error:
        failed(error)


class _Starter:
    """Starts threads beside the event loop: who starts one waits until it runs, for long where others are at work."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[tuple[threading.Thread, _Failed]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, thread: threading.Thread, failed: _Failed) -> None:
        """Let the thread run soon; where none can be had, `failed` is called, perhaps in another thread."""
        if self._thread is None:
            starter = threading.Thread(target=self._run, name="starter", daemon=True)
            try:
                _started(starter)
            except NoThreadError as error:
                failed(error)
                return
            self._thread = starter
        self._waiting.put((thread, failed))

    def _run(self) -> None:
        while True:
            _start_now(*self._waiting.get())


_start_soon = _Starter().start


def _settle(future: Future[_Result], work: Callable[[], _Result]) -> None:
    """Do the work in this thread, and give what it returns or raises to whoever waits for it in another."""
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - it is raised where the result is awaited
        future.set_exception(error)
    else:
        future.set_result(result)
