"""The calls that reached the server, and which of them were in flight together."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.simulator.fault import Fault


@dataclass(frozen=True)
class Call:
    """A call that has ended.

    `operation` and `report` are empty where the token or the report is unknown. `started` and `ended` are seconds of
    `Clock.monotonic`, `at` is the Unix time of the arrival. `status` is None if nothing of HTTP was answered, `fault`
    the injected fault. `overlapped`: another call with the same token was in flight at the arrival.
    """

    operation: str
    report: str
    token: str = field(repr=False)
    started: float
    ended: float
    at: float
    status: int | None
    fault: Fault | None
    params: Mapping[str, str]
    overlapped: bool


@dataclass
class Visit:
    """A call in flight; `peers` counts the calls with its token that were in flight when it arrived."""

    operation: str
    report: str
    token: str = field(repr=False)
    params: Mapping[str, str]
    fault: Fault | None
    peers: int = 0
    status: int | None = None


class Log:
    """All calls in the order in which they ended. In flight is counted, not timed: clocks may stand still."""

    def __init__(self, clock: Clock) -> None:
        self.ended: list[Call] = []
        self._clock = clock
        self._in_flight: Counter[str] = Counter()
        self._changed = asyncio.Event()

    @property
    def in_flight(self) -> int:
        """Calls that have arrived and not ended."""
        return self._in_flight.total()

    async def until(self, in_flight: int) -> None:
        """Return when so many calls are in flight."""
        while self.in_flight != in_flight:
            await self._changed.wait()

    def _count(self, token: str, change: int) -> None:
        self._in_flight[token] += change
        self._changed.set()
        self._changed = asyncio.Event()

    @contextmanager
    def stay(self, visit: Visit) -> Iterator[None]:
        """Count `visit` as in flight meanwhile, and write it down when it ends, however it ends."""
        started, at = self._clock.monotonic(), self._clock.time()
        visit.peers = self._in_flight[visit.token]
        self._count(visit.token, +1)
        try:
            yield
        finally:
            self._count(visit.token, -1)
            self.ended.append(
                Call(
                    operation=visit.operation,
                    report=visit.report,
                    token=visit.token,
                    started=started,
                    ended=self._clock.monotonic(),
                    at=at,
                    status=None if visit.status is None else int(visit.status),
                    fault=visit.fault,
                    params=visit.params,
                    overlapped=visit.peers > 0,
                )
            )
