"""What commands print: a failure to write is an error in a sentence, never a traceback, and never silence."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from wolkvox_exporter.runtime.plain_error import PlainError


class OutputError(PlainError):
    """What a command prints cannot be written."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"standard output cannot be written ({reason}); send it to a file or pipe that takes it")


class ReaderGone(Exception):  # noqa: N818 - it is no error: a reader may have enough
    """Whoever read the output has stopped, as `head` does."""


def prepare() -> None:
    """Let text that a stream's encoding does not have be written as escapes, whatever the environment says."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def require() -> None:
    """Raise `OutputError` if there is no standard output, before work is done for it."""
    if not sys.stdout:
        raise OutputError("it is closed")


def say(text: str) -> None:
    """Print text, now; raises `OutputError` and `ReaderGone`."""
    with _written():
        sys.stdout.write(f"{text}\n")


def put(content: bytes) -> None:
    """Print bytes, now; raises `OutputError` and `ReaderGone`."""
    with _written():
        sys.stdout.buffer.write(content)


def at_terminal() -> bool:
    """Return whether a person sees what is written to standard error."""
    return bool(sys.stderr) and sys.stderr.isatty()


def complain(*problems: object) -> None:
    """Print each on standard error; where that cannot be, the exit code alone says it."""
    # without a stream, print would take standard output
    if sys.stderr and problems:
        try:
            print(*problems, sep="\n", file=sys.stderr, flush=True)  # noqa: T201 - for people
        except (OSError, ValueError):
            _discard(sys.stderr)


def failed(*problems: object) -> int:
    """Print each on standard error; returns the exit code that a command ends with then."""
    complain(*problems)
    return 1


@contextmanager
def _written() -> Iterator[None]:
    require()
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
        raise ReaderGone from None
    except OSError as error:
        _discard(sys.stdout)
        raise OutputError(error.strerror or "unknown reason") from None


def _discard(stream: IO[str]) -> None:
    """Let what is left in a stream go nowhere: the interpreter writes it at its end, and would complain."""
    with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device
        os.dup2(nowhere.fileno(), stream.fileno())
