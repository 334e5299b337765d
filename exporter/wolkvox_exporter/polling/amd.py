"""What is known of detections of answering machines; how they are asked for is in `reports.amd`."""

from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from wolkvox_exporter.polling.rounds import Rounds
from wolkvox_exporter.runtime.serializable import Instant, Table


@dataclass(frozen=True, slots=True)
class Total:
    """The detections of a campaign, and until when they are shown."""

    value: float
    fresh_until: Instant


@dataclass(frozen=True, slots=True)
class Amd(Rounds):
    """How far the questions for detections have come, and what they have brought."""

    totals: Table[str, Total] = field(default_factory=lambda: MappingProxyType({}))
    """The detections by campaign id, all of `totals_day`."""
    totals_day: datetime | None = None
