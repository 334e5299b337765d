"""What refusals hold back, worked out a second time from the documentation, with none of the exporter's code.

All instants are true seconds; `Moment` has the time of day that the exporter sees, too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from fuzz.faults import REFUSING, SILENT, Fault

HOUR, DAY = 3600.0, 86_400.0
_ZONE = -5 * HOUR
"""The API's midnight is Bogota's."""
_FIRST, _LONGEST = 300.0, 1800.0
_MARKS = (30.0, 300.0, 900.0)
_NONE: Mapping[str, "Refused"] = MappingProxyType({})


@dataclass(frozen=True)
class Moment:
    """An instant, and the time of day as the exporter sees it."""

    instant: float
    wall: float


def api_day(wall: float) -> int:
    """Return the number of a day of the API."""
    return int((wall + _ZONE) // DAY)


@dataclass(frozen=True)
class Refused:
    """The latest answer for a report was a refusal, the how manieth in a row."""

    how: Fault
    at: float
    number: int


@dataclass(frozen=True)
class Standing:
    """What is known of a token at a server."""

    refused: Mapping[str, Refused] = field(default_factory=lambda: _NONE)
    doubtful: frozenset[str] = frozenset()
    """The reports refused since the last answer that was accepted."""
    learned_at: float = float("-inf")
    """When an answer last showed whether it is taken."""

    @property
    def is_whole(self) -> bool:
        """Whether more than one report was refused in a row, so that the token is held back as a whole."""
        return len(self.doubtful) > 1

    @property
    def latest(self) -> Refused | None:
        """The refusal that came last."""
        return max(self.refused.values(), key=lambda each: each.at, default=None)

    def answered(self, report: str, fault: Fault | None, at: float) -> "Standing":
        """Return what is known after an answer."""
        if fault in SILENT:
            return self
        if fault not in REFUSING:
            left = {} if self.is_whole else {key: each for key, each in self.refused.items() if key != report}
            return Standing(MappingProxyType(left), learned_at=at)
        before = self._row if self.is_whole else self.refused[report].number if report in self.refused else 0
        found = Refused(fault, at, before + 1)
        return Standing(MappingProxyType({**self.refused, report: found}), self.doubtful | {report}, at)

    @property
    def _row(self) -> int:
        return max((each.number for each in self.refused.values()), default=0)

    def pause(self, report: str, interval: float, now: Moment) -> tuple[Fault, float] | None:
        """Return why a report is held back and until when, if it is."""
        refused = self.latest if self.is_whole else self.refused.get(report)
        if refused is None:
            return None
        if refused.how is Fault.QUOTA:
            until = refused.at + _to_probe(now.wall - (now.instant - refused.at))
        else:
            number = self._row if self.is_whole else refused.number
            until = refused.at + min(_LONGEST, min(interval, _FIRST) * 2.0 ** (number - 1))
        return (refused.how, until) if now.instant < until else None

    def without_token_refusals(self) -> "Standing":
        """Return what is known of another token of the same operation: whether the day's calls are used up."""
        left = {report: each for report, each in self.refused.items() if each.how is Fault.QUOTA}
        return Standing(MappingProxyType(left), frozenset(self.doubtful & left.keys()), self.learned_at)


def _to_probe(wall: float) -> float:
    """Return the seconds from a refusal at a time of day to the next probe: an hour, or to a mark past midnight."""
    since_midnight = (wall + _ZONE) % DAY
    marks = [day + mark - since_midnight for day in (0.0, DAY) for mark in _MARKS]
    return min(HOUR, *(seconds for seconds in marks if seconds > 0))


def of_several(copies: Iterable[Standing]) -> Standing:
    """Return what is known where several operations remember a token: the one that learned last."""
    return max(copies, key=lambda copy: copy.learned_at)
