"""Signals that come at any moment of a process's life, and more than one of them."""

import asyncio
import os
import re
import signal
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path

import pytest

from docs.generate import ROOT
from support.processes import EXPORTER, GRACE, PATIENCE, Program, config_file, opened, program, run, serving
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

TERM, INT, HUP = signal.SIGTERM, signal.SIGINT, signal.SIGHUP
STORMS = {"SIGTERM": [TERM], "SIGINT": [INT], "all": [TERM, HUP, INT]}
BLOCKED = re.compile(r"^SigBlk:\t(\w+)$", re.MULTILINE)
CAUGHT = re.compile(r"^SigCgt:\t(\w+)$", re.MULTILINE)
# imports what the installed command does, and says which signals wait when the first library is read
ENTRY = """\
import importlib, signal, sys

class First:
    def find_spec(name, path=None, target=None):
        if name in ("aiohttp", "pydantic", "structlog"):
            print(sorted(number.name for number in signal.pthread_sigmask(signal.SIG_BLOCK, ())))
            sys.exit()

sys.meta_path.insert(0, First)
importlib.import_module(sys.argv.pop(1)).main()
"""


# the signal reaches another thread, so that the one that sleeps in the event loop is not interrupted
ELSEWHERE = """\
import asyncio, signal, threading, time
from wolkvox_exporter.runtime.signals import stopped_by_signals

def elsewhere():
    time.sleep(0.5)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

async def main():
    with stopped_by_signals() as stop:
        threading.Thread(target=elsewhere).start()
        await stop.wait()

asyncio.run(main())
print("stopped")
"""


@asynccontextmanager
async def centre(folder: Path) -> AsyncIterator[tuple[Simulator, Path]]:
    """Serve a simulated operation, and write the configuration that polls it."""
    simulator = Simulator([Operation("ventas-co", ("a-token",), [Campaign("1", "A", records=9)])], SystemClock())
    async with simulator.serving() as base_url:
        yield simulator, config_file(folder, base_url, {"ventas-co": {"token": "a-token"}})


def handles(running: Program, number: signal.Signals) -> bool:
    """Return whether a program knows what to do about a signal, or has put it off."""
    status = Path(f"/proc/{running.pid}/status").read_text()
    masks = [int(found.group(1), 16) for found in (BLOCKED.search(status), CAUGHT.search(status)) if found]
    return any(mask & 1 << (number - 1) for mask in masks)


async def begun(running: Program) -> None:
    """Wait until a program has read its own first lines; before, the interpreter knows of no signal."""
    async with asyncio.timeout(PATIENCE):
        while not handles(running, TERM):  # noqa: ASYNC110 - there is nothing to wait for
            await asyncio.sleep(0.001)


async def storm(running: Program, numbers: list[signal.Signals], within: float = GRACE) -> int:
    """Send these signals over and over until the program has ended; returns its exit code."""
    ending = asyncio.create_task(running.end(numbers[0], within=within))
    for number in cycle(numbers):
        if ending.done():
            break
        try:
            os.kill(running.pid, number)
        except ProcessLookupError:
            break
        await asyncio.sleep(0.0003)
    return await ending


async def test_signals_wait_while_the_program_is_read() -> None:
    """If the command is started, then signals wait before anything is read that takes time."""
    command = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["wolkvox-exporter"]
    read = await run(sys.executable, "-c", ENTRY, command.partition(":")[0])
    assert read.out == "['SIGHUP', 'SIGINT', 'SIGTERM']\n"


@pytest.mark.parametrize("numbers", STORMS.values(), ids=STORMS)
async def test_a_storm_of_signals_ends_it_in_order(tmp_path: Path, numbers: list[signal.Signals]) -> None:
    """If signals to end come over and over, then the exporter ends in order, to the interpreter's very end."""
    async with centre(tmp_path) as (_, config), serving(config) as (exporter, _):
        assert await storm(exporter, numbers) == 0
    # an answer that is there at that moment may be told of afterwards
    assert exporter.text.count('"stopping"') == 1
    assert "Traceback" not in exporter.text
    assert "Exception ignored" not in exporter.text


@pytest.mark.parametrize("numbers", STORMS.values(), ids=STORMS)
async def test_a_storm_from_the_start_ends_it_in_order(tmp_path: Path, numbers: list[signal.Signals]) -> None:
    """If signals to end come from the first line of the program on, then it has ended before it listens."""
    async with centre(tmp_path) as (_, config), program(*EXPORTER, f"--config.file={config}") as exporter:
        await begun(exporter)
        assert await storm(exporter, numbers, within=PATIENCE) == 0
    assert exporter.text == ""


@pytest.mark.parametrize("seconds", [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1])
async def test_a_signal_at_any_moment_of_the_start_ends_it(tmp_path: Path, seconds: float) -> None:
    """If one signal to end comes while the exporter starts, then it ends with exit code 0, and without a traceback."""
    async with centre(tmp_path) as (_, config):
        flags = (f"--config.file={config}", "--web.listen-address=127.0.0.1:0")
        async with program(*EXPORTER, *flags) as exporter:
            await begun(exporter)
            await asyncio.sleep(seconds)
            assert await exporter.end(TERM, within=PATIENCE) == 0
    assert all(line.startswith("ts=") for line in exporter.err)


@pytest.mark.parametrize("number", [TERM, INT])
async def test_a_configuration_that_hangs_keeps_no_signal_waiting(tmp_path: Path, number: signal.Signals) -> None:
    """If reading the configuration hangs, then a signal ends the start all the same, and a reload does not."""
    config = tmp_path / "config.yaml"
    os.mkfifo(config)
    async with program(*EXPORTER, f"--config.file={config}") as exporter:
        with await opened(config):
            exporter.send(HUP)
            assert await exporter.end(number, within=PATIENCE) == 0
    assert exporter.text == ""


async def test_a_signal_wakes_a_loop_that_sleeps() -> None:
    """If a signal does not interrupt the loop's sleep, then the loop wakes up all the same, and at once."""
    assert (await run(sys.executable, "-c", ELSEWHERE)).out == "stopped\n"


@pytest.mark.parametrize("command", ["demo", "simulate"])
async def test_a_storm_ends_the_simulating_commands_too(command: str) -> None:
    """If signals to end come over and over, then demo and simulator end in order as well."""
    async with program(*EXPORTER, command, "--web.listen-address=127.0.0.1:0") as running:
        await running.line("Ctrl-C ends it.")
        assert await storm(running, [TERM, INT]) == 0
    assert "Traceback" not in running.text


async def test_a_command_that_has_not_done_its_work_does_not_say_so(tmp_path: Path) -> None:
    """If `once` or `check` is told to end, then no exit code of 0 claims that all was well."""
    async with centre(tmp_path) as (simulator, config):
        simulator.inject(Fault.STALL)
        async with program(*EXPORTER, "once", f"--config.file={config}") as once, asyncio.timeout(PATIENCE):
            await simulator.until(in_flight=1)
            assert await once.end(TERM, within=PATIENCE) == -TERM
        for number, code in ((TERM, -TERM), (INT, 130)):
            async with program(*EXPORTER, "check", f"--config.file={config}") as check:
                await begun(check)
                assert await check.end(number, within=PATIENCE) == code
            assert check.text == ""
