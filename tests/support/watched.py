"""What replicas show, scrape by scrape, and what the API was asked: whether anything is in it that must not be."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from time import monotonic

from wolkvox_exporter.simulator import Call

_OF_AN_OPERATION = 'operation="'
_OF_THE_EXPORTER = "wolkvox_exporter_"
_HELD = "wolkvox_exporter_lease_held{"
_SHOWN = "wolkvox_campaign_started{"


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
    led: dict[str, float] = field(default_factory=dict)
    """The operations that it says it polls, and since when."""
    scrapes: int = 0

    def begins(self) -> None:
        """Begin another life."""
        self.shown, self.led = set(), {}

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
        led = {_operation(name) for name, value in samples.items() if name.startswith(_HELD) and value}
        self.led = {name: self.led.get(name, monotonic()) for name in led}
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


def early(calls: Iterable[Call], interval: float, jitter: float) -> list[tuple[Call, Call]]:
    """Return what was asked before its time."""
    by_report = defaultdict(list)
    for call in sorted(calls, key=lambda call: call.started):
        by_report[call.operation, call.report, call.params.get("campaign_id")].append(call)
    pairs = (pair for calls in by_report.values() for pair in pairwise(calls))
    return [(first, second) for first, second in pairs if second.started - first.started < interval - jitter]


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
