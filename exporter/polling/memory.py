"""What outlives a worker: all that a later one of the same operation needs to go on as if it were the same.

Every part belongs to the class that resumes it; instants are on the monotonic clock of this process.
"""

from dataclasses import dataclass

from exporter.activity import ActivityMemory
from exporter.polling.amd import AmdMemory
from exporter.polling.budget import Spending
from exporter.polling.known import KnownMemory
from exporter.polling.schedule import Paces
from exporter.polling.waiting import WaitingMemory
from exporter.snapshot import Snapshot


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
