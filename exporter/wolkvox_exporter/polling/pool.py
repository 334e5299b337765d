"""All operations that are polled, and how they follow a configuration that changes."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from wolkvox_exporter.api.client import Client, Observer
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling import resume
from wolkvox_exporter.polling.account import Account
from wolkvox_exporter.polling.clients import Clients
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.polling.staff import Staff
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.polling.store import Store
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.runtime.supervisor import Supervisor

LEFT = 100
"""Operations that were removed or moved to another server whose states are kept: those that left last."""
_GRACE = 5.0
"""Seconds beyond a call's time-out that a call under way may take to end by itself."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Shares of an interval over which the polls of operations that come together are spread."""

    first: float = 0.1
    """The first polls: data are wanted soon."""
    later: float = 1.0
    """Those after some hours: a fleet's load is even."""


TOGETHER = Spread(0.0, 0.0)
"""All polls at the same moment."""


@dataclass(frozen=True, slots=True)
class Changes:
    """How a configuration differs from the one before, by the names of operations."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, tuple[str, ...]]
    """The keys in effect that differ, also where they are inherited."""
    unchanged: tuple[str, ...]


def compare(old: Mapping[str, Operation], new: Mapping[str, Operation]) -> Changes:
    """Return what is different in the operations by name."""
    differences = {name: _different_keys(old[name], new[name]) for name in new if name in old}
    return Changes(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed={name: keys for name, keys in differences.items() if keys},
        unchanged=tuple(name for name, keys in differences.items() if not keys),
    )


def _different_keys(old: Operation, new: Operation) -> tuple[str, ...]:
    return tuple(key for key in Operation.model_fields if getattr(old, key) != getattr(new, key))


def _server(operation: Operation) -> tuple[str, str]:
    """Return what knowledge belongs to: what is known of a server is not true of another."""
    return operation.name, operation.base_url


class Publisher(Protocol):
    """Shows what is known of operations, and of the exporter itself."""

    def publish(self, snapshot: Snapshot) -> None:
        """Take the latest of an operation."""

    def arrange(self, operations: Sequence[str]) -> None:
        """Show these operations only, in this order."""

    def update(self, *, worker_restarts: Mapping[str, int]) -> None:
        """Take how often the worker of each operation died of a bug and was started again."""


class Pool:
    """All operations that are polled; `observers`, if any, are one for each.

    `states` by operation are what polling goes on from, `store` is where all of them are kept. For `elsewhere` see
    `Staff`.
    """

    def __init__(
        self,
        operations: Sequence[Operation],
        publisher: Publisher,
        supervisor: Supervisor,
        clock: Clock,
        *,
        spread: Spread = Spread(),
        observers: Sequence[Observer] = (),
        states: Mapping[str, OperationState] = MappingProxyType({}),
        store: Store | None = None,
        elsewhere: Callable[[Account], None] | None = None,
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._spread = spread
        self._store = store
        self._staff = Staff(supervisor, clock, self._publish_restarts, elsewhere)
        self._clients = Clients()
        self._left: dict[tuple[str, str], Account] = {}
        self._accounts: dict[str, Account] = {}
        seen_by: Sequence[Observer | None] = observers or [None] * len(operations)
        pairs = list(zip(operations, seen_by, strict=True))
        places = _places(operations)
        for operation, observer in pairs:
            client, place = self._clients.connect(operation, observer), places[operation.name]
            self._accounts[operation.name] = self._account(operation, client, place, states.get(operation.name))
        self._publish_all(self._accounts.values())
        self._publish_restarts()

    @property
    def accounts(self) -> list[Account]:
        """The operations in the order of the configuration."""
        return list(self._accounts.values())

    async def prepare(self) -> None:
        """Find the worker of each operation by its token; in a shared store `lead` and `stand_down` do."""
        await self._find_workers(self.accounts)

    async def _find_workers(self, accounts: Iterable[Account]) -> None:
        if not self._is_shared:
            await self._staff.find_workers(accounts)

    @property
    def _is_shared(self) -> bool:
        return self._store is not None and self._store.is_shared

    def lead(self, account: Account, fingerprint: str, busy: float | None) -> None:
        """Let the worker of a token poll an operation; it asks nothing before `busy`, monotonic."""
        self._staff.place(account, fingerprint, busy)

    def finish(self, account: Account) -> None:
        """Let no worker begin another call for an operation; one under way ends by itself, and is kept."""
        self._staff.take_out(account)
        self._staff.dismiss_idle()

    def stand_down(self, account: Account) -> None:
        """Let no worker poll an operation; a call under way ends by itself, and what it brings is not kept."""
        account.stand_down()
        self.finish(account)

    def start(self) -> None:
        """Let all workers ask."""
        self._staff.start()

    async def once(self) -> None:
        """Ask for each report once."""
        await self.prepare()
        await self._staff.finish()

    async def close(self) -> None:
        """Give all connections back, once no worker is at work any more."""
        await self._clients.close_all()

    async def adopt(self, operations: Sequence[Operation]) -> Changes:
        """Go on with other operations, and return once that is done.

        A call under way ends first, within its time-out, and holds up no other operation. Raises `OSError`, and
        changes nothing, if a CA file can no longer be read.
        """
        wanted = {operation.name: operation for operation in operations}
        before = {name: account.operation for name, account in self._accounts.items()}
        changes = compare(before, wanted)
        moved = [name for name in changes.changed if before[name].base_url != wanted[name].base_url]
        clients = await self._clients.connect_all(wanted[name] for name in (*changes.added, *changes.changed))
        leaving = [self._accounts[name] for name in (*changes.removed, *moved)]
        states = await self._states([wanted[name] for name in (*changes.added, *moved)], leaving)
        # from here to the next await all is done or nothing
        staying = [self._accounts[name] for name in changes.changed if name not in moved]
        old_clients = {account: account.client for account in (*leaving, *staying)}
        arriving = self._swap(wanted, states, clients, leaving)
        for account in staying:
            account.reconfigure(wanted[account.name], clients[account.name], self._now())
            self._staff.look_again(account)
        self._arrange()
        await asyncio.gather(self._find_workers(arriving), *map(_ended, old_clients))
        for account in staying:
            self._staff.publish(account)
        for client in old_clients.values():
            await self._clients.close(client)
        self._staff.dismiss_idle()
        return changes

    async def _states(
        self, operations: Sequence[Operation], leaving: Sequence[Account]
    ) -> dict[str, OperationState | None]:
        """Return what is known of operations that come; those that leave write nothing down meanwhile."""
        for account in leaving:
            account.retire()
        try:
            return {operation.name: await self._known(operation) for operation in operations}
        except BaseException:
            for account in leaving:
                account.retire(retired=False)
            raise

    async def _known(self, operation: Operation) -> OperationState | None:
        # it may have been removed a moment ago
        kept = await self._store.load(operation) if self._store else None
        left = self._left.pop(_server(operation), None)
        # in a shared store others may have gone on with it
        return left.state if left and not self._is_shared else kept

    def _swap(
        self,
        wanted: Mapping[str, Operation],
        states: Mapping[str, OperationState | None],
        clients: Mapping[str, Client],
        leaving: Iterable[Account],
    ) -> list[Account]:
        for account in leaving:
            self._staff.take_out(account)
            self._left[_server(account.operation)] = account
        for longest_gone in list(self._left)[:-LEFT]:
            del self._left[longest_gone]
        places = _places([wanted[name] for name in states])
        arriving = {
            name: self._account(wanted[name], clients[name], places[name], state) for name, state in states.items()
        }
        self._accounts = {name: arriving[name] if name in arriving else self._accounts[name] for name in wanted}
        return list(arriving.values())

    def _account(self, operation: Operation, client: Client, place: float, state: OperationState | None) -> Account:
        """Return an operation that comes at a `place` between 0 and 1 among those that come together.

        Its first data are wanted soon, and so the first polls lie close together; later ones move apart.
        """
        now, phase = self._now(), place * (self._spread.later - self._spread.first)
        first = now.monotonic + place * self._spread.first * operation.interval
        state = resume.resumed(state, operation, first, now) if state else resume.initial(operation, first, phase)
        return Account(operation, client, state, self._publisher.publish, self._store)

    def _arrange(self) -> None:
        self._publish_all(self._accounts.values())
        self._publisher.arrange(list(self._accounts))
        self._publish_restarts()

    def _publish_all(self, accounts: Iterable[Account]) -> None:
        for account in accounts:
            account.publish(account.state.token, self._now())

    def _publish_restarts(self) -> None:
        restarts = self._staff.restarts
        self._publisher.update(worker_restarts={name: restarts.get(name, 0) for name in self._accounts})

    def _now(self) -> Now:
        return Now(self._clock.monotonic(), self._clock.time())


def _places(operations: Sequence[Operation]) -> dict[str, float]:
    return {operation.name: place / len(operations) for place, operation in enumerate(operations)}


async def _ended(account: Account) -> None:
    """Return as soon as no call is under way, or no longer can be."""
    with suppress(TimeoutError):
        async with asyncio.timeout(account.operation.timeout + _GRACE):
            await account.idle.wait()
