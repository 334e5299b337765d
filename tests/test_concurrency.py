"""Work beside the event loop: long, hanging, in its order, and on a system without threads to give."""

import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from support.clock import ManualClock
from support.operations import TOKEN, operation, running
from support.outcomes import call_centre, words
from support.threads import no_threads
from wolkvox_exporter.api.errors import ApiError
from wolkvox_exporter.config import FileToken, TokenSource, TokenUnreadable
from wolkvox_exporter.polling import threads
from wolkvox_exporter.polling.threads import changed_at, read_token
from wolkvox_exporter.runtime.concurrency import NoThreadError, SerialThread, bounded, in_thread, waited_for


class Share(TokenSource):
    """A token on a share that does not answer until it is told to."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.reads = 0

    def read(self) -> str:
        """Wait for the share."""
        self.reads += 1
        self.answers.wait()
        return TOKEN

    def changed_at(self) -> float | None:
        """Wait for the share."""
        self.answers.wait()
        return 1.0

    def describe(self) -> str:
        """Name the place."""
        return "a share"


@pytest.fixture
def share() -> Iterator[Share]:
    """Give a share that answers in the end, so that no thread outlives the test."""
    found = Share()
    yield found
    found.answers.set()


def test_a_share_that_hangs_costs_one_thread_however_often_the_configuration_is_read(share: Share) -> None:
    """If a token file hangs, then no reload of many takes a thread more, and it is read anew once it answers."""
    before = set(threading.enumerate())
    for _ in range(20):
        with pytest.raises(TimeoutError):
            waited_for(share.read, 0.01, "share")
    assert (share.reads, len(set(threading.enumerate()) - before)) == (1, 1)
    assert waited_for(lambda: "another", 5.0, "other") == "another"
    share.answers.set()
    assert waited_for(share.read, 5.0, "share") == TOKEN
    assert waited_for(lambda: "new", 5.0, "share") == "new"


def test_a_wait_without_a_thread_leaves_nothing_behind() -> None:
    """If no thread can be had, then that is an error, and the next wait is another one."""
    with no_threads(), pytest.raises(NoThreadError):
        waited_for(lambda: 1, 5.0, "work")
    assert waited_for(lambda: 2, 5.0, "work") == 2


async def test_a_share_that_hangs_costs_one_thread_however_often_it_is_asked(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a token cannot be read, then further looks fail at once and take no further thread, until it can."""
    monkeypatch.setattr(threads, "READ_TIMEOUT", 0.05)
    # what starts threads is one, too, and there from the first on
    await in_thread("first", int)
    before = set(threading.enumerate())
    for _ in range(20):
        with pytest.raises(TokenUnreadable, match="could not be read within"):
            await read_token(share)
        assert await changed_at(share) is None
    taken = set(threading.enumerate()) - before
    assert (share.reads, len(taken)) == (1, 2)
    monkeypatch.undo()
    share.answers.set()
    async with asyncio.timeout(10):
        while any(thread.is_alive() for thread in taken):  # noqa: ASYNC110 - a thread that ends sets no event
            await asyncio.sleep(0.001)
    assert await read_token(share) == TOKEN
    assert await changed_at(share) == 1


async def test_many_who_look_at_once_look_once(share: Share) -> None:
    """If several operations have the same token file, then one look is enough for all that look at the same time."""
    looking = [asyncio.create_task(read_token(share)) for _ in range(5)]
    await asyncio.sleep(0)
    looking[0].cancel()
    await asyncio.sleep(0)
    share.answers.set()
    assert await asyncio.gather(*looking[1:]) == [TOKEN] * 4
    assert share.reads == 1


async def test_other_work_goes_on_beside_what_hangs(share: Share) -> None:
    """If one thing hangs, then another is done all the same, and raises what is wrong with it."""
    hanging = asyncio.create_task(read_token(share))
    assert await bounded(lambda: 42, 10.0, "another") == 42
    with pytest.raises(ZeroDivisionError):
        await bounded(lambda: 1 // 0, 10.0, "another")
    assert not hanging.done()
    share.answers.set()
    assert await hanging == TOKEN


async def test_no_work_waits_for_another() -> None:
    """If hundred answers take long to read, then one more is read all the same, and its error raised."""
    goes_on = threading.Event()
    waiting = [asyncio.create_task(in_thread("reading", goes_on.wait)) for _ in range(100)]
    try:
        assert await asyncio.wait_for(in_thread("reading", divmod, 7, 2), 10) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(in_thread("reading", divmod, 7, 0), 10)
        assert not any(task.done() for task in waiting)
    finally:
        goes_on.set()
    assert await asyncio.gather(*waiting) == [True] * 100


async def test_who_no_longer_waits_for_a_thread_lets_it_end_unheard() -> None:
    """If whoever asked is cancelled, then the work ends by itself and nobody is told."""
    goes_on, ended = threading.Event(), threading.Event()

    def work() -> None:
        goes_on.wait()
        ended.set()

    task = asyncio.create_task(in_thread("reading", work))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    goes_on.set()
    assert ended.wait(10)


async def test_what_comes_after_work_that_hangs_is_late_at_once() -> None:
    """If one of many saves hangs, then each that waited gives up once, whoever comes is late at once, until it ends."""
    goes_on, disk = threading.Event(), SerialThread("disk")
    first, *behind = (asyncio.create_task(disk.do(goes_on.wait, patience)) for patience in (10.0, 0.05, 0.05))
    for task in behind:
        with pytest.raises(TimeoutError):
            await task
    for _ in range(3):
        # not after its own patience, which is longer than the test may take
        with pytest.raises(TimeoutError):
            await disk.do(lambda: True, 1000.0)
    goes_on.set()
    assert await first
    assert await disk.do(lambda: 42, 10.0) == 42
    disk.close(10.0)


async def test_what_is_urgent_is_done_before_all_that_waits() -> None:
    """If a call waits for its note while many states wait to be written, then the note is written next."""
    goes_on, disk, done = threading.Event(), SerialThread("disk"), list[str]()
    first = asyncio.create_task(disk.do(goes_on.wait, 10.0))
    states = [asyncio.create_task(disk.do(partial(done.append, f"state {number}"), 10.0)) for number in range(3)]
    await asyncio.sleep(0)
    notes = [
        asyncio.create_task(disk.do(partial(done.append, f"note {number}"), 10.0, urgent=True)) for number in range(2)
    ]
    await asyncio.sleep(0)
    goes_on.set()
    await asyncio.gather(first, *states, *notes)
    assert done == ["note 0", "note 1", "state 0", "state 1", "state 2"]
    disk.close(10.0)


async def test_an_answer_that_no_thread_can_read_is_a_failed_poll() -> None:
    """If no thread can be started, then the error says so and what to do, and the next answer is read again."""
    with no_threads(), pytest.raises(ApiError, match="no thread can be started: raise the limit on processes"):
        await threads.read_answer(lambda: divmod(7, 2), threads.SHORT + 1)
    assert await threads.read_answer(lambda: divmod(7, 2), threads.SHORT + 1) == (3, 1)


async def test_a_system_without_threads_makes_a_token_unreadable_and_ends_no_worker(tmp_path: Path) -> None:
    """If no thread can be started, then polls fail with what to do, no worker dies, and it heals by itself."""
    clock = ManualClock()
    simulator, file = call_centre(clock), FileToken(tmp_path / "token")
    file.path.write_text(TOKEN)
    async with (
        simulator.serving() as url,
        running(operation(url).model_copy(update={"token": file}), clock=clock) as exporter,
    ):
        await clock.advance(1)
        with no_threads():
            with pytest.raises(NoThreadError):
                await bounded(lambda: 42, 10.0, "another")
            await clock.advance(300)
        samples = await exporter.samples()
        assert samples.values("wolkvox_up") == [0, 0]
        assert samples.value("wolkvox_exporter_worker_restarts_total") == 0
        assert "no thread can be started; raise the limit" in await words(exporter)
        await clock.advance(30)
        assert (await exporter.samples()).values("wolkvox_up") == [1, 1]
