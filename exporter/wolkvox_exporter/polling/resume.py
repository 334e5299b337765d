"""An operation's state at a start: the first, or going on from what was known, in another process or otherwise set."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling import rounds, timing, token_gate
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.reports import REPORTS, enabled
from wolkvox_exporter.polling.snapshot import ReportState, Snapshot
from wolkvox_exporter.polling.state import Begun, OperationState, Progress
from wolkvox_exporter.polling.store import SLACK
from wolkvox_exporter.polling.timing import Polled


def initial(operation: Operation, since: float, phase: float = 0.0) -> OperationState:
    """Return the state of an operation of which nothing is known, wanted from an instant of the monotonic clock on.

    `phase` is the share of each interval by which its rounds are to come later in time than those of the first.
    """
    progress = {name: Progress(since, delay=phase * REPORTS[name].interval(operation)) for name in enabled(operation)}
    published = Snapshot(operation.name, _initial_reports(operation), labels=operation.labels)
    return OperationState(published, MappingProxyType(progress))


def _initial_reports(operation: Operation) -> Mapping[ReportName, ReportState]:
    states = {}
    for name in enabled(operation):
        report = REPORTS[name]
        interval = report.interval(operation)
        states[name] = ReportState.initial(interval, operation.stale_after * interval, report.fields)
    return MappingProxyType(states)


def resumed(state: OperationState, operation: Operation, since: float, now: Now) -> OperationState:
    """Return the state as a later process or worker goes on from it, no report earlier than `since`, monotonic.

    Instants are bounded by `now`: what lies ahead is what a clock that was wrong has left.
    """
    # the call that was cut off may have had another time-out
    lasts = max(operation.timeout, state.calling.ends - state.calling.at) if state.calling else operation.timeout
    state, token = timing.cut_off(state, state.token)
    if token.busy_until is not None:
        latest = now.monotonic + lasts + SLACK
        token = replace(token, busy_until=min(token.busy_until, latest) if token.busy_until > now.monotonic else None)
    progress = {name: _bounded(each, since, now) for name, each in state.progress.items()}
    state = replace(
        state,
        progress=MappingProxyType(progress),
        served=None if state.served is None else min(state.served, now.monotonic),
        token=token_gate.bounded(token, now),
        skills=rounds.bounded(state.skills, now),
        amd=rounds.bounded(state.amd, now),
    )
    return reconfigured(state, operation, since, now)


def begun_before(state: OperationState, operation: Operation, call: Begun, now: Now) -> OperationState:
    """Return the state in which a call has begun that an earlier process noted."""
    name = call.question.report
    if name not in state.progress:
        state = timing.with_progress(state, name, Progress(call.at))
    at = Now(call.at, now.at(call.at))
    state, _ = timing.begun(Polled(operation, state), state.token, call.question, at, call.ends)
    if name not in state.published.reports:
        return state
    report = state.published.reports[name].begun(at.wall)
    return replace(state, published=state.published.with_report(name, report))


def reconfigured(state: OperationState, operation: Operation, since: float, now: Now) -> OperationState:
    """Return the state under other settings; reports that were never on are wanted from `since` on, monotonic."""
    progress = dict(state.progress)
    for name in enabled(operation):
        if name not in state.published.reports:
            progress[name] = replace(progress.get(name, Progress(since)), since=since)
    state = replace(_with_reports(state, operation, now), progress=MappingProxyType(progress))
    for report in REPORTS.values():
        state = report.reconfigured(state, operation)
    return state


def _bounded(progress: Progress, since: float, now: Now) -> Progress:
    started = None if progress.started is None else min(progress.started, now.monotonic)
    retry = replace(progress.retry, at=min(progress.retry.at, now.monotonic)) if progress.retry else None
    return replace(timing.without_open_poll(progress), since=since, started=started, retry=retry, looked=None)


def _with_reports(state: OperationState, operation: Operation, now: Now) -> OperationState:
    """Take over what is polled now, and set aside the states of reports that are off."""
    past, reports = state.published, _initial_reports(operation)
    known = {**state.off, **past.reports}
    resumed_reports = {
        name: known[name].resumed(report, now.wall, now.monotonic) for name, report in reports.items() if name in known
    }
    published = replace(
        past, reports=MappingProxyType({**reports, **resumed_reports}), labels=operation.labels, day=None
    )
    off = MappingProxyType({name: report for name, report in known.items() if name not in reports})
    return replace(state, published=published, off=off)
