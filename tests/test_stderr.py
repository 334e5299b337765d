"""What becomes of the exporter, and of its log, when nobody reads the log."""

import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from support.processes import EXPORTER, GRACE, PATIENCE, config_file, environment, run
from support.samples import Samples
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.runtime.stderr import CAPACITY
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

FILLING = b"x" * 99 + b"\n"
DROPPED = "wolkvox_exporter_log_lines_dropped_total"
EVERY_SECOND = {"interval": "1s", "amd_interval": "1s"}
ERRORS = 300
# a log of its own lines, then a bug, then what the interpreter says of a destructor at its very end
ENDING = """\
import sys, structlog
from wolkvox_exporter.runtime import logs, stderr

stderr.write_in_background(logs.report_dropped)
logs.configure("info", "logfmt")

class Last:
    def __del__(self):
        raise RuntimeError("a destructor")

last, log = Last(), structlog.get_logger()
for number in range(int(sys.argv[1])):
    log.info("line", number=number)
print("not a log line", file=sys.stderr)
raise RuntimeError("a bug")
"""


@contextmanager
def full_pipe() -> Iterator[tuple[int, int]]:
    """Give both ends of a pipe that takes not a byte more, the one to read from and the one to write to."""
    reader, writer = os.pipe()
    try:
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(writer, False)
        with suppress(BlockingIOError):
            while True:
                os.write(writer, FILLING)
        os.set_blocking(writer, True)
        yield reader, writer
    finally:
        os.close(reader)
        os.close(writer)


@asynccontextmanager
async def started(stderr: int, *arguments: str | Path) -> AsyncIterator[Process]:
    """Run a program meanwhile, whose stderr is this file."""
    process = await asyncio.create_subprocess_exec(
        *map(str, arguments), stdout=DEVNULL, stderr=stderr, env=environment()
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ended(process: Process, within: float = GRACE) -> int:
    """Return the exit code; an error if it is late."""
    async with asyncio.timeout(within):
        return await process.wait()


@asynccontextmanager
async def centre(folder: Path) -> AsyncIterator[Path]:
    """Serve a simulated operation, and write the configuration that polls it every second."""
    simulator = Simulator([Operation("ventas-co", ("a-token",), [Campaign("1", "A", records=9)])], SystemClock())
    async with simulator.serving() as base_url:
        yield config_file(folder, base_url, {"ventas-co": {"token": "a-token"}}, **EVERY_SECOND)


def flags(config: Path) -> tuple[tuple[str, ...], str]:
    """Return the flags of an exporter, and the address that it will have."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    given = (f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle")
    return (*given, "--log.format=json"), f"http://127.0.0.1:{port}"


async def scraped(url: str, shows: Callable[[Samples], bool]) -> Samples:
    """Return a scrape as soon as it shows what is wanted; an error if that takes too long."""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession(raise_for_status=True) as session:
        while True:
            with suppress(aiohttp.ClientConnectorError):
                async with session.get(f"{url}/metrics") as response:
                    if shows(samples := Samples(await response.text())):
                        return samples
            await asyncio.sleep(0.1)


def polls(samples: Samples) -> float:
    """Return how many polls of the campaigns report there were."""
    return samples.value("wolkvox_polls_total", report="campaigns") or 0


def spoil(config: Path, errors: int) -> None:
    """Put so many errors into a configuration."""
    with config.open("a") as file:
        file.writelines(f"mistake_{number}: 1\n" for number in range(errors))


async def reload_badly(url: str, times: int) -> None:
    """Let the exporter refuse a configuration so many times; each time it logs a line for each of its errors."""
    async with aiohttp.ClientSession() as session:
        for _ in range(times):
            async with session.post(f"{url}/-/reload") as response:
                assert (response.status, (await response.text()).count("\n")) == (500, ERRORS + 1)


@asynccontextmanager
async def reading(reader: int) -> AsyncIterator[asyncio.StreamReader]:
    """Read from a pipe meanwhile."""
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(os.dup(reader), "rb")
    )
    try:
        yield stream
    finally:
        transport.close()


async def lines_until(stream: asyncio.StreamReader, words: str) -> list[str]:
    """Return the lines of a log up to one with these words, without what had filled the pipe."""
    lines = [""]
    async with asyncio.timeout(PATIENCE):
        while words not in lines[-1]:
            lines.append((await stream.readline()).decode())
    return [line for line in lines[1:] if line.encode() != FILLING]


async def test_nothing_waits_for_a_reader(tmp_path: Path) -> None:
    """If nobody reads stderr, then start, polls, pages and reloads go on, and lost lines are counted and told."""
    async with centre(tmp_path) as config:
        arguments, url = flags(config)
        with full_pipe() as (reader, writer):
            async with started(writer, *EXPORTER, *arguments) as exporter:
                before = polls(await scraped(url, lambda samples: polls(samples) > 0))
                spoil(config, ERRORS)
                await reload_badly(url, 4)
                await scraped(url, lambda samples: polls(samples) > before + 1)
                async with reading(reader) as stream:
                    told = [json.loads(line) for line in await lines_until(stream, "log lines dropped")]
                    await scraped(url, lambda samples: samples.value(DROPPED) == told[-1]["lines"])
                    exporter.send_signal(signal.SIGTERM)
                    last = (await lines_until(stream, '"stopping"'))[-1]
                    assert await ended(exporter) == 0
    # and what came while they were read
    assert CAPACITY < len(told) <= CAPACITY + 10
    assert told[-1]["lines"] >= 4 * ERRORS - CAPACITY
    assert json.loads(last)["level"] == "info"


async def test_a_full_stderr_keeps_no_exporter_from_its_end(tmp_path: Path) -> None:
    """If nobody reads a full stderr, then SIGTERM ends the exporter in time, and so does an error at its start."""
    async with centre(tmp_path) as config:
        arguments, url = flags(config)
        with full_pipe() as (_, writer):
            async with started(writer, *EXPORTER, *arguments) as exporter:
                await scraped(url, lambda samples: polls(samples) > 0)
                exporter.send_signal(signal.SIGTERM)
                assert await ended(exporter) == 0
            async with started(writer, *EXPORTER, "--config.file=nowhere") as exporter:
                assert await ended(exporter, within=PATIENCE) == 1


CLOSED = {
    "closed": ("sh", "-c", 'exec "$@" 2>&-', "--"),
    "read only": ("sh", "-c", 'exec "$@" 2</dev/null', "--"),
    "disk full": ("sh", "-c", 'exec "$@" 2>/dev/full', "--"),
}


@pytest.mark.parametrize("prefix", CLOSED.values(), ids=CLOSED)
async def test_a_stderr_that_cannot_be_written_harms_nothing(tmp_path: Path, prefix: tuple[str, ...]) -> None:
    """If stderr is closed, or takes nothing, then the exporter polls, answers and ends as ever."""
    async with centre(tmp_path) as config:
        arguments, url = flags(config)
        async with started(DEVNULL, *prefix, *EXPORTER, *arguments) as exporter:
            await scraped(url, lambda samples: polls(samples) > 1)
            exporter.send_signal(signal.SIGTERM)
            assert await ended(exporter) == 0


async def test_a_reader_that_has_gone_harms_nothing(tmp_path: Path) -> None:
    """If the log's reader ends, then lines are lost and counted, and the exporter goes on."""
    async with centre(tmp_path) as config:
        arguments, url = flags(config)
        reader, writer = os.pipe()
        async with started(writer, *EXPORTER, *arguments) as exporter:
            os.close(writer)
            await scraped(url, lambda samples: samples.value(DROPPED) == 0)
            os.close(reader)
            spoil(config, ERRORS)
            await reload_badly(url, 1)
            await scraped(url, lambda samples: (samples.value(DROPPED) or 0) >= ERRORS)
            exporter.send_signal(signal.SIGTERM)
            assert await ended(exporter) == 0


@pytest.mark.parametrize("number", [10, CAPACITY - 50])
async def test_what_was_written_before_the_end_arrives(number: int) -> None:
    """If a process ends, even by a bug, then all that it has written until then arrives, in its order."""
    finished = await run(sys.executable, "-c", ENDING, str(number))
    lines = finished.err.splitlines()
    assert [line.partition("number=")[2] for line in lines[:number]] == [str(each) for each in range(number)]
    assert lines[number : number + 2] == ["not a log line", "Traceback (most recent call last):"]
    assert "RuntimeError: a bug" in lines
    assert finished.code == 1


async def test_a_bug_at_a_full_stderr_ends_the_process() -> None:
    """If a process ends by a bug while nobody reads, then it ends in time all the same."""
    with full_pipe() as (_, writer):
        async with started(writer, sys.executable, "-c", ENDING, "10") as process:
            assert await ended(process) == 1


async def test_a_stderr_that_does_not_block_is_waited_for() -> None:
    """If somebody has made stderr non-blocking, then a reader that is slow still gets every line."""
    with full_pipe() as (reader, writer):
        os.set_blocking(writer, False)
        async with started(writer, sys.executable, "-c", ENDING, "500") as process, reading(reader) as stream:
            lines = await lines_until(stream, "RuntimeError: a bug")
            assert await ended(process) == 1
    assert [line.rpartition("number=")[2] for line in lines[:500]] == [f"{number}\n" for number in range(500)]


async def test_a_command_waits_for_whoever_reads_its_findings(tmp_path: Path) -> None:
    """If `check` finds more than a pipe and a queue take, then a reader who comes late gets all of it."""
    config, errors = tmp_path / "config.yaml", CAPACITY + 200
    spoil(config, errors)
    with full_pipe() as (reader, writer):
        async with started(writer, *EXPORTER, "check", f"--config.file={config}") as check:
            with suppress(TimeoutError):
                async with asyncio.timeout(3):
                    await check.wait()
            assert check.returncode is None
            async with reading(reader) as stream:
                lines = await lines_until(stream, f"config.yaml:{errors}: ")
                assert await ended(check) == 1
    # and one for what is missing
    assert len(lines) == errors + 1
