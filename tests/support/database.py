"""A database for replicas, in memory: all of them in one process, and the tests decide when it fails."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping

from fuzz.fleet.tables import Tables
from wolkvox_exporter.replicas.store import DatabaseError, Identity, Lease, Member, Row, View
from wolkvox_exporter.runtime.clock import Clock


class MemoryDatabase:
    """See `Database`; one object may be that of several replicas."""

    def __init__(self, clock: Clock) -> None:
        self.tables = Tables(clock.time, Identity("system 1", 1, "made 1", "salt 1"))
        self.is_down = False
        self.refuses_notes = False
        self.refuses_writes = False
        """Whether states cannot be kept, although notes and all else can be."""

    def _reached(self) -> Tables:
        if self.is_down:
            raise DatabaseError("it cannot be reached", "see that it runs")
        return self.tables

    async def look(self, member: Member, lasts: float) -> View:  # noqa: D102 - see `Database`, as those below
        return self._reached().look(member, lasts)

    async def take(self, token: str, member: str, number: int, lasts: float) -> Lease | None:  # noqa: D102
        return self._reached().take(token, member, number, lasts)

    async def renew(self, leases: Iterable[Lease], lasts: float) -> Mapping[str, Lease]:  # noqa: D102
        return self._reached().renew(leases, lasts)

    async def release(self, leases: Iterable[Lease]) -> None:  # noqa: D102
        self._reached().release(leases)

    async def read(self, name: str, server: str) -> tuple[int, bytes | None, bytes | None]:  # noqa: D102
        return self._reached().read(name, server)

    async def write(self, lease: Lease, row: Row, content: bytes) -> int | None:  # noqa: D102
        if self.refuses_writes:
            raise DatabaseError("no space is left", "make room")
        return self._reached().write(lease, row, content)

    async def note(self, lease: Lease, row: Row, note: bytes) -> int | None:  # noqa: D102
        if self.refuses_notes:
            raise DatabaseError("no space is left", "make room")
        return self._reached().note(lease, row, note)

    async def restore(self, row: Row, before: int, content: bytes | None, note: bytes | None) -> bool:  # noqa: D102
        return self._reached().restore(row, before, content, note)

    async def leave(self, member: str) -> None:  # noqa: D102
        self._reached().leave(member)

    async def changes(self) -> AsyncGenerator[tuple[str, str] | None, None]:  # noqa: D102
        await asyncio.Event().wait()
        yield None

    async def close(self) -> None:  # noqa: D102
        pass
