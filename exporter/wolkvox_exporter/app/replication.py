"""This exporter as one of several that share a database."""

import asyncio
import hashlib
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from wolkvox_exporter.config import Operation
from wolkvox_exporter.config.database import Database as Written
from wolkvox_exporter.metrics.cache import Publisher
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.pool import Pool
from wolkvox_exporter.replicas.coordinator import Coordinator
from wolkvox_exporter.replicas.leases import Pace
from wolkvox_exporter.replicas.ledger import Format, Ledger
from wolkvox_exporter.replicas.operations import Standing
from wolkvox_exporter.replicas.polled import PolledOperations
from wolkvox_exporter.replicas.store import Database, DatabaseError
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.runtime.concurrency import in_thread
from wolkvox_exporter.runtime.supervisor import Supervisor
from wolkvox_exporter.storage import codec, compressed

_FORMAT = Format(compressed.encode, codec.encode_note, compressed.decode, codec.noted, codec.UnusableError)
_GRACE = 3.0
"""Seconds that calls under way, and then giving the leases back, may take at the end."""
_SHORTEST = 0.2
"""Seconds between two looks at the database, however much changes."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A database that replicas share, and how long a lease in it lasts."""

    database: Database
    pace: Pace = Pace()  # noqa: RUF009 - immutable


class Replication:
    """Looks at the database again and again, and lets the pool poll what this replica has leases for."""

    def __init__(self, shared: Shared, pool: Callable[[], Pool], publisher: Publisher, clock: Clock) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._shared = shared
        self._pool = pool
        self._publisher = publisher
        self._clock = clock
        self._wake = asyncio.Event()
        self._looked = asyncio.Event()
        """Set while nothing is asked of the database but by workers."""
        self._looked.set()
        self._latest: tuple[Standing, dict[str, bool]] | None = None
        self._heard = float("-inf")
        """When the database last did what was asked of it, monotonic."""
        self.ledger = Ledger(shared.database, _FORMAT, clock, _beside)
        self.operations = PolledOperations(pool, clock)
        self.coordinator = Coordinator(
            self.name,
            shared.database,
            self.operations,
            self.ledger,
            form=_FORMAT,
            clock=clock,
            pace=shared.pace,
            configuration=self._configuration,
            told=self._told,
        )
        self.operations.renewed = self._renewed

    def start(self, supervisor: Supervisor) -> None:
        """Take part."""
        supervisor.start("replicas", self._run)
        supervisor.start("changes of replicas", self._listen)

    async def finish(self) -> None:
        """Begin nothing more, and give the calls under way a moment: whoever comes next had to wait for them."""
        self.coordinator.finish()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                for account in self._pool().accounts:
                    await account.idle.wait()
                    await account.kept.wait()
                # what is cut off takes the connection along
                await self._looked.wait()

    async def leave(self) -> None:
        """Give all leases back, and the connections; nothing is polled any more."""
        with suppress(TimeoutError, DatabaseError):
            async with asyncio.timeout(_GRACE):
                await self.coordinator.leave()
                await self._shared.database.close()

    async def _run(self) -> NoReturn:
        due = self._clock.monotonic()
        while True:
            await self._clock.sleep_until(due, self._wake)
            self._wake.clear()
            due = self._clock.monotonic() + self._shared.pace.look
            self._looked.clear()
            try:
                await self.coordinator.step()
            finally:
                self._looked.set()
            await self._clock.sleep_until(self._clock.monotonic() + _SHORTEST)

    async def _listen(self) -> NoReturn:
        while True:
            with suppress(DatabaseError):
                async for _ in self._shared.database.changes():
                    self._wake.set()
            await self._clock.sleep_until(self._clock.monotonic() + self._shared.pace.length)

    def _configuration(self) -> str:
        return fingerprint([account.operation for account in self._pool().accounts], self.operations.lacking)

    def _renewed(self, name: str) -> None:
        self.coordinator.stand_down(name)
        self._wake.set()

    def _told(self, standing: Standing) -> None:
        self._hear(standing)
        leases = {account.name: account.name in standing.led for account in self._pool().accounts}
        if (standing, leases) == self._latest:
            return
        self._latest = standing, leases
        self._publisher.update(
            store_up=standing.is_up,
            leases=leases,
            lease_handovers=standing.handovers,
            replica=self.name,
            holders=standing.holders,
            replicas_differing=standing.differing,
            store_trouble=standing.trouble,
        )

    def _hear(self, standing: Standing) -> None:
        now = Now(self._clock.monotonic(), self._clock.time())
        if standing.is_up:
            self._heard = now.monotonic
        # by then another replica may have what was polled here
        is_heard_of = now.monotonic - self._heard < self._shared.pace.length
        for account in self._pool().accounts:
            account.hear(now, heard=is_heard_of)


def shared_in(written: Written | None) -> Shared | None:
    """Return the database that the configuration names; None where it names none."""
    if written is None:
        return None
    from wolkvox_exporter.storage.postgresql.opening import opened  # noqa: PLC0415 - an extra, for who uses it

    return Shared(opened(written), Pace(written.lease))


def fingerprint(operations: list[Operation], lacking: list[str]) -> str:
    """Return what tells the operations in effect, and those that lack a token, from others.

    Tokens and passwords have no part in it.
    """
    told = [operation.model_dump(exclude={"token", "proxy_url", "ca_file"}) for operation in operations]
    return hashlib.sha256(repr((told, lacking)).encode()).hexdigest()


async def _beside(work: Callable[[], object]) -> object:
    return await in_thread("state", work)
