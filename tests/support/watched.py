"""What replicas show, scrape by scrape, and what the API was asked: whether anything is in it that must not be."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Call

_OF_AN_OPERATION = 'operation="'
_OF_THE_EXPORTER = "wolkvox_exporter_"
_HELD = "wolkvox_exporter_lease_held{"
_SHOWN = "wolkvox_campaign_started{"
_CLOCK = SystemClock()


@dataclass
class Watched:
    """The scrapes of one replica, in all its lives."""

    counters: dict[str, float] = field(default_factory=dict)
    """As they were seen last."""
    fallen: list[tuple[str, float, float]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Operations that were gone from a scrape although they had been there in the same life."""
    shown: set[str] = field(default_factory=set)
    """Operations whose campaigns are there."""
    led: frozenset[str] = frozenset()
    """The operations that it says it polls."""
    gained: list[tuple[float, str]] = field(default_factory=list)
    """When on the monotonic clock it began to say so of which operation."""
    scrapes: int = 0

    def begins(self) -> None:
        """Begin another life."""
        self.shown, self.led = set(), frozenset()

    def take(self, text: str) -> None:
        """Compare a scrape with those before."""
        samples = dict(_samples(text))
        counters = {name: value for name, value in samples.items() if "_total{" in name}
        self.fallen += [
            (name, self.counters[name], value)
            for name, value in counters.items()
            if value < self.counters.get(name, value)
        ]
        self.counters |= counters
        shown = {_operation(name) for name in samples if name.startswith(_SHOWN)}
        self.missing += sorted(self.shown - shown)
        self.shown = shown
        led = frozenset(_operation(name) for name, value in samples.items() if name.startswith(_HELD) and value)
        self.gained += [(_CLOCK.monotonic(), name) for name in led - self.led]
        self.led = led
        self.scrapes += 1


def _samples(text: str) -> Iterator[tuple[str, float]]:
    """Return what is compared, by name and labels: to read all of so many scrapes would take too long."""
    for line in text.splitlines():
        is_counter = "_total{" in line and _OF_AN_OPERATION in line and not line.startswith(_OF_THE_EXPORTER)
        if is_counter or line.startswith((_SHOWN, _HELD)):
            name, _, value = line.rpartition(" ")
            yield name, float(value)


def _operation(name: str) -> str:
    return name.partition(_OF_AN_OPERATION)[2].partition('"')[0]


def early(calls: Iterable[Call], interval: float, jitter: float) -> list[tuple[float, Call, Call]]:
    """Return what was asked before its time, and after how many seconds."""
    by_report = defaultdict(list)
    for call in sorted(calls, key=lambda call: call.started):
        by_report[call.operation, call.report, call.params.get("campaign_id")].append(call)
    pairs = (pair for calls in by_report.values() for pair in pairwise(calls))
    gaps = [(second.started - first.started, first, second) for first, second in pairs]
    return [found for found in gaps if found[0] < interval - jitter]


def overlapping(calls: Iterable[Call], timeout: float) -> list[tuple[Call, Call]]:
    """Return calls with the same token of which one began before the one before could not last any more.

    One whose asker was killed may go on at the API, for as long as its asker would have waited.
    """
    by_token = defaultdict(list)
    for call in sorted(calls, key=lambda call: call.started):
        by_token[call.token].append(call)
    pairs = (pair for calls in by_token.values() for pair in pairwise(calls))
    return [(first, second) for first, second in pairs if second.overlapped or second.started < _end(first, timeout)]


def _end(call: Call, timeout: float) -> float:
    return call.ended if call.status is not None else call.started + timeout


@dataclass(frozen=True)
class Lost:
    """The operations that a replica polled when it was gone, and when that was on the monotonic clock."""

    names: frozenset[str]
    at: float

    @classmethod
    def now(cls, watched: Watched) -> "Lost":
        """Return those of a replica that goes now."""
        return cls(watched.led, _CLOCK.monotonic())

    def taken_over(self, replicas: Iterable[Watched]) -> list[float]:
        """Return after how many seconds each of the operations was polled again; one that never was is left out."""
        gained = [each for replica in replicas for each in replica.gained]
        again = {name: [at for at, which in gained if which == name and at > self.at] for name in self.names}
        return [min(found) - self.at for found in again.values() if found]

    def added(self, calls: Iterable[Call], interval: float, lasts: float) -> list[float]:
        """Return by how many seconds the next call of each operation came later than it had to.

        It has to come as soon as a report is due, and a call that was cut off can no longer last: `lasts` seconds.
        """
        return [late for name in self.names if (late := self._added(name, calls, interval, lasts)) is not None]

    def _added(self, name: str, calls: Iterable[Call], interval: float, lasts: float) -> float | None:
        started = {
            call.report: call for call in sorted(calls, key=lambda call: call.started) if self._is_of(call, name)
        }
        later = [call.started for call in calls if call.operation == name and call.started > self.at]
        if not started or not later:
            return None
        due = min(call.started + interval for call in started.values())
        ends = [call.started + lasts for call in started.values() if call.status is None]
        return min(later) - max([due, self.at, *ends])

    def _is_of(self, call: Call, name: str) -> bool:
        return call.operation == name and call.started <= self.at
