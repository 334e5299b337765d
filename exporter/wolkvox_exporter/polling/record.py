"""What came of an operation's polls: kept in its snapshot, and told to the log."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import structlog

from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.config import Campaigns, Operation
from wolkvox_exporter.polling.memory import Memory
from wolkvox_exporter.polling.poll import Outcome, Poll
from wolkvox_exporter.polling.readability import Readability
from wolkvox_exporter.polling.snapshot import Attempt, ReportState, Snapshot, Trouble
from wolkvox_exporter.runtime.clock import Clock

log = structlog.get_logger()


class Record:
    """Keeps the snapshot of one operation, from the one that is remembered, if one is."""

    def __init__(
        self, operation: Operation, polls: Mapping[ReportName, Poll], clock: Clock, memory: Memory | None = None
    ) -> None:
        self._clock = clock
        self._log = log.bind(operation=operation.name)
        self._readability = {name: Readability(self._log.bind(report=name)) for name in polls}
        states = {
            name: ReportState.initial(poll.interval, operation.stale_after * poll.interval, poll.fields)
            for name, poll in polls.items()
        }
        self.snapshot = Snapshot(operation.name, MappingProxyType(states))
        self.off: Mapping[ReportName, ReportState] = MappingProxyType({})
        """What is remembered of reports that are not polled; it is not published."""
        if memory:
            self._resume(memory.snapshot, {**memory.off, **memory.snapshot.reports}, operation.campaigns)

    def _resume(self, past: Snapshot, states: Mapping[ReportName, ReportState], selection: Campaigns) -> None:
        """Take over what is polled and published now, and set aside the states of reports that are off."""
        now, monotonic = self._clock.time(), self._clock.monotonic()
        reports = {
            name: states[name].resumed(state, now, monotonic)
            for name, state in self.snapshot.reports.items()
            if name in states
        }
        self.off = MappingProxyType({name: state for name, state in states.items() if name not in reports})
        self.snapshot = replace(
            past,
            reports=MappingProxyType({**self.snapshot.reports, **reports}),
            campaigns=tuple(row for row in past.campaigns if selection.selects(row.id, row.name)),
            detections=tuple(row for row in past.detections if selection.selects(row.id, row.name)),
            activity=MappingProxyType(
                {labels: totals for labels, totals in past.activity.items() if selection.selects(labels[1], labels[0])}
            ),
        )

    def read(self, report: ReportName, outcome: Outcome) -> None:
        """Take over what answers brought; any of them shows that the API takes the token."""
        self._readability[report].note(outcome.unread)
        state = self.snapshot.reports[report]
        self.snapshot = replace(outcome.change(self.snapshot), token_valid=True, quota_exhausted=False)
        self._put(report, state.read(outcome.unread.counts, self._clock.monotonic()))

    def succeeded(self, report: ReportName, attempt: Attempt) -> None:
        """Note a good poll."""
        state = self.snapshot.reports[report]
        level = logging.DEBUG if state.up else logging.INFO
        self._log.log(level, "poll succeeded", report=report, seconds=round(attempt.duration, 3))
        self._put(report, state.succeeded(attempt))

    def failed(self, report: ReportName, attempt: Attempt, error: ApiError) -> None:
        """Note a poll that failed."""
        self._log.warning(
            "poll failed",
            report=report,
            reason=error.reason,
            error=error.detail,
            remedy=error.remedy,
            seconds=round(attempt.duration, 3),
        )
        trouble = Trouble(error.reason, error.detail, error.remedy, attempt.ended)
        self._put(report, self.snapshot.reports[report].failed(attempt, trouble))

    def held(self, report: ReportName, error: ApiError) -> None:
        """Note a poll that was left out."""
        self._log.info("poll held back", report=report, reason=error.reason, error=error.detail, remedy=error.remedy)
        trouble = Trouble(error.reason, error.detail, error.remedy, self._clock.time())
        self._put(report, self.snapshot.reports[report].left_out(trouble))

    def kept_back(self, report: ReportName, why: str) -> None:
        """Note why a report is not asked, until its next poll."""
        self._put(report, replace(self.snapshot.reports[report], held=why))

    def refused(self, reason: Reason) -> None:
        """Note that the API does not take the token, or takes no more calls."""
        if reason is Reason.TOKEN:
            self.snapshot = replace(self.snapshot, token_valid=False)
        else:
            self.snapshot = replace(self.snapshot, quota_exhausted=True)

    def kept(self, *, failures: int) -> None:
        """Note how often the state could not be kept."""
        total = (self.snapshot.state_write_failures or 0) + failures
        self.snapshot = replace(self.snapshot, state_write_failures=total)

    def scheduled(self, report: ReportName, due: float) -> None:
        """Note when, on the monotonic clock, a report is due next."""
        following = self._clock.time() - self._clock.monotonic() + due
        self._put(report, replace(self.snapshot.reports[report], next_poll=following))

    def _put(self, report: ReportName, state: ReportState) -> None:
        self.snapshot = self.snapshot.with_report(report, state)
