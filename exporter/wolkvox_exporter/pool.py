"""The workers of all operations, and how they follow a configuration that changes."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat
from types import MappingProxyType

from wolkvox_exporter.api.client import Client, Witness
from wolkvox_exporter.config import Operation
from wolkvox_exporter.metrics.cache import Publisher
from wolkvox_exporter.polling.memory import Memory, Store
from wolkvox_exporter.polling.turns import Turns
from wolkvox_exporter.polling.worker import Worker
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.runtime.supervisor import Job, Supervisor

SPREAD = 0.1
"""The share of an interval over which the first polls of all operations are spread."""
_GRACE = 5.0
"""Seconds beyond a call's time-out that a poll under way may take to end by itself."""
LEFT = 100
"""Memories that are kept of operations that were removed or moved to another server: those that left last."""


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


def _account(operation: Operation) -> tuple[str, str]:
    """Return what knowledge belongs to: what is known of a server is not true of another."""
    return operation.name, operation.base_url


def _different_keys(old: Operation, new: Operation) -> tuple[str, ...]:
    return tuple(key for key in Operation.model_fields if getattr(old, key) != getattr(new, key))


@dataclass(slots=True)
class _Post:
    operation: Operation
    client: Client
    worker: Worker
    job: Job | None = None


class Fleet:
    """One worker for each operation; `witnesses`, if any, are as many as the first operations.

    `memories` by operation are what the first workers go on from, `store` is where all of them keep theirs.
    """

    def __init__(
        self,
        operations: Sequence[Operation],
        publisher: Publisher,
        supervisor: Supervisor,
        clock: Clock,
        *,
        spread: float = SPREAD,
        witnesses: Sequence[Witness] = (),
        memories: Mapping[str, Memory] = MappingProxyType({}),
        store: Store | None = None,
    ) -> None:
        self._publisher = publisher
        self._supervisor = supervisor
        self._clock = clock
        self._spread = spread
        self._store = store
        # kept for as long as the exporter lives: a token has one turn, whoever comes and goes
        self._turns = Turns(clock)
        self._posts: dict[str, _Post] = {}
        self._left: dict[tuple[str, str], Memory] = {}
        self._clients: set[Client] = set()
        self._restarts = dict.fromkeys((operation.name for operation in operations), 0)
        firsts = self._first_polls(operations)
        for operation, witness in zip(operations, witnesses or repeat(None), strict=False):
            client = self._connect(operation, witness)
            name = operation.name
            self._posts[name] = self._engage(operation, client, firsts[name], memories.get(name))
        self._tell_restarts()

    @property
    def workers(self) -> list[Worker]:
        """The workers in the order of the configuration."""
        return [post.worker for post in self._posts.values()]

    async def recall(self) -> None:
        """Let each know what any of them remembers of a token that they share, before they start."""
        await asyncio.gather(*(worker.recall() for worker in self.workers))

    def start(self) -> None:
        """Let all of them poll."""
        for post in self._posts.values():
            self._start(post)

    async def close(self) -> None:
        """Give all connections back, once no worker is at work any more."""
        for client in list(self._clients):
            await self._disconnect(client)

    async def adopt(self, operations: Sequence[Operation]) -> Changes:
        """Bring the workers in line with other operations, and return once that is done.

        A poll under way ends first, within its call's time-out, and holds up no other operation. Raises `OSError`, and
        changes nothing, if a CA file can no longer be read.
        """
        wanted = {operation.name: operation for operation in operations}
        changes = compare({name: post.operation for name, post in self._posts.items()}, wanted)
        renewed = [wanted[name] for name in (*changes.added, *changes.changed)]
        memories = {name: await self._remembered(wanted[name]) for name in changes.added}
        clients, firsts = await self._connect_all(renewed), self._first_polls(renewed)
        leaving = [self._posts.pop(name) for name in changes.removed]
        for name in changes.added:
            self._posts[name] = self._engage(wanted[name], clients[name], firsts[name], memories[name])
            self._start(self._posts[name])
        for post in (*leaving, *(self._posts[name] for name in changes.changed)):
            # before anything else runs: what one publishes after `_arrange` would stay
            post.worker.retire()
        self._arrange(wanted)
        await asyncio.gather(
            *(self._dismiss(post) for post in leaving),
            *(self._replace(wanted[name], clients[name], firsts[name]) for name in changes.changed),
        )
        return changes

    async def _remembered(self, operation: Operation) -> Memory | None:
        # it may have been removed a moment ago
        return await self._store.load(operation) if self._store else None

    def _arrange(self, names: Iterable[str]) -> None:
        self._posts = {name: self._posts[name] for name in names}
        self._restarts = {name: self._restarts.get(name, 0) for name in names}
        self._publisher.arrange(list(self._posts))
        self._tell_restarts()

    async def _replace(self, operation: Operation, client: Client, first: float) -> None:
        await self._dismiss(self._posts[operation.name])
        post = self._posts[operation.name] = self._engage(operation, client, first)
        self._start(post)

    async def _dismiss(self, post: _Post) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(post.operation.timeout + _GRACE):
                await post.worker.ended()
        if post.job:
            await self._supervisor.end(post.job)
        await self._disconnect(post.client)
        self._left[_account(post.operation)] = post.worker.memory()
        for longest_gone in list(self._left)[:-LEFT]:
            del self._left[longest_gone]

    def _engage(self, operation: Operation, client: Client, first: float, memory: Memory | None = None) -> _Post:
        """Employ a worker that goes on from what the last one left, or from `memory` if there was none."""
        worker = Worker(
            operation,
            client,
            self._turns,
            self._clock,
            self._publisher.publish,
            first=first,
            memory=self._left.pop(_account(operation), memory),
            store=self._store,
        )
        worker.publish()
        return _Post(operation, client, worker)

    def _start(self, post: _Post) -> None:
        name = post.operation.name
        post.job = self._supervisor.start(name, post.worker.run, lambda: self._restarted(name))

    def _restarted(self, name: str) -> None:
        self._restarts[name] = self._restarts.get(name, 0) + 1
        self._tell_restarts()

    def _tell_restarts(self) -> None:
        self._publisher.tell(worker_restarts=dict(self._restarts))

    def _first_polls(self, operations: Sequence[Operation]) -> dict[str, float]:
        now, number = self._clock.monotonic(), len(operations)
        return {
            operation.name: now + place / number * self._spread * operation.interval
            for place, operation in enumerate(operations)
        }

    async def _connect_all(self, operations: Iterable[Operation]) -> dict[str, Client]:
        clients: dict[str, Client] = {}
        try:
            for operation in operations:
                clients[operation.name] = self._connect(operation)
                # each reads the system's certificates; scrapes are answered in between
                await asyncio.sleep(0)
        except OSError:
            for client in clients.values():
                await self._disconnect(client)
            raise
        return clients

    def _connect(self, operation: Operation, witness: Witness | None = None) -> Client:
        client = Client(
            operation.base_url,
            proxy_url=operation.proxy_url.get_secret_value() if operation.proxy_url else None,
            ca_file=operation.ca_file,
            timeout=operation.timeout,
            witness=witness,
        )
        self._clients.add(client)
        return client

    async def _disconnect(self, client: Client) -> None:
        self._clients.discard(client)
        await client.close()
