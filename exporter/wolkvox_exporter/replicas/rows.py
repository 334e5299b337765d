"""From what an operation goes on that is polled here from now on, and what is shown of one that is polled elsewhere."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog

from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.polling.store import SLACK
from wolkvox_exporter.replicas import life
from wolkvox_exporter.replicas.ledger import Format, Key, Ledger
from wolkvox_exporter.replicas.life import Life
from wolkvox_exporter.replicas.operations import Operations
from wolkvox_exporter.replicas.records import Known
from wolkvox_exporter.replicas.store import View

_UNUSABLE = (
    "the operation is not polled, and its row is left as it is; use the version that wrote it, or delete the row"
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Start:
    """What an operation goes on from: a state, or what it is now; and until when its token is not used, monotonic."""

    known: Known
    state: OperationState | None
    busy: float | None
    is_to_be_kept: bool
    """Whether the row is to be written at once, so that it says who goes on with it, in which life."""


class Rows:
    """Reads rows, for operations that are to be polled here and for those that are not."""

    def __init__(self, ledger: Ledger, form: Format, operations: Operations) -> None:
        self._ledger = ledger
        self._form = form
        self._operations = operations
        self._noted: dict[str, tuple[int, float]] = {}
        """The version of a row with a note of a call that may begin yet, and when that was first seen, monotonic."""
        self._unusable: dict[str, int] = {}
        """The versions of rows that cannot be read."""

    async def busy_until(self, operations: Mapping[str, Operation], keys: Iterable[Key]) -> float | None:
        """Return until when a call may last that was noted for any of some operations, monotonic."""
        ends = []
        for name, server in keys:
            # another replica may have an operation that is not configured here
            like = next(iter(operations.values())).model_copy(update={"name": name, "base_url": server})
            try:
                state = await self._ledger.decoded(like, await self._ledger.read(like), with_note=True)
            except self._form.unusable:
                continue
            if state and state.calling:
                ends.append(state.calling.ends)
        return max(ends, default=None)

    async def start(self, operation: Operation, number: int, pause: float, now: Callable[[], float]) -> Start | None:
        """Return what an operation goes on from under the lease of a number; None where that cannot be said yet.

        `pause` is for how many seconds a lease and a call may last that nobody knows of; `now` is monotonic.
        """
        known = await self._ledger.present(operation)
        is_of_another_life = bool(known.version) and not known.is_of(self._life.name)
        if self._ledger.goes_on(operation, known, number):
            return Start(known, None, None, is_to_be_kept=True)
        try:
            state = await self._ledger.decoded(operation, known, with_note=True)
        except self._form.unusable as error:
            self._cannot_use(operation.name, known, str(error))
            return None
        if state and state.calling and state.calling.at > now() and self._may_begin(operation, known, now()):
            return None
        state = state or self._operations.initial(operation.name)
        since = [] if self._ledger.offset.stepped is None else [self._ledger.offset.stepped]
        busy = None
        if is_of_another_life or not self._life.is_first:
            since.append(self._life.noticed)
            busy = self._life.noticed + pause
        if since:
            state = life.counted_as_asked(state, max(since))
        # whoever comes after knows neither of another life nor of a step of a clock
        return Start(known, state, busy, is_to_be_kept=bool(since and known.version))

    def _may_begin(self, operation: Operation, known: Known, now: float) -> bool:
        """Return whether whoever noted a call may be alive, and begin it yet, by this process's own clock.

        By that of the database, which may have been set back, it might be for ever.
        """
        version, seen = self._noted.get(operation.name, (0, 0.0))
        if version != known.version:
            self._noted[operation.name] = known.version, now
            return True
        return now - seen <= SLACK

    async def follow(self, view: View, followed: Iterable[Operation]) -> None:
        """Show what others have kept since, and put back what a lost database had."""
        versions = {(row.name, row.server): row.version for row in view.rows}
        for operation in followed:
            name, version = operation.name, versions.get((operation.name, operation.base_url), 0)
            is_missing = version > 0 and not self._operations.is_shown(name)
            is_same = version == self._ledger.version(operation) and not is_missing
            if is_same or self._unusable.get(name) == version:
                continue
            known = await self._ledger.present(operation)
            try:
                state = await self._ledger.decoded(operation, known, with_note=False)
            except self._form.unusable as error:
                self._cannot_use(name, known, str(error))
                continue
            self._ledger.adopt(operation, known)
            if state:
                self._operations.follow(name, state)

    def _cannot_use(self, name: str, known: Known, reason: str) -> None:
        if self._unusable.get(name) != known.version:
            log.error("state cannot be used", operation=name, error=reason, remedy=_UNUSABLE)
        self._unusable[name] = known.version

    @property
    def _life(self) -> Life:
        if self._ledger.life is None:
            raise RuntimeError("the database was not looked at yet")
        return self._ledger.life
