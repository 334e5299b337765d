"""An operation in the shell: its settings and its state as they are now, its client, and where its state goes."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from wolkvox_exporter.api.client import Client
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling import outcome, resume
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.report_log import ReportLog
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.polling.store import Store
from wolkvox_exporter.polling.timing import Polled
from wolkvox_exporter.polling.token_gate import TokenState

Publish = Callable[[Snapshot], None]


class Account:
    """One operation that is polled. Whoever asks for it swaps its state; nobody else does while it is asked."""

    def __init__(
        self, operation: Operation, client: Client, state: OperationState, publish: Publish, store: Store | None
    ) -> None:
        self.name = operation.name
        self.operation = operation
        self.client = client
        self.state = outcome.write_failed(state, 0) if store else state
        self.log = ReportLog(operation.name, self._token_place)
        self.idle = asyncio.Event()
        """Set while no call of it is under way, and no answer is being read."""
        self.idle.set()
        self._publish = publish
        self._store = store
        self._is_retired = False
        self._wanted: tuple[Operation, Client] | None = None

    def _token_place(self) -> str:
        return self.operation.token.describe()

    @property
    def polled(self) -> Polled:
        """Settings and state."""
        return Polled(self.operation, self.state)

    @property
    def is_retired(self) -> bool:
        """Whether it was taken out: it is asked, published and kept no more."""
        return self._is_retired

    @property
    def has_store(self) -> bool:
        """Whether its state is kept."""
        return self._store is not None

    def retire(self, *, retired: bool = True) -> None:
        """Begin no further call, publish and keep nothing more, from now on."""
        self._is_retired = retired

    def reconfigure(self, operation: Operation, client: Client, now: Now) -> None:
        """Go on under other settings: at once, or as soon as no call under the old ones is under way."""
        self._wanted = operation, client
        if self.idle.is_set():
            self.settle(now)

    def settle(self, now: Now) -> None:
        """Note that no call is under way."""
        self.idle.set()
        if self._wanted:
            before = self.operation
            (self.operation, self.client), self._wanted = self._wanted, None
            if (self.operation.campaigns, self.operation.skills) != (before.campaigns, before.skills):
                self.log.filtered_anew()
            self.state = resume.reconfigured(self.state, self.operation, now.monotonic, now)

    async def note(self, begun: OperationState) -> None:
        """Let nobody who comes after ask earlier, should the call that is about to go out not be survived."""
        if self._store and not await self._store.note(self.operation, begun):
            self.state = outcome.write_failed(self.state, 1)
        self.state = replace(self.state, unsaved=begun.unsaved)

    async def keep(self) -> None:
        """Write the state down."""
        if not self._store or self._is_retired:
            return
        kept = self.state
        if not await self._store.save(self.operation, kept):
            self.state = outcome.write_failed(self.state, 1)
        else:
            written = len(kept.unsaved)
            self.state = replace(self.state, unsaved=self.state.unsaved[written:])

    def publish(self, token: TokenState, now: Now) -> None:
        """Hand on what is known now, and when what is asked next."""
        self.state = outcome.scheduled(self.polled, token, now)
        if not self._is_retired:
            self._publish(self.state.published)
