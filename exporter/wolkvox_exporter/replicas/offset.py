"""What lies between the database's clock and this process's: an interval, not a point. Pure.

An answer says the database's time at some moment between sending the question and receiving the answer. Between two
answers both clocks drift, so the interval widens. Where a new one has nothing in common with the old one, a clock was
set: what was written by the database's time before may be off by any amount then.
"""

from dataclasses import dataclass

DRIFT = 0.001
"""Seconds in a second by which two clocks may drift; quartz and NTP stay below a fifth of it."""


@dataclass(frozen=True, slots=True)
class Offset:
    """The database's time less the monotonic clock, in seconds, as it was known at the instant `at`."""

    low: float
    high: float
    at: float
    stepped: float | None = None
    """When on the monotonic clock it was last noticed that a clock had been set."""

    def earliest(self, instant: float) -> float:
        """Return the database's time at an instant of the monotonic clock, or a moment before."""
        return instant + self.low - _drift(self.at, instant)

    def latest(self, instant: float) -> float:
        """Return the database's time at an instant of the monotonic clock, or a moment after."""
        return instant + self.high + _drift(self.at, instant)


def observed(before: Offset | None, sent: float, said: float, received: float) -> Offset:
    """Return what is known after the database said its time; `sent` and `received` are monotonic."""
    # it was said at some moment in between, and a process may have stood still since
    since = _drift(sent, received)
    new = Offset(said - received - since, said - sent + since, received)
    if before is None:
        return new
    drift = _drift(before.at, received)
    low, high = max(new.low, before.low - drift), min(new.high, before.high + drift)
    if low > high:
        return Offset(new.low, new.high, received, stepped=received)
    return Offset(low, high, received, before.stepped)


def _drift(since: float, until: float) -> float:
    return DRIFT * abs(until - since)
