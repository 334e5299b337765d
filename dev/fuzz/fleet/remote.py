"""What a process has of the world: clocks of its own, and the database from afar."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import Any

from fuzz.fleet.kernel import Ask, Kernel, Sleep
from fuzz.fleet.tables import Tables
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.replicas.store import Lease, Member, Row, View


class Clock:
    """A process's clocks: monotonic from anywhere, at a rate of its own, and a wall clock that shows anything."""

    def __init__(self, kernel: Kernel, rate: float, start: float, ahead: float) -> None:
        self.ahead = ahead
        """What the wall clock is ahead of true time."""
        self._kernel = kernel
        self._rate = rate
        self._start = start

    def time(self) -> float:
        """See `Clock.time`."""
        return self.ahead + self._kernel.now

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self._start + self._rate * self._kernel.now

    def boot(self) -> str:
        """See `Clock.boot`."""
        return ""

    async def sleep_until(self, instant: float, wake: Any = None) -> None:  # noqa: ANN401, ARG002 - as in `Clock`
        """See `Clock.sleep_until`."""
        await Sleep(max(0.0, (instant - self.monotonic()) / self._rate))

    @property
    def now(self) -> Now:
        """The present."""
        return Now(self.monotonic(), self.time())


class Remote:
    """The database from afar; see `Database`."""

    def __init__(self, tables: Callable[[], Tables]) -> None:
        self._tables = tables

    async def look(self, member: Member, lasts: float) -> View:  # noqa: D102 - see `Database`, as those below
        found: View = await Ask(lambda: self._tables().look(member, lasts))
        return found

    async def take(self, token: str, member: str, number: int, lasts: float) -> Lease | None:  # noqa: D102
        lease: Lease | None = await Ask(lambda: self._tables().take(token, member, number, lasts))
        return lease

    async def renew(self, leases: Iterable[Lease], lasts: float) -> Mapping[str, Lease]:  # noqa: D102
        ours = list(leases)
        renewed: Mapping[str, Lease] = await Ask(lambda: self._tables().renew(ours, lasts))
        return renewed

    async def release(self, leases: Iterable[Lease]) -> None:  # noqa: D102
        ours = list(leases)
        await Ask(lambda: self._tables().release(ours))

    async def read(self, name: str, server: str) -> tuple[int, bytes | None, bytes | None]:  # noqa: D102
        row: tuple[int, bytes | None, bytes | None] = await Ask(lambda: self._tables().read(name, server))
        return row

    async def write(self, lease: Lease, row: Row, content: bytes) -> int | None:  # noqa: D102
        version: int | None = await Ask(lambda: self._tables().write(lease, row, content))
        return version

    async def note(self, lease: Lease, row: Row, note: bytes) -> int | None:  # noqa: D102
        version: int | None = await Ask(lambda: self._tables().note(lease, row, note))
        return version

    async def restore(self, row: Row, before: int, content: bytes | None, note: bytes | None) -> bool:  # noqa: D102
        return bool(await Ask(lambda: self._tables().restore(row, before, content, note)))

    async def leave(self, member: str) -> None:  # noqa: D102
        await Ask(lambda: self._tables().leave(member))

    def changes(self) -> AsyncGenerator[tuple[str, str] | None, None]:  # noqa: D102
        raise NotImplementedError

    async def close(self) -> None:  # noqa: D102
        raise NotImplementedError
