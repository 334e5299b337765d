"""What a command does where it cannot write, or its reader leaves, or the terminal has no such letters."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import pytest

from support.processes import EXPORTER, config_file, environment
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

COMMANDS = (
    *("check", "json", "github", "once", "assets", "database-schema wolkvox", "hash-password"),
    *("--help", "check --help", "--version"),
)
SHELL = ("sh", "-c")


@asynccontextmanager
async def centre(folder: Path) -> AsyncIterator[Path]:
    """Serve an operation with letters beyond ASCII, and write the configuration that polls it."""
    simulator = Simulator([Operation("ñ", ("a-token",), [Campaign("1", "Año", records=1)])], SystemClock())
    async with simulator.serving() as base_url:
        yield config_file(folder, base_url, {"ñ": {"token": "a-token"}}, interval="1m")


def line(command: str, config: Path) -> list[str]:
    """Return a command as it is written."""
    flag = f"--config.file={config}"
    flags = {
        "check": ["check", flag],
        "json": ["check", flag, "--output=json"],
        "github": ["check", flag, "--output=github"],
        "once": ["once", flag, "--log.level=error"],
        "assets": ["assets", str(config.parent / "assets")],
    }
    return [*EXPORTER, *flags.get(command, command.split())]


async def ended(command: list[str], stdout: IO[bytes] | int = subprocess.PIPE) -> subprocess.CompletedProcess[bytes]:
    """Run a command with a password on its standard input, which most of them leave alone."""
    return await asyncio.to_thread(
        subprocess.run,
        command,
        input=b"a-password\n",
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
        env=environment(),
    )


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_full_disk_is_told(tmp_path: Path, command: str) -> None:
    """If what is printed finds no room, then one sentence says so, and the exit code is 1."""
    async with centre(tmp_path) as config:
        done = await ended([*SHELL, 'exec "$@" >/dev/full', "sh", *line(command, config)])
    *_, last = done.stderr.decode().splitlines()
    reason = "No space left on device"
    assert last == f"standard output cannot be written ({reason}); send it to a file or pipe that takes it"
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False)


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_closed_output_is_told(tmp_path: Path, command: str) -> None:
    """If there is no standard output at all, then one sentence says so, and nothing is printed anywhere else."""
    async with centre(tmp_path) as config:
        done = await ended([*SHELL, 'exec "$@" >&-', "sh", *line(command, config)])
    *_, last = done.stderr.decode().splitlines()
    assert last == "standard output cannot be written (it is closed); send it to a file or pipe that takes it"
    assert (done.returncode, done.stdout, b"Traceback" in done.stderr) == (1, b"", False)


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_reader_that_leaves_is_no_error(tmp_path: Path, command: str) -> None:
    """If the reader has gone, then the command ends as one that SIGPIPE ends, without a word about it."""
    reading, writing = os.pipe()
    os.close(reading)
    async with centre(tmp_path) as config:
        with os.fdopen(writing, "wb") as pipe:
            done = await ended(line(command, config), pipe)
    assert done.returncode == 141
    assert "Traceback" not in done.stderr.decode()
    assert not [each for each in done.stderr.decode().splitlines() if "a warning" not in each]


@pytest.mark.parametrize("command", ["check", "json", "once"])
@pytest.mark.parametrize("variable", ["PYTHONIOENCODING=ascii", "LC_ALL=C"])
async def test_letters_that_an_encoding_lacks_stop_nothing(tmp_path: Path, command: str, variable: str) -> None:
    """If the terminal's encoding has no ñ or ×, then a good configuration is still a good one."""  # noqa: RUF002 - it is printed
    async with centre(tmp_path) as config:
        done = await ended(["env", variable, *line(command, config)])
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert done.stdout


async def test_a_closed_standard_error_takes_no_other_way(tmp_path: Path) -> None:
    """If nobody can be told of an error, then the exit code alone says it, and standard output stays clean."""
    for closing in ("2>&-", "2>/dev/full"):
        for wrong in (["check", f"--config.file={tmp_path}/none"], ["chekc"], ["--log.level=loud"]):
            done = await ended([*SHELL, f'exec "$@" {closing}', "sh", *EXPORTER, *wrong])
            assert (done.returncode, done.stdout, done.stderr) == (1 if "check" in wrong else 2, b"", b"")


async def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    """If the current folder was removed, then a relative path ends in a sentence, and an absolute one is used."""
    async with centre(tmp_path) as config:
        nowhere = 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"'
        found = await ended([*SHELL, nowhere, str(tmp_path / "gone"), *line("check", config)])
        lost = await ended(
            [*SHELL, nowhere, str(tmp_path / "gone"), *EXPORTER, "check", "--config.file=../config.yaml"]
        )
    assert found.returncode == 0
    assert (lost.returncode, lost.stdout) == (1, b"")
    assert lost.stderr == b"the current folder no longer exists; change to another one\n"


@pytest.mark.parametrize("closing", ["<&-", "</dev/null"])
async def test_a_password_that_cannot_come_is_told(closing: str) -> None:
    """If there is no standard input, then the command says what it wants."""
    done = await ended([*SHELL, f'exec "$@" {closing}', "sh", *EXPORTER, "hash-password"])
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)
    assert b"password" in done.stderr
