"""The web configuration file while it runs: on a disk that hangs, or replaced by what no configuration is."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from support.canary import debug_log
from support.certificates import Authority
from support.clock import ManualClock
from support.web import TLS, USERS, guarded, status, written
from wolkvox_exporter.config import ConfigError
from wolkvox_exporter.web.toolkit import web_config
from wolkvox_exporter.web.toolkit.watcher import LOOK_EVERY, WatchedConfig
from wolkvox_exporter.web.toolkit.web_config import WebConfig

LIMIT = "rate_limit: {interval: 0, burst: 1}\n"


class Share:
    """Reads the file as usual, or, while it is told to hang, not before it is told to go on."""

    def __init__(self) -> None:
        self.reads = 0
        self.answers = threading.Event()
        self.answers.set()

    def __call__(self, path: Path) -> WebConfig:
        """Read."""
        self.reads += 1
        self.answers.wait()
        return web_config.load(path)


@pytest.mark.parametrize("name", ["web.yaml", "server.crt", "server.key"])
async def test_a_pipe_in_the_place_of_a_file_closes_the_door(tmp_path: Path, name: str) -> None:
    """If a pipe takes the place of a file, then nobody is let in, nothing waits for its other end, and a file opens."""
    Authority(tmp_path).write(tmp_path)
    # plain connections, so that the answer can be seen
    async with guarded(tmp_path, USERS, clock := ManualClock()) as port:
        written(tmp_path, TLS + USERS)
        clock.jump(LOOK_EVERY)
        assert await status(port) == 401
        kept = (tmp_path / name).rename(tmp_path / "kept")
        os.mkfifo(tmp_path / name)
        clock.jump(LOOK_EVERY)
        assert await status(port) == 500
        kept.replace(tmp_path / name)
        clock.jump(LOOK_EVERY)
        assert await status(port) == 401


async def test_a_pipe_is_no_file_at_the_start(tmp_path: Path) -> None:
    """If the file is a pipe at the start, then that is told at once, since it could not be read a second time."""
    os.mkfifo(tmp_path / "web.yaml")
    with pytest.raises(ConfigError, match=r"web\.yaml:1: the file cannot be read \(it is no regular file\)"):
        web_config.load(tmp_path / "web.yaml")


async def test_a_file_that_cannot_be_read_in_time_closes_the_door(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """If the files hang, then nobody is let in until they answer, one thread waits, and the loop goes on."""
    share, clock = Share(), ManualClock()
    watched = WatchedConfig(written(tmp_path, USERS), clock, share, patience=0.2)
    with debug_log("logfmt"):
        share.answers.clear()
        written(tmp_path, USERS + LIMIT)
        clock.jump(LOOK_EVERY)
        assert await asyncio.gather(*(watched.current() for _ in range(20))) == [None] * 20
        # at once now: nobody waits for what hangs
        async with asyncio.timeout(2):
            for _ in range(20):
                clock.jump(LOOK_EVERY)
                assert await watched.current() is None
        assert share.reads == 2
        share.answers.set()
        found = await _opened(watched, clock)
    assert found.settings.rate_limit is not None
    logged = capfd.readouterr().err
    assert (logged.count("cannot be read in time"), logged.count("web configuration read")) == (1, 1)


async def _opened(watched: WatchedConfig, clock: ManualClock) -> WebConfig:
    async with asyncio.timeout(5):
        while not (found := await watched.current()):
            await asyncio.sleep(0.01)
            clock.jump(LOOK_EVERY)
    return found


async def test_a_look_outlives_whoever_asked_first(tmp_path: Path) -> None:
    """If the client whose request led to a look is gone, then the others get its result."""
    share, clock = Share(), ManualClock()
    watched = WatchedConfig(written(tmp_path, USERS), clock, share)
    share.answers.clear()
    written(tmp_path, USERS + LIMIT)
    clock.jump(LOOK_EVERY)
    first, second = (asyncio.create_task(watched.current()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    share.answers.set()
    found = await second
    assert found
    assert found.settings.rate_limit is not None
    assert share.reads == 2


async def test_a_burst_of_requests_looks_once(tmp_path: Path) -> None:
    """If many requests come within a second, then the files are looked at once."""
    share, clock = Share(), ManualClock()
    watched = WatchedConfig(written(tmp_path, USERS), clock, share)
    written(tmp_path, USERS + LIMIT)
    clock.jump(LOOK_EVERY / 2)
    before = [await watched.current() for _ in range(5)]
    clock.jump(LOOK_EVERY / 2)
    after = await asyncio.gather(*(watched.current() for _ in range(5)))
    assert [bool(config and config.settings.rate_limit) for config in (*before, *after)] == [False] * 5 + [True] * 5
    assert share.reads == 2


async def test_where_no_thread_can_be_started_the_door_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """If no thread can be had to look at the files, then nobody is let in until one can, and that is told once."""

    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with debug_log("logfmt"):
        async with guarded(tmp_path, LIMIT, clock := ManualClock()) as port:
            with monkeypatch.context() as patched:
                patched.setattr(threading.Thread, "start", refused)
                clock.jump(LOOK_EVERY)
                assert [await status(port), await status(port)] == [500, 500]
            assert await status(port) == 200
    assert capfd.readouterr().err.count("no thread can be started") == 1


async def test_a_bug_in_a_look_closes_the_door(tmp_path: Path) -> None:
    """If a bug ends a look, then it is raised for each request until a look succeeds, and lets nobody in."""
    clock = ManualClock()
    loads = iter([web_config.load, None, None, web_config.load])

    def load(path: Path) -> WebConfig:
        chosen = next(loads)
        if chosen is None:
            raise ZeroDivisionError
        return chosen(path)

    watched = WatchedConfig(written(tmp_path, USERS), clock, load)
    written(tmp_path, USERS + LIMIT)
    clock.jump(LOOK_EVERY)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await watched.current()
    assert await watched.current()
