"""What outlives a worker: all that a later one of the same operation needs to go on as if it were the same.

Every part belongs to the class that resumes it; instants are on the monotonic clock of this process.
"""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling.amd import AmdMemory
from wolkvox_exporter.polling.budget import Spending
from wolkvox_exporter.polling.counters import ActivityMemory
from wolkvox_exporter.polling.known import KnownMemory
from wolkvox_exporter.polling.schedule import Paces
from wolkvox_exporter.polling.snapshot import ReportState, Snapshot
from wolkvox_exporter.polling.waiting import WaitingMemory
from wolkvox_exporter.runtime.serializable import Table

WRITE_TIMEOUT = 5.0
"""Seconds that a store may take; after that polling goes on without."""


@dataclass(frozen=True, slots=True)
class Memory:
    """An operation as it stands between two calls."""

    snapshot: Snapshot
    paces: Paces
    waiting: WaitingMemory
    spending: Spending
    known: KnownMemory
    activity: ActivityMemory
    amd: AmdMemory | None
    longest_call: float
    """Seconds that the longest call of the last poll took."""
    off: Table[ReportName, ReportState] = field(default_factory=lambda: MappingProxyType({}))
    """How the polling of reports went that are off now, and may be on again."""


class Store(Protocol):
    """Keeps memories beyond the process."""

    async def load(self, operation: Operation) -> Memory | None:
        """Return what is remembered of an operation, with its instants on this process's clock; None if nothing is."""

    async def save(self, operation: Operation, memory: Memory) -> bool:
        """Return whether the memory is safe now; takes `WRITE_TIMEOUT` at most and raises nothing."""
