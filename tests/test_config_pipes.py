"""A configuration that comes through a pipe: read once it is there, and never waited for without an end."""

import os
import threading
from pathlib import Path

import pytest

from config.files import load_text, operation
from support.processes import EXPORTER, run
from wolkvox_exporter.config import ConfigError, load
from wolkvox_exporter.runtime import files


def piped(path: Path, *pieces: str, closed: threading.Event | None = None) -> threading.Thread:
    """Write into a new pipe, piece by piece, in a thread; it is closed then, or as soon as that is set."""
    os.mkfifo(path)

    def write() -> None:
        with path.open("w") as file:
            for piece in pieces:
                file.write(piece)
                file.flush()
            if closed:
                closed.wait()

    thread = threading.Thread(target=write)
    thread.start()
    return thread


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    """If the configuration comes through a pipe in pieces, larger than the pipe, then all of it counts."""
    plain = load_text(tmp_path, operation())
    text = operation("interval: 7m") + "# more than a pipe holds\n" * 10_000
    thread = piped(tmp_path / "pipe", text[:30], text[30:])
    (only,) = load(tmp_path / "pipe").operations
    thread.join()
    assert (only.name, only.interval) == (plain.operations[0].name, 420)


async def test_check_reads_its_standard_input(tmp_path: Path) -> None:
    """If `check` is given its standard input as the file, then it looks at what comes through it."""
    load_text(tmp_path, operation())
    text = operation().replace("token_file: token", f"token_file: {tmp_path / 'token'}")
    done = await run(*EXPORTER, "check", "--config.file=/dev/stdin", stdin=text.encode())
    assert done.code == 0
    assert done.out.startswith("/dev/stdin is good: 1 operation, ")


def test_a_pipe_through_which_nothing_comes_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If nobody ever writes into the pipe, then that is an error after a while, and no start that hangs for ever."""
    monkeypatch.setattr(files, "PIPE_PATIENCE", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(
        ConfigError, match=r"pipe:1: the file cannot be read \(a pipe that has not ended within 0.1 s\)"
    ):
        load(tmp_path / "pipe")


def test_a_pipe_that_stays_open_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a whole configuration came through, and the pipe stays open, then nobody can know that it was all."""
    monkeypatch.setattr(files, "PIPE_PATIENCE", 0.3)
    load_text(tmp_path, operation())
    closed = threading.Event()
    thread = piped(tmp_path / "pipe", operation(), closed=closed)
    with pytest.raises(ConfigError, match="a pipe that has not ended"):
        load(tmp_path / "pipe")
    closed.set()
    thread.join()
