"""What came of calls and of waits, in what is published of an operation. Pure, as `polling.timing` is.

A call that fails ends a poll: it is counted and shown at once. A round whose calls all bring data is one good poll.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from wolkvox_exporter.api.errors import REMEDIES, ApiError, Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling import timing, token_changes, token_gate
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.reports import REPORTS, enabled
from wolkvox_exporter.polling.snapshot import Attempt, ReportState, Trouble
from wolkvox_exporter.polling.state import Failure, OperationState, Progress, Question, Result, Step
from wolkvox_exporter.polling.timing import IDLE, RESERVE, Both, Polled
from wolkvox_exporter.polling.token_gate import TokenState

_NONE: Mapping[str, int] = MappingProxyType({})


def begun(
    polled: Polled, token: TokenState, question: Question, now: Now, ends: float
) -> tuple[OperationState, TokenState]:
    """Return what is known once a call goes out; see `timing.begun`. A round that was not finished ends there."""
    state = polled.state
    if question.step is Step.FIRST and state.progress[question.report].poll_began is not None:
        state = _poll_ended(state, question.report, now)
    state, token = timing.begun(replace(polled, state=state), token, question, now, ends)
    return _with_report(state, question.report, _report(state, question.report).begun(now.wall)), token


def ended(polled: Polled, token: TokenState, question: Question, result: Result, now: Now) -> Both:
    """Return what is known once a call has ended."""
    failure, unreadable = result.failure, result.unreadable
    name = question.report
    state, token = timing.ended(polled, token, question, result, now)
    state = replace(state, token=token)
    if failure is None:
        state = _with_report(state, name, _report(state, name).read(unreadable, now.monotonic))
    elif state.progress[name].deferred is not failure:
        return _failed(state, name, failure, now), token
    if timing.is_over(replace(polled, state=state), name, now):
        state = _poll_ended(state, name, now)
    return state, token


def is_counted(state: OperationState, report: ReportName) -> bool:
    """Return whether all calls of a report are in what is published."""
    return state.progress[report].poll_began is None


def _poll_ended(state: OperationState, report: ReportName, now: Now) -> OperationState:
    """Count what is not told of yet as a good poll; after a failure in the same round it belongs to the failed one."""
    progress, before = state.progress[report], _report(state, report)
    if progress.deferred and not REPORTS[report].makes_up(state):
        return _failed(state, report, progress.deferred, now)
    attempt = _attempt(progress, now)
    after = before.succeeded(attempt) if progress.failures == 0 else before.asked(attempt.requests)
    return _closed(_with_report(state, report, after), report)


def _failed(state: OperationState, report: ReportName, failure: Failure, now: Now) -> OperationState:
    trouble = Trouble(failure.reason, failure.detail, failure.remedy, now.wall)
    after = _report(state, report).failed(_attempt(state.progress[report], now), trouble)
    return _closed(_with_report(state, report, after), report)


def _attempt(progress: Progress, now: Now) -> Attempt:
    began = now.monotonic if progress.poll_began is None else progress.poll_began
    return Attempt(now.wall, now.monotonic - began, progress.requests)


def _closed(state: OperationState, report: ReportName) -> OperationState:
    progress = replace(state.progress[report], poll_began=None, requests=_NONE, deferred=None)
    return timing.with_progress(state, report, progress)


def without_token(polled: Polled, question: Question, problem: str, now: Now) -> OperationState:
    """Return what is known where there was no token to ask with; `problem` says why. It counts as a failed poll."""
    state = token_changes.without_token(polled.state, question, now)
    remedy = f"put it right; {polled.operation.token.renewal}"
    failure = Failure(Reason.TOKEN, f"no token: {problem}", remedy, "none", reset=False)
    return _failed(state, question.report, failure, now)


def failure(error: ApiError, operation: Operation) -> Failure:
    """Return a call that brought no data as a value, with what to do about it for this operation."""
    failure = Failure.of(error)
    return replace(failure, remedy=_remedy(error.reason, operation)) if error.reason is Reason.TOKEN else failure


def _remedy(reason: Reason, operation: Operation) -> str:
    # how a token is replaced depends on where it is kept
    return f"{REMEDIES[reason]}; {operation.token.renewal}" if reason is Reason.TOKEN else REMEDIES[reason]


def rested(polled: Polled, token: TokenState, now: Now) -> OperationState:
    """Return the state in which is shown what rests, and why."""
    state, resting = polled.state, timing.resting(polled, token, now)
    for name, report in state.published.reports.items():
        why = resting.get(name)
        if why is None:
            after = replace(report, held=None) if report.held else report
        elif why == report.held:
            continue
        elif why == IDLE:
            after = _idle(report)
        elif state.progress[name].refused:
            after = report.rests(why, None)
        else:
            after = report.rests(why, _left_out(why, polled.operation, now))
        if after is not report:
            state = _with_report(state, name, after)
    return _with_token(replace(polled, state=state), token, resting)


def _idle(report: ReportState) -> ReportState:
    """Return the state of a report that has nothing to ask: not even what failed, or it would be asked again."""
    if report.up is False:
        report = replace(report, up=None, trouble=None)
    return report.rests(IDLE, None)


def _left_out(why: str, operation: Operation, now: Now) -> Trouble:
    if why == RESERVE:
        detail, reason = "not asked, since the day's calls are down to quota_reserve", Reason.QUOTA
    else:
        reason = Reason(why)
        detail = f"not asked, since the API refused the call before ({reason})"
    return Trouble(reason, detail, _remedy(reason, operation), now.wall)


def _with_token(polled: Polled, token: TokenState, resting: Mapping[ReportName, str]) -> OperationState:
    """Return the state that shows what is known of the token: a report that is asked no more vouches for nothing."""
    state = polled.state
    published, reasons = state.published, {refusal.reason for refusal in token.refusals.values()}
    intervals = {name: REPORTS[name].interval(polled.operation) for name in enabled(polled.operation)}
    valid, exhausted = published.token_valid, published.quota_exhausted
    if any(token_gate.vouches(token, name, intervals) and resting.get(name) != IDLE for name in intervals):
        valid, exhausted = True, False
    else:
        valid = False if Reason.TOKEN in reasons else valid
        exhausted = True if Reason.QUOTA in reasons else exhausted
    if (valid, exhausted) == (published.token_valid, published.quota_exhausted):
        return state
    return replace(state, published=replace(published, token_valid=valid, quota_exhausted=exhausted))


def scheduled(polled: Polled, token: TokenState, now: Now) -> OperationState:
    """Return the state that says which day it is, and when what is asked next, for people."""
    state, reports = dated(polled, now), dict[ReportName, ReportState]()
    for name, report in state.published.reports.items():
        following = timing.next_round(polled, token, name, now)
        reports[name] = replace(report, next_poll=None if following is None else now.at(following))
    return replace(state, published=replace(state.published, reports=MappingProxyType(reports)))


def dated(polled: Polled, now: Now) -> OperationState:
    """Return the state in which is shown what is of today; the same one if nothing else was."""
    state, published = polled.state, polled.state.published.dated(polled.operation.time_zone, now)
    return state if published is state.published else replace(state, published=published)


def write_failed(state: OperationState, number: int) -> OperationState:
    """Return the state after `number` more failures to keep it."""
    total = (state.published.state_write_failures or 0) + number
    return replace(state, published=replace(state.published, state_write_failures=total))


def _report(state: OperationState, name: ReportName) -> ReportState:
    return state.published.reports[name]


def _with_report(state: OperationState, name: ReportName, report: ReportState) -> OperationState:
    return replace(state, published=state.published.with_report(name, report))
