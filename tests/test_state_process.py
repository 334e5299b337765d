"""A running exporter whose state is damaged, locked, or cannot be written."""

import json
import os
import resource
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.operations import TOKEN
from support.processes import EXPORTER, config_file, run, serving
from test_process import scraped
from test_state_files import kept_files
from wolkvox_exporter.cli.commands import main
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

FAILURES = "wolkvox_state_write_failures_total"
NO_PATH = "this is no path of a folder; write one such as /var/lib/wolkvox-exporter, or remove the key"
UNWRITABLE = "the folder cannot be written or created; name one that is writable for the exporter"
LIMITED = ("env", "PYTHONDONTWRITEBYTECODE=1", "sh", "-c", 'ulimit -S -f 1; exec "$@"', "sh")
"""Runs a program that may write no file larger than a block of 512 bytes; the limit can be lifted.

Python would cut the bytecode of what it imports off there, for whoever imports it next.
"""


@asynccontextmanager
async def centre(folder: Path, **keys: str) -> AsyncIterator[tuple[Simulator, Path]]:
    """Serve a simulated operation, and write the configuration that polls it every second."""
    campaigns = [Campaign(f"{4000 + number}", "Ventas", records=100) for number in range(20)]
    simulator = Simulator([Operation("ventas-co", (TOKEN,), campaigns)], SystemClock())
    every_second = {"interval": "1s", "amd_interval": "1s"}
    async with simulator.serving() as base_url:
        yield simulator, config_file(folder, base_url, {"ventas-co": {"token": TOKEN}}, **every_second, **keys)


async def test_a_full_disk_stops_nothing_and_is_told_of_once(tmp_path: Path) -> None:
    """If the state cannot be written, then polling goes on, failures are counted, and later writes are good again."""
    async with centre(tmp_path, state="state") as (_, config), serving(config, *LIMITED) as (exporter, url):
        samples = await scraped(url, lambda samples: sum(samples.values(FAILURES)) > 6)
        assert samples.values("wolkvox_up") == [1, 1]
        assert kept_files(tmp_path / "state") == []
        told = [line for line in exporter.err if '"state cannot be written"' in line]
        resource.prlimit(exporter.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await exporter.line('"state can be written again"')
        assert len(kept_files(tmp_path / "state")) == 1
        assert await exporter.end(signal.SIGTERM) == 0
    (line,) = told
    assert json.loads(line)["error"] == "File too large"
    assert "polling goes on" in json.loads(line)["remedy"]


async def test_a_disk_that_hangs_stops_neither_the_polling_nor_the_end(tmp_path: Path) -> None:
    """If a write never returns, then polling goes on, it is told of once, and SIGTERM ends the exporter in time."""
    async with centre(tmp_path, state="state") as (_, config):
        async with serving(config) as (exporter, url):
            await scraped(url, lambda samples: len(samples.values("wolkvox_up")) == 2)
            assert await exporter.end(signal.SIGTERM) == 0
        (path,) = kept_files(tmp_path / "state")
        # a pipe that nobody reads: to open it for writing hangs like a share whose server is gone
        os.mkfifo(path.with_suffix(".tmp"))
        async with serving(config) as (exporter, url):
            await exporter.line('"state cannot be written"')
            await scraped(url, lambda samples: min(samples.values("wolkvox_polls_total")) > 6)
            assert await exporter.end(signal.SIGTERM) == 0
    (line,) = [line for line in exporter.err if '"state cannot be written"' in line]
    assert json.loads(line)["error"] == "it takes longer than 5 s"


async def test_a_damaged_file_does_not_stop_the_start(tmp_path: Path) -> None:
    """If the file is damaged, then the exporter starts, says so in one line, and polls."""
    async with centre(tmp_path, state="state") as (_, config):
        async with serving(config) as (exporter, url):
            await scraped(url, lambda samples: len(samples.values("wolkvox_up")) == 2)
            await exporter.end(signal.SIGKILL)
        (path,) = kept_files(tmp_path / "state")
        path.write_bytes(path.read_bytes()[:-100])
        async with serving(config) as (exporter, url):
            await scraped(url, lambda samples: samples.values("wolkvox_up") == [1, 1])
            assert await exporter.end(signal.SIGTERM) == 0
    assert sum('"state cannot be used"' in line for line in exporter.err) == 1


async def test_a_second_exporter_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    """If two exporters are given one folder, then the second ends with one line that says why, and asks nothing."""
    async with centre(tmp_path, state="state") as (simulator, config), serving(config) as (exporter, url):
        await scraped(url, lambda samples: len(samples.values("wolkvox_up")) == 2)
        ended = await run(*EXPORTER, f"--config.file={config}", "--web.listen-address=127.0.0.1:0")
        assert await exporter.end(signal.SIGTERM) == 0
    where = tmp_path / "state"
    assert (ended.code, ended.out) == (1, "")
    told = ended.err.splitlines()[-1]
    assert told == f"state: {where}: another exporter uses it; stop that one, or name another folder"
    assert not any(call.overlapped for call in simulator.calls)


async def test_once_and_check_leave_the_state_alone(tmp_path: Path) -> None:
    """If one runs `once` or `check` with the configuration, then they do not touch the state."""
    async with centre(tmp_path, state="state") as (_, config):
        for command in ("check", "once"):
            assert (await run(*EXPORTER, command, f"--config.file={config}")).code == 0
    assert not (tmp_path / "state").exists()


ONLY_POSTGRESQL = (
    "this is no store that is supported: a folder, and PostgreSQL by its address, such as "
    "postgresql://wolkvox@db.example.com/wolkvox"
)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("redis://localhost", ONLY_POSTGRESQL),
        ("config.yaml", UNWRITABLE),
        ("config.yaml/state", UNWRITABLE),
        ("", NO_PATH),
        (" ", NO_PATH),
        ("a\0b", NO_PATH),
        ("state\n", NO_PATH),
    ],
)
def test_a_folder_that_cannot_be_is_an_error_of_the_configuration(
    tmp_path: Path, state: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """If `state` is no folder to write to, then `check` says so with file and line."""
    operation = {"ventas-co": {"token": "opens-nothing"}}
    config = config_file(tmp_path, "http://127.0.0.1:9", operation, state=state)
    assert main(["check", f"--config.file={config}"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"{config}:")
    assert ": state: " in told
    assert told.endswith(f"{says}\n")


async def test_a_folder_that_turns_out_unwritable_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    """If the folder cannot be created at the start, then one line says so, and the API is left alone."""
    async with centre(tmp_path, state="/proc/state") as (simulator, config):
        ended = await run(*EXPORTER, f"--config.file={config}", "--web.listen-address=127.0.0.1:0")
    assert ended.code == 1
    assert "state" in ended.err.splitlines()[-1]
    assert "writable for the exporter" in ended.err.splitlines()[-1]
    assert simulator.calls == []
