"""Files that people name: read without waiting for ever, and compared by what is in them."""

import errno
import hashlib
import os
import select
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PIPE_PATIENCE = 20.0
"""Seconds that what comes through a pipe may take, from the moment somebody wants to read it to its end."""
NOT_REGULAR = "no regular file but a folder, a pipe or a device"
"""What stands where a file is wanted, for people."""
_COMPARED = 16 * 1024 * 1024
"""Bytes of a file that are compared: many times what any configuration or list of authorities has."""


def require_regular(path: Path) -> None:
    """Raise `OSError` where there is no regular file that can be read; a pipe is not waited for."""
    with _opened(path) as handle:
        _require_regular(handle)


def read(path: Path, most: int) -> bytes:
    """Return what is in a file, up to `most` bytes, or what comes through a pipe; raises `OSError`.

    A pipe through which nothing comes, or whose other end stays open, is an error after `PIPE_PATIENCE`.
    """
    with _opened(path) as handle:
        until, content = time.monotonic() + PIPE_PATIENCE, bytearray()
        while len(content) < most:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                _wait(handle, until)
            if not (piece := os.read(handle, most - len(content))):
                break
            content += piece
        return bytes(content)


def digest(content: bytes) -> str:
    """Return what is another one for other bytes."""
    return hashlib.sha256(content).hexdigest()


def digest_of(path: Path) -> str | None:
    """Return the digest of what is in a file; None where there is no regular file that can be read."""
    try:
        with _opened(path) as handle:
            _require_regular(handle)
            with os.fdopen(handle, "rb", closefd=False) as file:
                return digest(file.read(_COMPARED))
    except OSError:
        return None


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    # not blocking: opening a pipe would wait for its other end
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield handle
    finally:
        os.close(handle)


def _require_regular(handle: int) -> None:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")


def _wait(handle: int, until: float) -> None:
    """Return as soon as there is something to read, or nobody left to write it."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
        raise OSError(errno.ETIMEDOUT, f"a pipe that has not ended within {PIPE_PATIENCE:g} s")
