"""How far the questions for detections of answering machines have come; what they are is in `reports.amd`."""

from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from wolkvox_exporter.runtime.serializable import Instant, Table


@dataclass(frozen=True, slots=True)
class Total:
    """The detections of a campaign, and until when they are shown."""

    value: float
    fresh_until: Instant


@dataclass(frozen=True, slots=True)
class Amd:
    """How far the questions for detections have come; all of it belongs to `day`, but for what says otherwise."""

    day: datetime | None = None
    """The operation's midnight that began the day of the last question."""
    found_each: bool = False
    """Whether `auto` has found that campaigns have to be asked for one by one."""
    round_of_all: bool = False
    """Whether the round under way began with all campaigns in one call."""
    all_answers: bool = False
    """Whether the question for all has ever shown a detection, on whatever day."""
    probed: Instant | None = None
    """When a single campaign was last asked for in a round of all."""
    probes: Table[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """How often each campaign was asked for so."""
    asked: Table[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """The place of each campaign in the row of all questions for single campaigns, by its last one."""
    asked_before: int = 0
    """How long that row was when the round under way began."""
    failed: tuple[str, ...] = ()
    """The campaigns whose last question failed, on whatever day."""
    totals: Table[str, Total] = field(default_factory=lambda: MappingProxyType({}))
    """The detections by campaign id, all of `totals_day`."""
    totals_day: datetime | None = None
