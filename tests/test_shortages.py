"""What the machine runs short of: files and sockets, and names that resolve."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp

from support.processes import PATIENCE, config_file, require, serving
from support.samples import Samples
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

TOKEN = "canary-5f0c3b1d9e"
FEW_FILES = ("sh", "-c", 'ulimit -n 64; exec "$@"', "--")
EVERY_SECOND = {"interval": "1s", "amd_interval": "1s"}
NAME = "wv0042.wolkvox.test"
NAME_SERVER = "127.9.9.9"
NO_MOUNTS = "no own mounts may be made here; run the tests as root"


@asynccontextmanager
async def centre(folder: Path, host: str = "127.0.0.1") -> AsyncIterator[tuple[Simulator, Path]]:
    """Serve a simulated operation, and write the configuration that polls it every second under this name."""
    simulator = Simulator([Operation("ventas-co", (TOKEN,), [Campaign("4875", "Ventas", records=100)])], SystemClock())
    async with simulator.serving() as base_url:
        keys = {"ventas-co": {"token": TOKEN}}
        yield simulator, config_file(folder, base_url.replace("127.0.0.1", host), keys, **EVERY_SECOND)


async def scraped(url: str, up: float) -> Samples:
    """Return a scrape as soon as both reports are up or down; an error after 30 s."""
    async with asyncio.timeout(30), aiohttp.ClientSession(raise_for_status=True) as session:
        while True:
            async with session.get(f"{url}/metrics") as response:
                samples = Samples(await response.text())
            if samples.values("wolkvox_up") == [up, up]:
                return samples
            await asyncio.sleep(0.1)


@contextmanager
def crowd(url: str, number: int) -> Iterator[None]:
    """Hold so many connections to the exporter meanwhile."""
    port = int(url.rpartition(":")[2])
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        yield


async def test_it_survives_a_crowd_that_takes_all_its_files(tmp_path: Path) -> None:
    """If clients hold every file it may open, then polls fail for a while, in few lines and little CPU, and heal."""
    async with centre(tmp_path) as (simulator, config), serving(config, *FEW_FILES) as (exporter, url):
        await scraped(url, up=1)
        lines, seconds = len(exporter.err), exporter.processor_seconds
        with crowd(url, 100):
            await exporter.line("Too many open files")
            await asyncio.sleep(3)
        told = [json.loads(line) for line in exporter.err[lines:]]
        assert exporter.processor_seconds - seconds < 1
        await scraped(url, up=1)
    assert [line["msg"] for line in told].count("connections cannot be accepted") == 1
    assert {line["msg"] for line in told} <= {
        "connections cannot be accepted",
        "call ended",
        "poll failed",
        "poll succeeded",
    }
    failed = [line for line in told if "Too many open files" in line.get("error", "")]
    assert failed
    assert all("limit of open files" in line["error"] + line["remedy"] for line in failed)
    assert "Traceback" not in exporter.text
    assert not any(call.overlapped for call in simulator.calls)


async def test_a_name_that_resolves_again_is_found_again(tmp_path: Path) -> None:
    """If DNS fails for a while, then that is a failed connection with a remedy of its own, and heals by itself."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")
    own_hosts = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts))
    await require(NO_MOUNTS, *own_hosts, "true")
    async with centre(tmp_path, NAME) as (_, config), serving(config, *own_hosts) as (exporter, url):
        failed = json.loads(await exporter.line("poll failed"))
        assert (failed["reason"], "DNS" in failed["remedy"]) == ("connection", True)
        await scraped(url, up=0)
        hosts.write_text(f"127.0.0.1 localhost {NAME}\n")
        await scraped(url, up=1)


@contextmanager
def silent_name_server() -> Iterator[socket.socket]:
    """Give the socket of a name server that hears every question and answers none."""
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind((NAME_SERVER, 53))
        server.settimeout(PATIENCE)
        yield server


async def test_a_name_server_without_an_answer_holds_nothing_up(tmp_path: Path) -> None:
    """If a name is looked up in vain for minutes, then polls fail in time, and SIGTERM ends the process in seconds."""
    settings = tmp_path / "resolv.conf"
    settings.write_text(f"nameserver {NAME_SERVER}\noptions timeout:30 attempts:5\n")
    own_servers = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', str(settings))
    await require(NO_MOUNTS, *own_servers, "true")
    with silent_name_server() as server:
        async with centre(tmp_path, NAME) as (_, config), serving(config, *own_servers) as (exporter, _):
            failed = json.loads(await exporter.line("poll failed"))
            assert NAME.partition(".")[0].encode() in server.recv(512)
            said = "no answer about the server's name within the time allowed"
            assert (failed["reason"], failed["error"]) == ("connection", said)
            assert await exporter.end(signal.SIGTERM) == 0
    assert "Traceback" not in exporter.text
