"""What systemd is told, over real sockets."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from support.clock import ManualClock
from support.processes import PATIENCE, config_file, serving
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.app.status import status
from wolkvox_exporter.config import Config
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.runtime.systemd import STATUS_EVERY, ServiceManager
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

TOKEN = "canary-8d1e6b20c4"
FAST = "WATCHDOG_USEC=400000"
MINUTE = str(60_000_000)


class Inbox:
    """The service manager's end: keeps every message, in order."""

    def __init__(self, address: str) -> None:
        self.messages: list[str] = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        self.socket.bind(address)

    def read(self) -> list[str]:
        """Return what has come since the last look."""
        new = []
        try:
            while True:
                new.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            self.messages += new
            return new

    async def until(self, words: str) -> str:
        """Return the next message with these words; an error if none comes."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message = (await asyncio.get_running_loop().sock_recv(self.socket, 4096)).decode()
                self.messages.append(message)
                if words in message:
                    return message


@asynccontextmanager
async def centre(folder: Path) -> AsyncIterator[tuple[Simulator, Path]]:
    """Serve a simulated operation, and write the configuration that polls it."""
    simulator = Simulator([Operation("ventas-co", (TOKEN,), [Campaign("4875", "Ventas", records=100)])], SystemClock())
    async with simulator.serving() as base_url:
        yield simulator, config_file(folder, base_url, {"ventas-co": {"token": TOKEN}})


async def test_it_is_ready_as_soon_as_it_answers(tmp_path: Path) -> None:
    """If the API hangs while the service starts, then systemd is told at once that the pages are there."""
    address = str(tmp_path / "notify")
    async with centre(tmp_path) as (simulator, config):
        simulator.inject(Fault.STALL)
        with closing((inbox := Inbox(address)).socket):
            async with serving(config, "env", f"NOTIFY_SOCKET={address}") as (_, url):
                assert await inbox.until("READY=1") == "READY=1"
                host, port = url.removeprefix("http://").split(":")
                socket.create_connection((host, int(port)), timeout=PATIENCE).close()
                assert await inbox.until("STATUS=") == "STATUS=1 operation, 1 not polled yet"


async def test_it_shows_signs_of_life_and_says_how_polling_goes(tmp_path: Path) -> None:
    """If the token is refused, then `systemctl status` says whose and why, and the service is alive all the same."""
    address = f"@wolkvox-exporter-test-{os.getpid()}"
    async with centre(tmp_path) as (simulator, config):
        simulator.inject(Fault.TOKEN_REFUSED)
        with closing((inbox := Inbox(address.replace("@", "\0"))).socket):
            async with serving(config, "env", f"NOTIFY_SOCKET={address}", FAST) as (exporter, _):
                assert await inbox.until("failing") == "STATUS=1 operation, failing: ventas-co (token)"
                assert await inbox.until("WATCHDOG=1") == await inbox.until("WATCHDOG=1") == "WATCHDOG=1"
                assert await exporter.end(signal.SIGTERM) == 0
            inbox.read()
    assert inbox.messages[0] == "READY=1"
    assert inbox.messages[-1] == "STOPPING=1\nSTATUS=stopping"
    assert TOKEN not in "".join(inbox.messages)


@pytest.mark.parametrize(("key", "said"), [("interval", "reloaded"), ("intervall", "not reloaded")])
async def test_a_reload_begins_and_ends_for_systemd(tmp_path: Path, key: str, said: str) -> None:
    """If the service is reloaded, with a good configuration or a bad one, then systemd sees it begin and end."""
    address = str(tmp_path / "notify")
    async with centre(tmp_path) as (_, config):
        with closing((inbox := Inbox(address)).socket):
            async with serving(config, "env", f"NOTIFY_SOCKET={address}") as (exporter, _):
                await inbox.until("READY=1")
                config.write_text(f"{key}: 7m\n{config.read_text()}")
                os.kill(exporter.pid, signal.SIGHUP)
                await inbox.until("RELOADING=1")
                await inbox.until("READY=1")
                await exporter.line(f"configuration {said}")


@pytest.mark.parametrize("address", ["/nowhere/notify", "vsock:2:1", "@nobody-listens-here", f"/{'long' * 50}"])
async def test_nobody_who_listens_is_no_trouble(tmp_path: Path, address: str) -> None:
    """If the service manager cannot be told, then the exporter serves and ends as ever."""
    async with centre(tmp_path) as (_, config), serving(config, "env", f"NOTIFY_SOCKET={address}", FAST) as (it, _):
        await it.line("cannot be told")
        await it.line('"amd"')
        assert await it.end(signal.SIGTERM) == 0
    assert "Traceback" not in it.text


@pytest.mark.parametrize("address", [None, "@nobody-listens-here"])
async def test_nothing_is_said_where_nobody_was_named_who_listens(address: str | None) -> None:
    """If there is no service manager, then no line about polling is made for it every few seconds."""
    exporter = Exporter(Config((), ()), ManualClock(), manager=ServiceManager(address))
    async with exporter.running(Listen([("127.0.0.1", 0)])):
        names = {task.get_name() for task in asyncio.all_tasks()}
    assert ("service manager" in names) == (address is not None)


async def test_a_dead_worker_is_told_and_does_not_end_the_others(tmp_path: Path) -> None:
    """If a worker has died, then systemd is told, and leaves the others alone: the worker is started anew by itself."""
    address, clock, live = str(tmp_path / "notify"), ManualClock(), [True]
    manager = ServiceManager(address, watchdog=10)
    with closing((inbox := Inbox(address)).socket):
        watching = asyncio.create_task(manager.watch(clock, lambda: status([], is_live=live[0])))
        await clock.advance(20)
        # one at the start and one each half of ten seconds
        assert inbox.read().count("WATCHDOG=1") == 5
        live[0] = False
        await clock.advance(20)
        told = inbox.read()
        assert told.count("STATUS=a worker has died; see the log") == 1
        assert told.count("WATCHDOG=1") == 4
        watching.cancel()


def test_a_bad_configuration_is_told_until_it_is_good() -> None:
    """If the last reload was refused, then whoever asks systemd how it goes reads that."""
    assert (
        status([], is_live=True, config_loaded=False) == "0 operations, the changed configuration is bad, see the log"
    )
    assert status([], is_live=True) == "0 operations, none failing"


async def test_without_a_watchdog_only_news_is_told(tmp_path: Path) -> None:
    """If the unit has no WatchdogSec, then nothing is sent as long as nothing changes."""
    address, clock = str(tmp_path / "notify"), ManualClock()
    with closing((inbox := Inbox(address)).socket):
        watching = asyncio.create_task(ServiceManager(address).watch(clock, lambda: status([], is_live=True)))
        await clock.advance(10 * STATUS_EVERY)
        watching.cancel()
        assert inbox.read() == ["STATUS=0 operations, none failing"]


def test_a_reload_is_told_as_systemd_wants_it(tmp_path: Path) -> None:
    """If the configuration is read again, then its begin carries the instant that systemd compares with."""
    address = str(tmp_path / "notify")
    with closing((inbox := Inbox(address)).socket):
        before = time.monotonic_ns() // 1000
        manager = ServiceManager(address)
        manager.reloading()
        manager.ready()
        (reloading, ready) = inbox.read()
    first, second = reloading.splitlines()
    assert (first, ready) == ("RELOADING=1", "READY=1")
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000


@pytest.mark.parametrize(
    ("microseconds", "pid", "period"),
    [
        (MINUTE, "", STATUS_EVERY),
        ("4000000", "", 2),
        ("4000000", "this", 2),
        ("4000000", "1", STATUS_EVERY),
        ("0", "", STATUS_EVERY),
        ("", "", STATUS_EVERY),
        ("soon", "", STATUS_EVERY),
    ],
)
def test_the_environment_is_taken_over(
    monkeypatch: pytest.MonkeyPatch, microseconds: str, pid: str, period: float
) -> None:
    """If systemd watches this very process, then signs come at half its time, and no child inherits this."""
    pid = str(os.getpid()) if pid == "this" else pid
    given = {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": microseconds, "WATCHDOG_PID": pid}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert ServiceManager.from_environment().period == period
    assert not given.keys() & os.environ.keys()
