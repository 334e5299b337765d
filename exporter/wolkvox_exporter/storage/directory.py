"""The state in a folder: one file an operation, replaced in whole at each poll."""

import asyncio
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import structlog

from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.polling.store import SLACK
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.runtime.concurrency import SerialThread
from wolkvox_exporter.runtime.plain_error import PlainError
from wolkvox_exporter.storage import atomic, codec
from wolkvox_exporter.storage.codec import UnusableError

NOTE = ".note"
"""What a file's name ends with that says which calls went out since the state beside it was written."""
KEPT_ASIDE = 3
"""Files of one operation that are kept of those that are damaged, and of those that are of another one."""
LOAD_TIMEOUT = 60.0
"""Seconds that reading the files of all operations may take at the start."""
_SLUG = re.compile(r"[^A-Za-z0-9]+")
_SLUG_LENGTH = 40
_GRACE = 2.0
_LATE = f"it takes longer than {SLACK:g} s"
_READ_REMEDY = (
    "the operation starts as if for the first time, and its file is left as it is, so nothing new is kept; look at the "
    "disk or share that the folder is on, then restart the exporter"
)
_LOSS = "polling goes on, but after a restart now reports may be asked early and counts be lost"
_REMEDY = f"{_LOSS}; make room in the folder, and make it writable for the exporter"
_RESTART_REMEDY = f"{_LOSS}; see that no other exporter uses the folder, then restart this one"
_BUG_REMEDY = f"{_LOSS}; nothing is wrong with the folder, please report a bug"

log = structlog.get_logger()


class StateError(PlainError):
    """The state cannot be kept where it should be; the message says what to do."""

    def __init__(self, folder: Path, reason: str, remedy: str) -> None:
        super().__init__(f"state: {folder}: {reason}; {remedy}")


class _UnreadError(Exception):
    """There is a file that could not be read."""


class _ReplacedError(Exception):
    """The folder was made anew, by another exporter maybe."""


class Directory:
    """Keeps the states of operations in a folder that is this process's alone; see `state_in` and `Store`."""

    is_shared = False

    def __init__(self, folder: Path, clock: Clock, lock: int) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = lock
        # by operation, what keeps its state from being written
        self._failing: dict[str, str] = {}
        # by file, what was last written or read: a note says what it belongs to
        self._content: dict[Path, bytes] = {}
        # what could not be read may be good, and is not written over
        self._unread: set[Path] = set()
        # one for all: what is written later of an operation is what was known later
        self._thread = SerialThread("state")

    async def load_all(self, operations: Iterable[Operation]) -> dict[str, OperationState]:
        """Return what is remembered of operations, by name; waits for a slow disk for `LOAD_TIMEOUT` in all."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + LOAD_TIMEOUT
        slow = loop.call_later(SLACK, self._warn_of_slowness)
        try:
            found = {operation.name: await self.load(operation, ends - loop.time()) for operation in operations}
        finally:
            slow.cancel()
        return {name: memory for name, memory in found.items() if memory}

    async def load(self, operation: Operation, patience: float = SLACK) -> OperationState | None:
        """See `Store.load`; takes `patience` seconds at most.

        A file that is of no use is put aside. One that cannot be read is left where it is, and nothing is saved over it
        as long as it has not been read.
        """
        path = self._file(operation)
        try:
            memory = await self._thread.do(partial(self._load, operation), patience)
        except TimeoutError:
            reason = "the disk is too slow"
        except OSError as error:
            reason = atomic.reason(error)
        except UnusableError as error:
            reason = str(error)
        else:
            self._unread.discard(path)
            return memory
        self._unread.add(path)
        log.warning("state cannot be read", operation=operation.name, file=str(path), error=reason, remedy=_READ_REMEDY)
        return None

    async def save(self, operation: Operation, state: OperationState) -> bool:
        """See `Store.save`. What goes wrong is logged once for each operation, and when it is over."""
        saved = await self._written(operation, partial(self._save, operation, state))
        # not after a note: it is small, and may find room where the state does not
        if saved and self._failing.pop(operation.name, ""):
            log.info("state can be written again", operation=operation.name, folder=str(self._folder))
        return saved

    async def note(self, operation: Operation, state: OperationState) -> bool:
        """See `Store.note`. A call waits for it, and so it is written before the states of others that wait."""
        return await self._written(operation, partial(self._note, operation, state), urgent=True)

    async def _written(self, operation: Operation, work: Callable[[], None], *, urgent: bool = False) -> bool:
        try:
            await self._thread.do(work, SLACK, urgent=urgent)
        except _UnreadError:
            # told when it was not read
            return False
        except _ReplacedError:
            return self._failed(operation, "the folder was removed and made anew since the start", _RESTART_REMEDY)
        except TimeoutError:
            return self._failed(operation, _LATE)
        except OSError as error:
            return self._failed(operation, atomic.reason(error))
        except ValueError:
            # pydantic's words might hold what could not be written
            return self._failed(operation, "what is known cannot be put into words", _BUG_REMEDY)
        return True

    def close(self) -> None:
        """Finish what is being written, unless that hangs."""
        self._thread.close(_GRACE)

    def _warn_of_slowness(self) -> None:
        remedy = "nothing is polled until it is read; look at the disk or share that the folder is on"
        log.warning("state is slow to read", folder=str(self._folder), waiting=LOAD_TIMEOUT, remedy=remedy)

    def _failed(self, operation: Operation, reason: str, remedy: str = _REMEDY) -> bool:
        if reason != self._failing.get(operation.name):
            folder = str(self._folder)
            log.warning("state cannot be written", operation=operation.name, folder=folder, error=reason, remedy=remedy)
            self._failing[operation.name] = reason
        return False

    def _save(self, operation: Operation, state: OperationState) -> None:
        path = self._writable(operation)
        content = codec.encode(operation, state, self._clock)
        atomic.replace(path, content)
        self._content[path] = content[: codec.DIGEST_LENGTH]

    def _note(self, operation: Operation, state: OperationState) -> None:
        path = self._writable(operation)
        note = codec.encode_note(operation, state, self._content.get(path, b""), self._clock)
        atomic.replace(path.with_suffix(NOTE), note)

    def _writable(self, operation: Operation) -> Path:
        if not atomic.is_locked_by(self._lock, self._folder):
            raise _ReplacedError
        path = self._file(operation)
        if path in self._unread:
            self._make_sure_of_none(path)
        return path

    def _make_sure_of_none(self, path: Path) -> None:
        try:
            path.lstat()
        except FileNotFoundError:
            self._unread.discard(path)
        else:
            raise _UnreadError

    def _load(self, operation: Operation) -> OperationState | None:
        path = self._file(operation)
        content, state = None, None
        try:
            content = atomic.read(path)
            state = codec.decode(content, operation, self._clock)
        except FileNotFoundError:
            pass
        except UnusableError as error:
            self._put_aside(path, operation, error)
            content = None
        self._content[path] = (content or b"")[: codec.DIGEST_LENGTH]
        return codec.noted(state, content, self._read_note(path), operation, self._clock)

    def _read_note(self, path: Path) -> bytes | None:
        try:
            return atomic.read(path.with_suffix(NOTE))
        except FileNotFoundError:
            return None

    def _put_aside(self, path: Path, operation: Operation, error: UnusableError) -> None:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock.time()))
        kind = f"{path.name}.{'other' if error.of_another else 'damaged'}-"
        place = path.with_name(kind + stamp)
        try:
            path.replace(place)
        except OSError as failure:
            raise UnusableError(f"{error}, and it cannot be put aside ({atomic.reason(failure)})") from None
        with suppress(OSError):
            for old in sorted(self._folder.glob(f"{kind}*"))[:-KEPT_ASIDE]:
                old.unlink()
        log.warning(
            "state cannot be used",
            operation=operation.name,
            file=str(path),
            error=str(error),
            put_aside=place.name,
            remedy="the operation starts as if for the first time; nothing need be done, and the file may be deleted",
        )

    def _file(self, operation: Operation) -> Path:
        return file_of(self._folder, operation)


def file_of(folder: Path, operation: Operation) -> Path:
    """Name the file so that people recognise it and no two operations share it, whatever they are called."""
    slug = _SLUG.sub("-", operation.name)[:_SLUG_LENGTH]
    digest = hashlib.sha256(operation.name.encode()).hexdigest()[:16]
    return folder / f"{slug}-{digest}.json"


def peek(folder: Path, operation: Operation, clock: Clock) -> OperationState | None:
    """Return what is kept of an operation, and leave the folder as it is: another process may use it.

    None where nothing is, or nothing of use.
    """
    try:
        return codec.decode(atomic.read(file_of(folder, operation)), operation, clock)
    except (OSError, UnusableError):
        return None


@contextmanager
def state_in(folder: Path | None, clock: Clock) -> Iterator[Directory | None]:
    """Give the state in a folder to this process alone, created if need be; None where none is wanted.

    Raises `StateError`.
    """
    if folder is None:
        yield None
        return
    lock = _locked(folder)
    directory = Directory(folder, clock, lock)
    try:
        yield directory
    finally:
        directory.close()
        os.close(lock)


def _locked(folder: Path) -> int:
    try:
        return atomic.lock(folder)
    except BlockingIOError:
        raise StateError(folder, "another exporter uses it", "stop that one, or name another folder") from None
    except OSError as error:
        remedy = "name a folder on a local disk that is writable for the exporter"
        raise StateError(folder, f"it cannot be written ({atomic.reason(error)})", remedy) from None
