"""The day of an operation: when it begins and ends, and what was counted of it so far."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self
from zoneinfo import ZoneInfo

from wolkvox_exporter.api import windows
from wolkvox_exporter.polling.counters import Counters, Labels, Totals
from wolkvox_exporter.polling.now import Now

_AGREE = 0.1
"""Seconds that may lie between two readings of the clocks of the same moment."""
_NOTHING: Mapping[str, float] = MappingProxyType({})
_NO_RISES: Totals = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Day:
    """A day, from `start` to `end`, both Unix time; `until` is its end on the monotonic clock."""

    start: float
    end: float
    until: float

    @classmethod
    def of(cls, zone: ZoneInfo, now: Now) -> Self:
        """Return the day that it is in a zone."""
        start, end = windows.today(now.wall, zone).start.timestamp(), windows.tomorrow(now.wall, zone).timestamp()
        return cls(start, end, now.monotonic + end - now.wall)

    def is_right(self, now: Now) -> bool:
        """Return whether it is this day, and ends when it seemed to: no clock was set since."""
        until = now.monotonic + self.end - now.wall
        return self.start <= now.wall < self.end and abs(until - self.until) < _AGREE

    def following(self) -> Self:
        """Return the next day, of which is not said when it ends."""
        return type(self)(self.end, math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class Today:
    """What was counted since the operation's midnight."""

    since: float = 0.0
    """Unix time of that midnight, or when the clock was set back before it."""
    rises: Totals = field(default_factory=lambda: _NO_RISES)
    """By how much counters have risen since, those that have."""

    def of(self, start: float) -> Totals:
        """Return what is counted of the day that began at `start`, Unix time: nothing if all this is of one before."""
        return self.rises if self.since >= start else _NO_RISES

    def bounded(self, now: float) -> Self:
        """Return the same, unless the clock was set back to `now`, Unix time, from a day ahead.

        What was counted then was before `now`, so that it is of this day and not of the next one.
        """
        return self if self.since <= now else replace(self, since=now)


def counted(today: Today, before: Counters, after: Counters, seen: Iterable[Labels], start: float) -> Today:
    """Return what is counted of a day that began at `start`, Unix time, after a report that raised sums of rows `seen`.

    What rose since the last report of the day before counts as well: there is no telling when. Nothing is kept that the
    counters have forgotten.
    """
    rises = {labels: risen for labels, risen in today.of(start).items() if labels in after.sums}
    for labels in seen:
        if added := _rise(before.sums.get(labels, _NOTHING), after.sums[labels]):
            risen = rises.get(labels, _NOTHING)
            added = {name: risen.get(name, 0.0) + more for name, more in added.items()}
            rises[labels] = MappingProxyType({**risen, **added})
    return Today(max(today.since, start), MappingProxyType(rises))


def _rise(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    rises = ((name, value - before.get(name, 0.0)) for name, value in after.items())
    return {name: rise for name, rise in rises if rise}
