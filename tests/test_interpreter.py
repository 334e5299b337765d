"""How the process shares its time: threads, garbage and many tasks seldom keep the event loop waiting."""

import asyncio
import gc
import sys
import weakref
from collections import Counter
from collections.abc import Iterator

import pytest

from support.clock import ManualClock
from wolkvox_exporter.runtime import disposal
from wolkvox_exporter.runtime.interpreter import COLLECTION_INTERVAL, collect_garbage, prefer_latency
from wolkvox_exporter.runtime.pacing import in_turn


class Node:
    """A part of a cycle, which only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def latency() -> Iterator[None]:
    """Put the interpreter's settings back in the end; what is frozen may stay so."""
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    prefer_latency()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("latency")
async def test_what_lives_long_is_collected_every_hour_and_not_by_every_poll() -> None:
    """If garbage has lived long, then whatever is made afterwards does not find it, and the hourly collection does."""
    clock = ManualClock()
    collecting = asyncio.create_task(collect_garbage(clock))
    await clock.advance(1)
    node = Node()
    found = weakref.ref(node)
    gc.collect(1)
    del node
    for _ in range(200):
        _keep = [list[int]() for _ in range(1_000)]
    assert found() is not None
    await clock.advance(COLLECTION_INTERVAL)
    assert found() is None
    collecting.cancel()


@pytest.mark.usefixtures("latency")
def test_a_thread_at_work_gives_way_within_a_millisecond() -> None:
    """If a thread reads an answer, then the event loop waits less for it than Python's five milliseconds."""
    assert sys.getswitchinterval() < 0.001


async def test_tasks_that_are_ready_together_leave_the_loop_free_between_them() -> None:
    """If many tasks become ready together, then the loop goes round between any two of them."""
    rounds, went = 0, list[tuple[int, int]]()

    async def count() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    async def work(number: int) -> None:
        await in_turn()
        went.append((number, rounds))

    counting = asyncio.create_task(count())
    tasks = [asyncio.create_task(work(number)) for number in range(20)]
    await asyncio.sleep(0)
    tasks[7].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    counting.cancel()
    assert [number for number, _ in went] == [*range(7), *range(8, 20)]
    assert len({at for _, at in went}) == len(went)


async def test_what_is_large_is_freed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """If an answer of many rows gives way to the next, then its rows are freed, and never more than a few at once."""
    monkeypatch.setattr(disposal, "DELAY", 0.0)
    freed = list[int]()

    class Row:
        def __del__(self) -> None:
            freed.append(rounds)

    rounds, number = 0, 10 * disposal.PIECE
    rows: list[object] = [Row() for _ in range(number)]
    whole = tuple(rows)
    disposal.free_later(rows.copy)
    del rows, whole
    while len(freed) < number:
        rounds += 1
        await asyncio.sleep(0.001)
    assert max(Counter(freed).values()) <= disposal.PIECE
