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
        self.kept = asyncio.Event()
        """Set while nothing is being written down."""
        self.kept.set()
        self._publish = publish
        self._store = store
        self._is_retired = False
        self._kept: OperationState | None = None
        """In a shared store, the state that was kept last; nothing else is shown."""
        self._is_led = not self.is_shared
        self._is_heard_of = self._is_shown_current = False
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

    @property
    def is_shared(self) -> bool:
        """Whether its state is kept where other processes keep theirs, and may be polled by them."""
        return self._store is not None and self._store.is_shared

    @property
    def is_led(self) -> bool:
        """Whether it is polled by this process."""
        return self._is_led

    @property
    def is_shown(self) -> bool:
        """Whether anything is published that was kept in a shared store."""
        return self._kept is not None

    def lead(self, state: OperationState | None) -> None:
        """Let this process poll it, from a state or, without one, from what it is now."""
        if state is not None:
            self.state = self._kept = outcome.write_failed(state, 0)
        self._is_led = True

    def stand_down(self) -> None:
        """Begin no further call, publish nothing more of this process's own and keep nothing."""
        self._is_led = False

    def follow(self, state: OperationState, now: Now) -> None:
        """Publish what another process has kept."""
        self._kept = outcome.write_failed(resume.reconfigured(state, self.operation, now.monotonic, now), 0)
        self.publish(state.token, now)

    def hear(self, now: Now, *, heard: bool) -> None:
        """Note whether a shared store has said lately how other processes poll it, and publish that if it is news."""
        self._is_heard_of = heard
        if self._is_current != self._is_shown_current:
            self.publish(self.state.token, now)

    @property
    def _is_current(self) -> bool:
        return self._is_led or self._is_heard_of

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
            self._kept = self._kept and resume.reconfigured(self._kept, self.operation, now.monotonic, now)

    async def note(self, begun: OperationState) -> bool:
        """Let nobody who comes after ask earlier, should the call that is about to go out not be survived.

        Returns whether it may go out.
        """
        noted = self._store is None or await self._store.note(self.operation, begun)
        if not noted:
            self.state = outcome.write_failed(self.state, 1)
        self.state = replace(self.state, unsaved=begun.unsaved)
        return not self._is_retired and self._is_led and (noted or not self.is_shared)

    async def keep(self) -> None:
        """Write the state down."""
        if not self._store or self._is_retired or not self._is_led:
            return
        self.kept.clear()
        try:
            await self._keep(self._store)
        finally:
            self.kept.set()

    async def _keep(self, store: Store) -> None:
        kept = self.state
        if not await store.save(self.operation, kept):
            self.state = outcome.write_failed(self.state, 1)
            return
        written = len(kept.unsaved)
        self.state = replace(self.state, unsaved=self.state.unsaved[written:])
        if self.is_shared and self._is_led:
            self._kept = kept

    def publish(self, token: TokenState, now: Now) -> None:
        """Hand on what is known now, and when what is asked next; in a shared store no more than is kept there."""
        self.state = outcome.scheduled(self.polled, token, now)
        if self._is_retired:
            return
        if self._kept:
            self._kept = outcome.scheduled(Polled(self.operation, self._kept), token, now)
        self._publish(self._as_kept() if self.is_shared else self.state.published)

    def _as_kept(self) -> Snapshot:
        """Return what is shown of it where its state is shared."""
        self._is_shown_current = self._is_current
        return replace(
            (self._kept or self.state).published,
            shows_counters=self._kept is not None and self._is_current,
            is_current=self._is_current,
        )
