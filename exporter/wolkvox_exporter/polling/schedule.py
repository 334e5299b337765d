"""What is due for an operation, and when. All instants are seconds on the monotonic clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.runtime.serializable import Instant, Table

CONCURRENCY_DELAYS = (5.0, 10.0, 20.0)
"""Seconds before each retry after the API said that somebody else uses the token."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When a report with this interval is due, and how often the poll due then was brought forward already."""

    interval: float
    due: Instant
    was_reset: bool
    concurrencies: int


Paces = Table[ReportName, Pace]


class Schedule:
    """The one owner of retries.

    A report is due one interval after the start of its last poll, never earlier, so a late start shifts all that
    follow. Earlier come only one retry at once after a reset connection and a few, some seconds apart, after
    `concurrency`. `first` is when reports are due that have no past.
    """

    def __init__(self, intervals: Mapping[ReportName, float], first: float) -> None:
        self._intervals = intervals
        self._due = dict.fromkeys(intervals, first)
        self._resets: set[ReportName] = set()
        self._concurrencies = dict.fromkeys(intervals, 0)
        self._off: Paces = {}

    def paces(self) -> Paces:
        """Return what a later schedule resumes, also of reports that are off here and may be on there."""
        paces = {
            report: Pace(interval, self._due[report], report in self._resets, self._concurrencies[report])
            for report, interval in self._intervals.items()
        }
        return MappingProxyType({**self._off, **paces})

    def resume(self, paces: Paces, now: float) -> None:
        """Go on from what was due: one interval after the start of the last poll; what is overdue now comes first."""
        self._off = {report: pace for report, pace in paces.items() if report not in self._intervals}
        for report in self._intervals.keys() & paces.keys():
            interval, pace = self._intervals[report], paces[report]
            not_before = pace.due + max(0.0, interval - pace.interval)
            if not_before <= now:
                # spread like first polls: after a long break all operations are overdue
                not_before = max(not_before, self._due[report])
            # further ahead lies only what a wrong clock, a longer interval or a hold, which the turn knows, has left
            self._due[report] = min(not_before, now + interval)
            self._concurrencies[report] = pace.concurrencies
            if pace.was_reset:
                self._resets.add(report)

    def due(self, report: ReportName) -> float:
        """Return when a report is due."""
        return self._due[report]

    @property
    def next_due(self) -> float:
        """When the next report is due."""
        return min(self._due.values())

    def pick(self, now: float) -> ReportName | None:
        """Return what has been due longest; of several due together the first in the order of `ReportName`."""
        report = min(ReportName, key=lambda name: self._due.get(name, float("inf")))
        return report if self._due[report] <= now else None

    def started(self, report: ReportName, now: float) -> None:
        """Note the start of a poll."""
        self._due[report] = now + self._intervals[report]

    def succeeded(self, report: ReportName) -> None:
        """Note that a poll brought data."""
        self._resets.discard(report)
        self._concurrencies[report] = 0

    def failed(self, report: ReportName, now: float, error: ApiError) -> None:
        """Note that a poll failed at `now`, and bring the next one forward if the failure is of the passing kind."""
        retries = self._concurrencies[report]
        if error.reset and report not in self._resets:
            self._resets.add(report)
            self._due[report] = now
        elif error.reason is Reason.CONCURRENCY and retries < len(CONCURRENCY_DELAYS):
            self._concurrencies[report] = retries + 1
            self._due[report] = min(self._due[report], now + CONCURRENCY_DELAYS[retries])
        else:
            self.succeeded(report)

    def hold(self, report: ReportName, until: float) -> None:
        """Ask no earlier than `until`."""
        self._due[report] = max(self._due[report], until)

    def hurry(self, reports: Iterable[ReportName], now: float) -> None:
        """Ask at once, if it is asked at all: what stood in the way is gone."""
        for report in self._intervals.keys() & set(reports):
            self._due[report] = now
