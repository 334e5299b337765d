"""The state in a folder: one file an operation, replaced in whole at each poll."""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import structlog

from exporter.clock import Clock
from exporter.config import Operation
from exporter.polling.memory import WRITE_TIMEOUT, Memory
from exporter.state import files, form
from exporter.state.form import UnusableError
from exporter.state.lane import Lane

KEPT_ASIDE = 3
"""Files that could not be used, of one operation."""
_SLUG = re.compile(r"[^A-Za-z0-9]+")
_SLUG_LENGTH = 40
_GRACE = 2.0
_LATE = f"it takes longer than {WRITE_TIMEOUT:g} s"
_READ_REMEDY = "operations start as if for the first time; look at the disk or share that the folder is on"
_LOSS = "polling goes on, but after a restart now reports may be asked early and counts be lost"
_REMEDY = f"{_LOSS}; make room in the folder, and make it writable for the exporter"
_BUG_REMEDY = f"{_LOSS}; nothing is wrong with the folder, please report a bug"

log = structlog.get_logger()


class StateError(Exception):
    """The state cannot be kept where it should be; the message says what to do."""

    def __init__(self, folder: Path, reason: str, remedy: str) -> None:
        super().__init__(f"state: {folder}: {reason}; {remedy}")


class Directory:
    """Keeps the memories of operations in a folder that is this process's alone; see `state_in` and `Store`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._failing = ""
        # one for all: what is written later is what was known later
        self._lane = Lane("state")

    async def load(self, operation: Operation) -> Memory | None:
        """See `Store.load`. A file that is of no use is put aside."""
        try:
            return await self._lane.do(partial(self._load, operation), WRITE_TIMEOUT)
        except TimeoutError:
            log.warning("state cannot be read", folder=str(self._folder), error=_LATE, remedy=_READ_REMEDY)
            return None

    async def save(self, operation: Operation, memory: Memory) -> bool:
        """See `Store.save`. What goes wrong is logged once, and when it is over."""
        try:
            await self._lane.do(partial(self._save, operation, memory), WRITE_TIMEOUT)
        except TimeoutError:
            return self._failed(_LATE)
        except OSError as error:
            return self._failed(files.reason(error))
        except ValueError:
            # pydantic's words might hold what could not be written
            return self._failed("what is remembered cannot be put into words", _BUG_REMEDY)
        if self._failing:
            log.info("state can be written again", folder=str(self._folder))
            self._failing = ""
        return True

    def close(self) -> None:
        """Finish what is being written, unless that hangs."""
        self._lane.close(_GRACE)

    def _failed(self, reason: str, remedy: str = _REMEDY) -> bool:
        if reason != self._failing:
            log.warning("state cannot be written", folder=str(self._folder), error=reason, remedy=remedy)
            self._failing = reason
        return False

    def _save(self, operation: Operation, memory: Memory) -> None:
        files.replace(self._file(operation), form.encode(operation, memory, self._clock))

    def _load(self, operation: Operation) -> Memory | None:
        path = self._file(operation)
        try:
            return form.decode(files.read(path), operation, self._clock)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._put_aside(path, operation, f"it cannot be read ({files.reason(error)})")
        except UnusableError as error:
            self._put_aside(path, operation, str(error))
        return None

    def _put_aside(self, path: Path, operation: Operation, reason: str) -> None:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock.time()))
        place = path.with_name(f"{path.name}.damaged-{stamp}")
        with suppress(OSError):
            path.replace(place)
            for old in sorted(self._folder.glob(f"{path.name}.damaged-*"))[:-KEPT_ASIDE]:
                old.unlink()
        log.warning(
            "state cannot be used",
            operation=operation.name,
            file=str(path),
            error=reason,
            put_aside=place.name,
            remedy="the operation starts as if for the first time; nothing need be done, and the file may be deleted",
        )

    def _file(self, operation: Operation) -> Path:
        """Name the file so that people recognise it and no two operations share it, whatever they are called."""
        slug = _SLUG.sub("-", operation.name)[:_SLUG_LENGTH]
        digest = hashlib.sha256(operation.name.encode()).hexdigest()[:16]
        return self._folder / f"{slug}-{digest}.json"


@contextmanager
def state_in(folder: Path | None, clock: Clock) -> Iterator[Directory | None]:
    """Give the state in a folder to this process alone, created if need be; None where none is wanted.

    Raises `StateError`.
    """
    if folder is None:
        yield None
        return
    lock = _locked(folder)
    directory = Directory(folder, clock)
    try:
        yield directory
    finally:
        directory.close()
        os.close(lock)


def _locked(folder: Path) -> int:
    try:
        return files.lock(folder)
    except BlockingIOError:
        raise StateError(folder, "another exporter uses it", "stop that one, or name another folder") from None
    except OSError as error:
        remedy = "name a folder on a local disk that is writable for the exporter"
        raise StateError(folder, f"it cannot be written ({files.reason(error)})", remedy) from None
