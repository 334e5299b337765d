"""Files of the state that may be good all the same: of a disk that is slow or fails for a while, of another server."""

import asyncio
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from support.clock import ManualClock
from support.operations import operation, running
from support.outcomes import call_centre
from test_state_files import DAMAGES, aside, found, kept_files, written
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.storage import state_in


@contextmanager
def no_more_files() -> Iterator[None]:
    """Let nothing be opened meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_a_file_that_cannot_be_read_is_neither_moved_nor_written_over(tmp_path: Path) -> None:
    """If a good file cannot be opened for a moment, then it stays, and nothing is saved until it could be read."""
    path, wanted = await written(tmp_path)
    good = path.read_bytes()
    with state_in(tmp_path, SystemClock()) as store:
        assert store is not None
        memory = await store.load(wanted)
        assert memory is not None
        with structlog.testing.capture_logs() as lines, no_more_files():
            assert await store.load(wanted) is None
        (line,) = lines
        assert (line["event"], line["error"]) == ("state cannot be read", "Too many open files")
        assert line["file"] == str(path)
        assert "its file is left as it is" in line["remedy"]
        assert not await store.save(wanted, memory)
        assert path.read_bytes() == good
        assert await store.load(wanted)
        assert await store.save(wanted, memory)
    assert aside(tmp_path) == []


async def test_what_was_not_there_may_be_written(tmp_path: Path) -> None:
    """If the disk failed while an operation had no file yet, then its first save makes one."""
    path, wanted = await written(tmp_path)
    with state_in(tmp_path, SystemClock()) as store:
        assert store is not None
        memory = await store.load(wanted)
        assert memory is not None
        path.unlink()
        with no_more_files():
            assert await store.load(wanted) is None
        assert await store.save(wanted, memory)
    assert kept_files(tmp_path) == [path]


@pytest.mark.timeout(30)
async def test_a_slow_disk_is_waited_for_at_the_start(tmp_path: Path) -> None:
    """If the disk is busy for longer than a write may take, then the start waits, says so, and loses nothing."""
    path, wanted = await written(tmp_path)
    other = operation(wanted.base_url, "otra")
    with state_in(tmp_path, SystemClock()) as store:
        assert store is not None
        memory = await store.load(wanted)
        assert memory is not None
        # a pipe that nobody reads yet: to open it for writing keeps the disk busy
        os.mkfifo(path.with_suffix(".tmp"))
        busy = asyncio.create_task(store.save(wanted, memory))
        await asyncio.sleep(0)
        with structlog.testing.capture_logs() as lines:
            loading = asyncio.create_task(store.load_all([wanted, other]))
            assert not await busy
            await asyncio.sleep(0.5)
            assert not loading.done()
            with os.fdopen(os.open(path.with_suffix(".tmp"), os.O_RDONLY | os.O_NONBLOCK), "rb"):
                assert list(await loading) == ["ventas-co"]
    told = [line["event"] for line in lines]
    assert sorted(told) == ["state cannot be written", "state is slow to read"]


@pytest.mark.parametrize(("damage", "name"), [("of another server", ".other-"), ("cut short", ".damaged-")])
async def test_what_is_good_for_another_is_not_called_damaged(tmp_path: Path, damage: str, name: str) -> None:
    """If the address of an operation was changed, then the file's new name says that it is another's."""
    path, wanted = await written(tmp_path)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert await found(tmp_path, wanted) is None
    assert [kept.name.startswith(path.name + name) for kept in aside(tmp_path)] == [True]


async def test_what_cannot_be_written_down_is_no_fault_of_the_folder(tmp_path: Path) -> None:
    """If something remembered has no spelling, then the log does not send anybody to look at the disk."""
    async with call_centre(ManualClock()).serving() as url:
        wanted = operation(url)
        async with running(wanted) as exporter:
            memory = exporter.states()["ventas-co"]
    unspeakable = replace(memory, published=replace(memory.published, operation="\ud800"))
    with structlog.testing.capture_logs() as lines, state_in(tmp_path, SystemClock()) as store:
        assert store is not None
        assert not await store.save(wanted, unspeakable)
    (line,) = lines
    assert "nothing is wrong with the folder, please report a bug" in line["remedy"]


async def test_a_folder_that_was_made_anew_is_the_other_exporters(tmp_path: Path) -> None:
    """If the folder is removed and a second exporter makes it again, then the first one writes nothing into it."""
    path, wanted = await written(tmp_path / "state")
    with state_in(tmp_path / "state", SystemClock()) as first:
        assert first is not None
        memory = await first.load(wanted)
        assert memory is not None
        shutil.rmtree(tmp_path / "state")
        assert not await first.save(wanted, memory)
        with state_in(tmp_path / "state", SystemClock()) as second:
            assert second is not None
            with structlog.testing.capture_logs() as lines:
                assert not await first.save(wanted, memory)
            assert [line["error"] for line in lines] == ["the folder was removed and made anew since the start"]
            assert not path.exists()
            assert await second.save(wanted, memory)
