"""The rows of operations in the database, as this replica knows, reads and writes them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import structlog

from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.replicas import leases, records
from wolkvox_exporter.replicas.leases import Held
from wolkvox_exporter.replicas.life import Life
from wolkvox_exporter.replicas.offset import Offset
from wolkvox_exporter.replicas.records import Interrupted, Known
from wolkvox_exporter.replicas.store import Database, DatabaseError, Lease, Row
from wolkvox_exporter.runtime.clock import Clock

Key = tuple[str, str]
"""Name and server of an operation."""
_BUG = "what is known cannot be put into words; the operation is not asked, please report a bug"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Format:
    """How states and notes are written and read; see `storage.codec`. Reading raises `unusable`."""

    encode: Callable[[Operation, OperationState, Clock], bytes]
    encode_note: Callable[[Operation, OperationState, bytes, Clock], bytes]
    decode: Callable[[bytes | None, Operation, Clock], OperationState]
    noted: Callable[[OperationState | None, bytes | None, bytes | None, Operation, Clock], OperationState | None]
    unusable: type[Exception]


class Run(Protocol):
    """Does work beside the event loop."""

    def __call__(self, work: Callable[[], Any]) -> Awaitable[Any]:
        """Return what it returns, or raise what it raises."""


class DatabaseClock:
    """The database's time as the time of day: of a boot that no other process has."""

    def __init__(self, clock: Clock, at: Callable[[float], float]) -> None:
        self._clock = clock
        self._at = at

    def time(self) -> float:
        """See `Clock.time`."""
        return self._at(self._clock.monotonic())

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self._clock.monotonic()

    def boot(self) -> str:
        """See `Clock.boot`."""
        return ""

    async def sleep_until(self, instant: float, wake: Any = None) -> None:  # noqa: ANN401 - handed on
        """See `Clock.sleep_until`."""
        await self._clock.sleep_until(instant, wake)


class Ledger:
    """Keeps states under leases; see `Store`."""

    is_shared = True

    def __init__(self, database: Database, form: Format, clock: Clock, run: Run) -> None:
        self._database = database
        self._form = form
        self._clock = clock
        self._run = run
        self._known: dict[Key, Known] = {}
        self._interrupted: dict[Key, Interrupted] = {}
        self.stand_down: Callable[[str], None] = lambda _: None
        """Is told of operations whose state could not be kept."""
        self.held: dict[str, Held] = {}
        """The lease of each operation that is polled here, by name."""
        self.life: Life | None = None
        self.offset = Offset(0.0, 0.0, 0.0)

    async def load(self, operation: Operation) -> None:
        """See `Store.load`: what an operation goes on from is known once its token's lease is had."""

    async def note(self, operation: Operation, state: OperationState) -> bool:
        """See `Store.note`: without a note that is safe in time there is no call."""
        held, known = self.held.get(operation.name), self._of(operation)
        if held is None or state.calling is None:
            return False
        of = records.opened(known.content) or b""
        work = partial(self._form.encode_note, operation, state, of, self._writing_clock())
        note = await self._sealed(operation, work)
        version = await self._kept(operation, held.lease, note, self._database.note)
        if version is None:
            return False
        self._known[_key(operation)] = replace(known, version=version, note=note)
        now_held = self.held.get(operation.name)
        is_same = now_held is not None and now_held.lease.number == held.lease.number
        return is_same and leases.may_call(now_held, state.calling.at, self._clock.monotonic())

    async def save(self, operation: Operation, state: OperationState) -> bool:
        """See `Store.save`."""
        held = self.held.get(operation.name)
        if held is None:
            return False
        content = await self._sealed(operation, partial(self._form.encode, operation, state, self._writing_clock()))
        version = await self._kept(operation, held.lease, content, self._database.write)
        if version is not None:
            self._known[_key(operation)] = Known(version, content)
        return version is not None

    async def _sealed(self, operation: Operation, work: Callable[[], bytes]) -> bytes | None:
        life = self.life.name if self.life else ""
        try:
            return records.sealed(life, await self._run(work))
        except ValueError:
            # without its words, which might hold what could not be written
            log.error("state cannot be written", operation=operation.name, error=_BUG)  # noqa: TRY400
            return None

    async def _kept(
        self,
        operation: Operation,
        lease: Lease,
        content: bytes | None,
        write: Callable[[Lease, Row, bytes], Awaitable[int | None]],
    ) -> int | None:
        name, server = key = _key(operation)
        version = None
        try:
            if content is not None:
                version = await write(lease, Row(name, server, self._of(operation).version, lease.token), content)
        except DatabaseError:
            # it may have happened; whoever looks at the database next tells the log of it
            self.interrupt(operation, lease.number, content or b"")
        else:
            self._interrupted.pop(key, None)
        if version is None:
            self.stand_down(name)
        return version

    def interrupt(self, operation: Operation, number: int, written: bytes = b"") -> None:
        """Let an operation go on from what it is now, if under the lease `number` nobody else has changed its row."""
        self._interrupted[_key(operation)] = Interrupted(number, written)

    async def read(self, operation: Operation) -> Known:
        """Read a row."""
        return Known(*await self._database.read(*_key(operation)))

    def version(self, operation: Operation) -> int:
        """Return the latest version of an operation's row that is known here; 0 is none."""
        return self._of(operation).version

    async def present(self, operation: Operation) -> Known:
        """Read a row; what is known of it and was lost with another life of the database is put back first."""
        life = self.life.name if self.life else ""
        key, mine = _key(operation), self._known.get(_key(operation))
        theirs = await self.read(operation)
        # another replica may put back what it has at the same time, and that may be less
        while mine and records.is_to_be_restored(mine, theirs, life):
            row = Row(*key, mine.version, "")
            if await self._database.restore(row, theirs.version, mine.content, mine.note):
                return mine
            theirs = await self.read(operation)
        if mine and theirs.version < mine.version and theirs.is_of(life):
            # the next look will say so
            raise DatabaseError("it has lost what it had a moment ago", "nothing need be done if it was failed over")
        return theirs

    def goes_on(self, operation: Operation, theirs: Known, number: int) -> bool:
        """Return whether an operation goes on from what this process has of it."""
        key = _key(operation)
        return records.goes_on(self._known.get(key), self._interrupted.get(key), theirs, number)

    def adopt(self, operation: Operation, known: Known) -> None:
        """Go on from a row as it was read."""
        self._known[_key(operation)] = known
        self._interrupted.pop(_key(operation), None)

    async def decoded(self, operation: Operation, known: Known, *, with_note: bool) -> OperationState | None:
        """Return what a row says; None if there is nothing. Raises `Format.unusable`."""
        content, note = records.opened(known.content), records.opened(known.note) if with_note else None
        return await self._run(partial(self._decode, operation, content, note)) if content or note else None

    def _decode(self, operation: Operation, content: bytes | None, note: bytes | None) -> OperationState | None:
        clock = DatabaseClock(self._clock, self.offset.earliest)
        state = self._form.decode(content, operation, clock) if content else None
        return self._form.noted(state, content, note, operation, clock) if note else state

    def _writing_clock(self) -> Clock:
        # an instant that is taken for a later one makes nothing early
        return DatabaseClock(self._clock, self.offset.latest)

    def _of(self, operation: Operation) -> Known:
        return self._known.get(_key(operation), Known())


def _key(operation: Operation) -> Key:
    return operation.name, operation.base_url
