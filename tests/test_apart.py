"""Work that may hang: shares and name servers that do not answer, and a system without threads to give."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from support.clock import ManualClock
from support.operations import TOKEN, operation, running
from support.outcomes import call_centre, words
from support.threads import no_threads
from wolkvox_exporter.config import TokenSource, TokenUnreadable
from wolkvox_exporter.polling import threads
from wolkvox_exporter.polling.threads import changed_at, read_token
from wolkvox_exporter.runtime.concurrency import NoThreadError, apart


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


async def test_a_share_that_hangs_costs_one_thread_however_often_it_is_asked(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a token cannot be read, then further looks fail at once and take no further thread, until it can."""
    monkeypatch.setattr(threads, "READ_TIMEOUT", 0.05)
    before = threading.active_count()
    for _ in range(20):
        with pytest.raises(TokenUnreadable, match="could not be read within"):
            await read_token(share)
        assert await changed_at(share) is None
    assert (share.reads, threading.active_count() - before) == (1, 2)
    monkeypatch.undo()
    share.answers.set()
    async with asyncio.timeout(10):
        while threading.active_count() > before:  # noqa: ASYNC110 - a thread that ends sets no event
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
    assert await apart(lambda: 42, 10.0, "another") == 42
    with pytest.raises(ZeroDivisionError):
        await apart(lambda: 1 // 0, 10.0, "another")
    assert not hanging.done()
    share.answers.set()
    assert await hanging == TOKEN


async def test_a_system_without_threads_makes_a_token_unreadable_and_ends_no_worker() -> None:
    """If no thread can be started, then polls fail with what to do, no worker dies, and it heals by itself."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url, running(operation(url), clock=clock) as exporter:
        await clock.advance(1)
        with no_threads():
            with pytest.raises(NoThreadError):
                await apart(lambda: 42, 10.0, "another")
            await clock.advance(300)
        samples = await exporter.samples()
        assert samples.values("wolkvox_up") == [0, 0]
        assert samples.value("wolkvox_exporter_worker_restarts_total") == 0
        assert "no thread can be started; raise the limit" in await words(exporter)
        await clock.advance(30)
        assert (await exporter.samples()).values("wolkvox_up") == [1, 1]
