"""Files that are replaced in whole, so that whoever is killed meanwhile leaves the old one or the new one."""

import errno
import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path

LARGEST = 256 * 2**20
"""Bytes of a file that is still looked at."""
_OF_LINKS_AND_SOCKETS = (errno.ELOOP, errno.ENXIO)
_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700


def read(path: Path) -> bytes | None:
    """Return what a file holds; None if it is nothing that `replace` wrote. Raises OSError."""
    try:
        # neither waiting for a pipe nor following a link
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in _OF_LINKS_AND_SOCKETS:
            return None
        raise
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            return None
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(handle)


def replace(path: Path, content: bytes) -> None:
    """Put a file, readable for this user alone, in the place of another. Raises OSError, and leaves no trace then."""
    temporary = path.with_suffix(".tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(temporary, flags, _PRIVATE_FILE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync(path.parent)


def lock(folder: Path) -> int:
    """Create a folder if need be, and return the handle of its lock, which the kernel opens however the process ends.

    Raises BlockingIOError if another process holds the lock, OSError if there can be none.
    """
    folder.mkdir(_PRIVATE_FOLDER, parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, _PRIVATE_FILE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def is_locked_by(handle: int, folder: Path) -> bool:
    """Return whether this is the lock of the folder as it is now, which may have been made anew. Raises OSError."""
    return os.path.samestat(os.fstat(handle), os.stat(folder / "lock", follow_symlinks=False))  # noqa: PTH116 - beside fstat


def reason(error: OSError) -> str:
    """Say what went wrong, without where."""
    return os.strerror(error.errno) if error.errno else type(error).__name__


def _sync(folder: Path) -> None:
    """Let the new name of a file survive a loss of power, too."""
    # not every file system knows how, and the file is in place
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
