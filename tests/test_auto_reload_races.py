"""The configuration that is taken over by itself: files half written, gone, hung or endless, and others who reload."""

import asyncio
import os
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from support.clock import ManualClock
from support.processes import direct
from support.reloading import REFUSED, RELOADED, SUCCESSFUL, File, centre
from wolkvox_exporter.app import reloading
from wolkvox_exporter.config import Config, load
from wolkvox_exporter.runtime.files import digest_of

EVERY = 30.0


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


def versions(file: File) -> tuple[bytes, bytes]:
    """Return the file with two operations, and its first part that is a good file, too, with one of them."""
    file.write("stays", "goes", stays={"timeout": "10s"})
    whole = file.path.read_bytes()
    # the mapping of the second operation begins here
    part = whole[: whole.index(b"\n- ", whole.index(b"\n- ") + 1) + 1]
    return whole, part


async def test_a_file_is_written_in_pieces(tmp_path: Path) -> None:
    """If a program writes a few bytes a second, then no part of it counts, even where that is a good file."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", "goes", auto_reload=EVERY) as (exporter, file):
        old = file.path.read_bytes()
        whole, part = versions(file)
        file.path.write_bytes(part)
        assert [operation.name for operation in load(file.path).operations] == ["stays"]
        file.path.write_bytes(old)
        await clock.advance(29)
        with capture_logs() as logged:
            for end in (*range(0, len(whole), 20), len(whole)):
                file.path.write_bytes(whole[:end])
                await clock.advance(1)
                assert exporter.polled() == ["stays", "goes"]
            await clock.advance(3)
        assert exporter.exporter.accounts[0].operation.timeout == 10
    events = [line for line in logged if line["event"] in (RELOADED, REFUSED)]
    assert [(line["event"], line["changed"]) for line in events] == [(RELOADED, "stays (timeout)")]


@pytest.mark.parametrize("first", ["part", "nothing", "broken"])
async def test_what_is_read_is_what_was_looked_at(tmp_path: Path, first: str) -> None:
    """If the file is emptied and written anew between the second look and the reading, then what is read is dropped."""
    clock, begun = ManualClock(), list[Path]()

    def read(path: Path, *, may_be_pipe: bool = True) -> Config:
        whole = path.read_bytes()
        begun.append(path)
        if len(begun) == 1:
            path.write_bytes({"part": part, "nothing": b"", "broken": whole[:-9]}[first])
        return load(path, may_be_pipe=may_be_pipe)

    async with centre(tmp_path, clock, "stays", "goes", auto_reload=EVERY, read=read) as (exporter, file):
        whole, part = versions(file)
        with capture_logs() as logged:
            await clock.advance(EVERY + 2)
            assert (len(begun), exporter.polled()) == (1, ["stays", "goes"])
            file.path.write_bytes(whole)
            await clock.advance(EVERY)
        assert exporter.polled() == ["stays", "goes"]
    assert len(begun) == 2
    assert [line["event"] for line in logged if line["event"] in (RELOADED, REFUSED)] == [RELOADED]


async def test_the_whole_is_there_again_when_it_is_looked_at(tmp_path: Path) -> None:
    """If a part was read, and the whole stood there before and after, then the part is dropped all the same."""
    clock, begun = ManualClock(), list[Path]()

    def read(path: Path, *, may_be_pipe: bool = True) -> Config:
        begun.append(path)
        if len(begun) > 1:
            return load(path, may_be_pipe=may_be_pipe)
        path.write_bytes(part)
        found = load(path, may_be_pipe=may_be_pipe)
        path.write_bytes(whole)
        return found

    async with centre(tmp_path, clock, "stays", "goes", auto_reload=EVERY, read=read) as (exporter, file):
        whole, part = versions(file)
        for _ in range(100):
            await clock.advance(1)
            assert exporter.polled() == ["stays", "goes"]
        assert exporter.exporter.accounts[0].operation.timeout == 10
    assert len(begun) == 2


async def test_a_file_that_is_gone_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    """If a look finds no file, and the next one does, then nothing is told; if none comes, that is a failed reload."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", auto_reload=EVERY) as (exporter, file):
        content = file.path.read_bytes()
        with capture_logs() as logged:
            await clock.advance(29)
            file.path.unlink()
            await clock.advance(2)
            file.path.write_bytes(content)
            await clock.advance(EVERY)
            assert not [line for line in logged if line["event"] in (RELOADED, REFUSED)]
            file.path.unlink()
            await clock.advance(20 * EVERY)
            assert (await exporter.samples()).value(SUCCESSFUL) == 0
        (refused,) = [line for line in logged if line["event"] in (RELOADED, REFUSED)]
        assert "No such file or directory" in refused["problem"]
        file.path.write_bytes(content)
        await clock.advance(EVERY + 3)
        assert (await exporter.samples()).value(SUCCESSFUL) == 1
    assert exporter.started("stays") == [0, 300, 600]


async def test_a_file_that_never_rests_is_told(tmp_path: Path) -> None:
    """If the file is written all the while, then that is told after a minute, and it counts once it rests."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", auto_reload=EVERY) as (exporter, file):
        content = file.path.read_bytes()
        with capture_logs() as logged:
            for number in range(300):
                file.path.write_bytes(content + b"# %d\n" % number)
                await clock.advance(1)
                assert (await exporter.samples()).value(SUCCESSFUL) == (number + 1 < EVERY + 60)
        (refused,) = [line for line in logged if line["event"] in (RELOADED, REFUSED)]
        assert refused["problem"].startswith("its files have changed at each of 30 looks, 2 s apart")
        await clock.advance(EVERY + 3)
        assert (await exporter.samples()).value(SUCCESSFUL) == 1


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("pipe", "it is no regular file"),
        ("folder", "it is no regular file"),
        ("device", "it is no regular file"),
        ("huge", "larger than 1 MiB"),
    ],
)
async def test_what_is_no_configuration_takes_its_place(tmp_path: Path, kind: str, expected: str) -> None:
    """If the path leads to a pipe, a folder, an endless device or a huge file, then nothing hangs, and that is told."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", auto_reload=EVERY) as (exporter, file), asyncio.timeout(20):
        kept = file.path.rename(tmp_path / "kept")
        match kind:
            case "pipe":
                os.mkfifo(file.path)
            case "folder":
                file.path.mkdir()
            case "device":
                file.path.symlink_to("/dev/zero")
            case _:
                file.path.write_bytes(kept.read_bytes() + b"#" * 2**20)
        with capture_logs() as logged:
            await clock.advance(10 * EVERY)
        (refused,) = [line for line in logged if line["event"] in (RELOADED, REFUSED)]
        assert expected in refused["problem"]
        assert (await exporter.samples()).value(SUCCESSFUL) == 0
        file.path.rmdir() if kind == "folder" else file.path.unlink()
        kept.rename(file.path)
        await clock.advance(EVERY + 3)
        assert (await exporter.samples()).value(SUCCESSFUL) == 1
    assert exporter.started("stays") == [0, 300]


async def test_a_share_that_hangs_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If looking at the file hangs for ever, then polls and pages go on, that is told once, and one thread waits."""
    clock, answers, looks = ManualClock(), threading.Event(), list[Path]()

    def digest(path: Path) -> str | None:
        looks.append(path)
        answers.wait()
        return digest_of(path)

    def read(path: Path, *, may_be_pipe: bool = True) -> Config:
        answers.wait()
        return load(path, may_be_pipe=may_be_pipe)

    monkeypatch.setattr(reloading, "READ_TIMEOUT", 0.05)
    monkeypatch.setattr(reloading, "digest_of", digest)
    async with centre(tmp_path, clock, "stays", auto_reload=EVERY, read=read) as (exporter, _), asyncio.timeout(20):
        with capture_logs() as logged:
            await clock.advance(10 * EVERY)
            assert (await exporter.samples()).value(SUCCESSFUL) == 0
            assert len(looks) == 1
            # on a busy machine what does not hang takes as long
            monkeypatch.setattr(reloading, "READ_TIMEOUT", 30.0)
            answers.set()
            await clock.advance(2 * EVERY)
        assert (await exporter.samples()).value(SUCCESSFUL) == 1
    assert exporter.started("stays") == [0, 300]
    events = [line for line in logged if line["event"] in (RELOADED, REFUSED)]
    assert [line["event"] for line in events] == [REFUSED, RELOADED]
    assert "could not be read within 0.05 s" in events[0]["problem"]


@pytest.mark.parametrize("seconds", [29, 31, 32])
async def test_what_somebody_else_has_reloaded_is_not_reloaded_again(tmp_path: Path, seconds: float) -> None:
    """If a request comes before, between or after the looks that find a change, then it is read once."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", auto_reload=EVERY) as (exporter, file):
        with capture_logs() as logged:
            file.write("stays", "comes")
            await clock.advance(seconds)
            if seconds < EVERY + 2:
                assert await exporter.reload() == (200, "reloaded\n")
            await clock.advance(10 * EVERY)
        assert exporter.polled() == ["stays", "comes"]
    assert sum(line["event"] == RELOADED for line in logged) == 1


async def test_requests_and_looks_that_come_together_reload_once_each_content(tmp_path: Path) -> None:
    """If a request is under way while the looks find the same change, then they have nothing left to do."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", "goes", auto_reload=EVERY) as (exporter, file):
        await clock.advance(299)
        exporter.simulator.delay = 0.3
        clock.jump(2)
        await exporter.simulator.until(in_flight=1)
        with capture_logs() as logged:
            file.write("stays", "goes", stays={"interval": "10m"})
            request = asyncio.create_task(exporter.reload())
            await clock.advance(EVERY)
            assert await request == (200, "reloaded\n")
            await clock.advance(EVERY)
    assert sum(line["event"] == RELOADED for line in logged) == 1


async def test_a_request_that_was_refused_is_tried_again(tmp_path: Path) -> None:
    """If a request met a bad file, then its errors are told for that request alone, and its repair takes effect."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", auto_reload=EVERY) as (exporter, file):
        with capture_logs() as logged:
            file.write("stays", "comes", comes={"interval": "soon"})
            assert (await exporter.reload())[0] == 500
            await clock.advance(5 * EVERY)
            assert (await exporter.reload())[0] == 500
            await clock.advance(5 * EVERY)
            file.write("stays", "comes")
            await clock.advance(EVERY + 3)
        assert exporter.polled() == ["stays", "comes"]
    assert [line["event"] for line in logged if line["event"] in (RELOADED, REFUSED)] == [REFUSED, REFUSED, RELOADED]


async def test_nothing_is_looked_at_unless_that_is_enabled(tmp_path: Path) -> None:
    """If the flag is missing, then a changed file waits for somebody to ask."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays") as (exporter, file):
        file.write("stays", "comes")
        await clock.advance(1000)
        assert exporter.polled() == ["stays"]
