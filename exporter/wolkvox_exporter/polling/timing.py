"""May I ask, what, and when: decided here and nowhere else. Pure: no clock, no I/O, no lock.

`decide` gives the next call of a token, to be made at once, or until when to wait and why. `begun` and `ended` give
what is known after a call has gone out and after it has ended.

A round begins an interval after the one before began. Past its deadline, two intervals after, it goes before all else;
otherwise the operation that was served longest ago is next, and in it the first report in the order of `REPORTS`, and
then what goes on with a round.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling import token_gate
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.reports import REPORTS, enabled
from wolkvox_exporter.polling.state import Begun, OperationState, PendingRetry, Progress, Question, Result, Step
from wolkvox_exporter.polling.token_gate import TokenState

CONCURRENCY_DELAYS = (5.0, 10.0, 20.0)
"""Seconds before each retry after the API said that somebody else uses the token."""
LONGEST_WAIT = 60.0
"""Seconds after which is decided anew at the latest."""
MOST_UNSAVED = 100
"""Calls that are remembered while the state cannot be written down."""
FAILURES_A_ROUND = 2
"""Calls that fail for good, after which a round ends."""
LARGEST_DELAY = 0.1
"""The share of an interval by which a round is put off at most."""
Both = tuple[OperationState, TokenState]
"""An operation, and the token that it uses."""
RESERVE, IDLE = "reserve", "idle"
"""Why a report rests although its token is taken: the day's calls are down to the reserve; there is nothing to ask."""
_NEVER = float("-inf")
_ORDER = {name: place for place, name in enumerate(REPORTS)}


@dataclass(frozen=True, slots=True)
class Polled:
    """An operation as it is configured, and as it stands."""

    operation: Operation
    state: OperationState


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may be asked before an instant of the monotonic clock."""

    until: float


class _Candidate(NamedTuple):
    """What a report would ask next, from when on, and what stands in the way."""

    polled: Polled
    report: ReportName
    step: Step
    subject: str | None
    ready: float
    deadline: float
    pause: token_gate.Pause | None
    is_kept_back: bool
    is_later: bool

    @property
    def is_free(self) -> bool:
        return self.subject is not None and self.pause is None and not self.is_kept_back


def decide(polled: Sequence[Polled], tokens: Mapping[str, TokenState], now: Now) -> Question | Wait:
    """Return the next call of the operations that share a token, or until when to wait.

    `tokens` is what is known of it by server.
    """
    busy = max((token.busy_until or _NEVER for token in tokens.values()), default=_NEVER)
    if now.monotonic < busy:
        return Wait(min(busy, now.monotonic + LONGEST_WAIT))
    candidates = [each for one in polled for each in _candidates(one, tokens[one.operation.base_url], now)]
    ready = [each for each in candidates if each.is_free and each.ready <= now.monotonic]
    if not ready:
        return _wait(candidates, now)
    late = [each for each in ready if each.step is Step.FIRST and each.deadline <= now.monotonic]
    chosen = min(late, key=lambda each: each.deadline) if late else min(ready, key=_rank)
    return Question(chosen.polled.operation.name, chosen.report, chosen.subject or "", chosen.step)


def _rank(candidate: _Candidate) -> tuple[float, bool, int]:
    served = candidate.polled.state.served
    return _NEVER if served is None else served, candidate.is_later, _ORDER[candidate.report]


def _candidates(polled: Polled, token: TokenState, now: Now) -> Iterator[_Candidate]:
    operation, state = polled.operation, polled.state
    has_room = state.spending.has_room(operation.quota_reserve, now.wall)
    for name in enabled(operation):
        interval, progress = REPORTS[name].interval(operation), state.progress[name]
        step, subject, ready, is_later = _next(polled, name, now)
        yield _Candidate(
            polled,
            name,
            step,
            subject,
            ready,
            _deadline(progress, interval),
            token_gate.pause(token, name, interval, now),
            not has_room and not REPORTS[name].below_reserve,
            is_later,
        )


def due_at(progress: Progress, interval: float) -> float:
    """Return when, on the monotonic clock, the next round of a report with this interval, in seconds, begins."""
    started = [] if progress.started is None else [progress.started + interval + _delay(progress, interval)]
    looked = [] if progress.looked is None else [progress.looked + interval]
    return max([progress.since, *started, *looked])


def _delay(progress: Progress, interval: float) -> float:
    return min(progress.delay, LARGEST_DELAY * interval)


def _deadline(progress: Progress, interval: float) -> float:
    """Return when a report goes before all else: it was asked for two intervals ago, or is due for one at first."""
    return progress.since + interval if progress.started is None else progress.started + 2 * interval


def _next(polled: Polled, name: ReportName, now: Now) -> tuple[Step, str | None, float, bool]:
    """Return what a report would ask next, may it or not: step, subject, from when on, and if it is a later call.

    A retry that was not made within its interval is dropped, and so is the rest of a round.
    """
    operation, state, report = polled.operation, polled.state, REPORTS[name]
    progress = state.progress[name]
    due = due_at(progress, report.interval(operation))
    if due <= now.monotonic:
        return Step.FIRST, report.first(state, operation, now), due, False
    if progress.started is None or progress.looked is not None:
        return Step.FIRST, "", due, False
    retry = progress.retry
    if retry and report.is_askable(state, operation, retry.subject, now):
        ready = retry.at + (CONCURRENCY_DELAYS[progress.concurrencies - 1] if retry.reason is Reason.CONCURRENCY else 0)
        if ready < due:
            return Step.RETRY, retry.subject, ready, progress.calls > 1
    elif progress.failures < FAILURES_A_ROUND and progress.calls > 0:
        subject = report.following(state, operation, now)
        if subject is not None:
            return Step.LATER, subject, now.monotonic, True
    return Step.FIRST, "", due, False


def _wait(candidates: Sequence[_Candidate], now: Now) -> Wait:
    until = now.monotonic + LONGEST_WAIT
    for each in candidates:
        ends = max(each.ready, each.pause.until if each.pause else _NEVER)
        if ends > now.monotonic:
            until = min(until, ends)
    return Wait(until)


def resting(polled: Polled, token: TokenState, now: Now) -> Mapping[ReportName, str]:
    """Return why reports are not asked for that are due, or were refused."""
    reasons = {each.report: _resting(each, now) for each in _candidates(polled, token, now)}
    return {name: reason for name, reason in reasons.items() if reason is not None}


def _resting(candidate: _Candidate, now: Now) -> str | None:
    if candidate.polled.state.progress[candidate.report].refused:
        # by the API, or there is none
        return str(Reason.TOKEN)
    if candidate.ready > now.monotonic:
        return None
    if candidate.pause:
        return str(candidate.pause.reason)
    if candidate.subject is None:
        return IDLE
    return RESERVE if candidate.is_kept_back else None


def begun(polled: Polled, token: TokenState, question: Question, now: Now, ends: float) -> Both:
    """Return what is known once a call goes out at `now` that cannot last longer than until `ends`, monotonic."""
    operation, state, report = polled.operation, polled.state, REPORTS[question.report]
    progress = state.progress[question.report]
    begins = question.step is Step.FIRST or (question.step is Step.RETRY and progress.calls == 1)
    if question.step is Step.FIRST:
        delayed = 0.0 if progress.started is None else _delay(progress, report.interval(operation))
        left = progress.delay - delayed
        progress = replace(progress, calls=1, failures=0, resets=0, concurrencies=0, deferred=None, delay=left)
    elif question.step is Step.LATER:
        progress = replace(progress, calls=progress.calls + 1, resets=0, concurrencies=0)
    progress = replace(
        progress,
        started=now.monotonic if begins else progress.started,
        poll_began=now.monotonic if progress.poll_began is None else progress.poll_began,
        retry=None,
        refused=False,
        looked=None,
    )
    call = Begun(question, now.monotonic, ends)
    if report.begun:
        state = report.begun(state, operation, question.subject, now, begins=begins)
    state = replace(
        state,
        served=now.monotonic,
        spending=state.spending.spend(),
        calling=call,
        unsaved=(*state.unsaved, call)[-MOST_UNSAVED:],
    )
    return with_progress(state, question.report, progress), replace(token, busy_until=ends)


def ended(polled: Polled, token: TokenState, question: Question, result: Result, now: Now) -> Both:
    """Return what is known once a call has ended: with an answer that was read, or with a failure."""
    failure = result.failure
    state, progress, report = polled.state, polled.state.progress[question.report], REPORTS[question.report]
    reason = failure.reason if failure else None
    token = token_gate.answered(token, question.report, reason, result.code, now)
    progress = replace(progress, requests=_one_more(progress.requests, result.code))
    if failure is None:
        progress = replace(progress, resets=0, concurrencies=0)
    elif failure.reset and progress.resets == 0:
        retry = PendingRetry(question.subject, now.monotonic, failure.reason)
        progress = replace(progress, retry=retry, resets=1)
    elif failure.reason is Reason.CONCURRENCY and progress.concurrencies < len(CONCURRENCY_DELAYS):
        retry = PendingRetry(question.subject, now.monotonic, failure.reason)
        progress = replace(progress, retry=retry, concurrencies=progress.concurrencies + 1)
    elif report.defers(state, polled.operation, failure, now):
        progress = replace(progress, deferred=failure)
    else:
        refused = failure.reason is Reason.TOKEN
        progress = replace(progress, failures=progress.failures + 1, refused=refused)
    if failure and progress.deferred is not failure:
        state = report.failed(state, question.subject)
    return with_progress(replace(state, calling=None), question.report, progress), token


def cut_off(state: OperationState, token: TokenState) -> Both:
    """Return what is known where a call had begun and nobody will see it end: it counts, and is waited for."""
    if state.calling is None:
        return state, token
    question = state.calling.question
    ends = state.calling.ends if token.busy_until is None else max(token.busy_until, state.calling.ends)
    state = REPORTS[question.report].failed(replace(state, calling=None), question.subject)
    progress = without_open_poll(state.progress[question.report])
    return with_progress(state, question.report, progress), replace(token, busy_until=ends)


def without_open_poll(progress: Progress) -> Progress:
    """Return the progress without the calls that are in no poll yet: whoever knew of them is gone."""
    return replace(progress, poll_began=None, requests=MappingProxyType({}), deferred=None)


def last_start(progress: Progress) -> float:
    """Return when a report was last asked for, or from when on it is wanted, on the monotonic clock."""
    return progress.since if progress.started is None else max(progress.since, progress.started)


def next_round(polled: Polled, token: TokenState, report: ReportName, now: Now) -> float | None:
    """Return when, on the monotonic clock, a report is asked next, as far as can be told; None if it rests."""
    interval = REPORTS[report].interval(polled.operation)
    _, subject, ready, _ = _next(polled, report, now)
    pause = token_gate.pause(token, report, interval, now)
    return None if subject is None else max(ready, pause.until if pause else ready)


def with_progress(state: OperationState, report: ReportName, progress: Progress) -> OperationState:
    """Return the state in which one report has come so far."""
    return replace(state, progress=MappingProxyType({**state.progress, report: progress}))


def is_over(polled: Polled, report: ReportName, now: Now) -> bool:
    """Return whether the round of a report has made all its calls, for good or for now."""
    progress = polled.state.progress[report]
    return progress.retry is not None or _next(polled, report, now)[0] is Step.FIRST


def _one_more(requests: Mapping[str, int], code: str) -> Mapping[str, int]:
    return MappingProxyType({**requests, code: requests.get(code, 0) + 1})
