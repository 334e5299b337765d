"""Wrong decisions on purpose: the referee of the simulation has to notice each of them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from types import MappingProxyType
from unittest.mock import patch

import pytest

from fuzz.course import CHOSEN, Course, Event, Terms, What
from fuzz.faults import Fault
from fuzz.promise import BrokenError, Promise
from fuzz.simulation import Simulation
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.polling import outcome, resume, rounds, timing, token_gate
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.reports import REPORTS
from wolkvox_exporter.polling.state import OperationState, Question
from wolkvox_exporter.polling.timing import Both, Polled, Wait
from wolkvox_exporter.polling.token_gate import TokenState
from wolkvox_exporter.storage import codec

AMD, AGENTS = ReportName.AMD, ReportName.AGENTS
UNO = Terms("uno", most=3)
ALL_FIVE = replace(UNO, mode="all", skills=300.0, agents=300.0)
OLD_SERVER = replace(ALL_FIVE, is_old=True, chosen=CHOSEN)
Mutation = Callable[[], AbstractContextManager[object]]
_decide, _begun, _ended, _cut_off = timing.decide, timing.begun, timing.ended, timing.cut_off
_due_at, _candidates, _pause, _answered = timing.due_at, timing._candidates, token_gate.pause, token_gate.answered  # noqa: SLF001 - what is decided there
_following = rounds.following
_resumed, _rested, Candidate = resume.resumed, outcome.rested, timing._Candidate  # noqa: SLF001


def course(*events: tuple[float, What, object], terms: Sequence[Terms] = (UNO,), then: float = 1000.0) -> Course:
    """Return a course in which things happen to the first operation, and `then` some time passes."""
    happens = [Event(after, what, value) for after, what, value in events]  # type: ignore[arg-type] # of `VALUES`
    return Course(tuple(terms), (*happens, Event(then, What.NOTHING)))


MANY = (0.0, What.CAMPAIGNS, 3.0)
COURSES: Mapping[str, Course] = MappingProxyType(
    {
        "nothing": course(),
        "nothing to ask": course((0.0, What.CAMPAIGNS, 0.0)),
        "resets": course((290.0, What.CALLS_FAIL, (Fault.RESET, 5, "any"))),
        "concurrency": course((290.0, What.CALLS_FAIL, (Fault.CONCURRENCY, 5, "campaigns")), then=2000.0),
        "failures": course(MANY, (290.0, What.CALLS_FAIL, (Fault.SERVER_ERROR, 9, "amd"))),
        "one report refused": course((290.0, What.REPORT_REFUSED, (Fault.TOKEN, "amd")), then=7000.0),
        "quota report refused": course(
            (290.0, What.REPORT_REFUSED, (Fault.TOKEN, "quota")),
            terms=[replace(UNO, quota=300.0, mode="off")],
            then=3000.0,
        ),
        "token revoked": course((290.0, What.TOKEN_REVOKED, 0.0), (3000.0, What.ALL_IS_WELL, 0.0), then=5000.0),
        "quota exhausted": course((7300.0, What.QUOTA_EXHAUSTED, -400.0), then=6000.0),
        "others call": course((290.0, What.OTHERS_CALL, 900.0), then=3000.0),
        "killed in a round": course(
            MANY, (0.0, What.ANSWERS_TAKE, 5.0), (10.0, What.RESTART, (1.0, "calls", "another boot")), then=700.0
        ),
        "killed while refused": course(
            (290.0, What.TOKEN_REVOKED, 0.0), (600.0, What.RESTART, (1.0, "sleeps", "same boot")), then=3000.0
        ),
        "five reports": course(terms=[ALL_FIVE]),
        "five reports, others call": course((290.0, What.OTHERS_CALL, 900.0), terms=[ALL_FIVE], then=3000.0),
        "skills one by one": course(terms=[OLD_SERVER], then=90_000.0),
        "contention": course(
            *((0.0, What.ANSWERS_TAKE, 64.0), (0.0, What.RESTART, (0.0, "sleeps", "same boot"))),
            terms=[replace(UNO, name=name, campaigns=60.0) for name in ("uno", "dos", "tres")],
            then=6000.0,
        ),
    }
)


def _without_amd(polled: Polled, token: TokenState, now: Now) -> list[object]:
    return [each for each in _candidates(polled, token, now) if each.report is not AMD]


def _without_agents(polled: Polled, token: TokenState, now: Now) -> list[object]:
    return [each for each in _candidates(polled, token, now) if each.report is not AGENTS]


def _by_operation(polled: Sequence[Polled], tokens: Mapping[str, TokenState], now: Now) -> Question | Wait:
    """Take turns by operation, and never look at deadlines."""
    found = _decide(polled, tokens, now)
    if isinstance(found, Wait):
        return found
    every = [each for one in polled for each in _candidates(one, tokens[one.operation.base_url], now)]
    ready = [each for each in every if each.is_free and each.ready <= now.monotonic]
    first = min(ready, key=timing._rank)  # noqa: SLF001
    return Question(first.polled.operation.name, first.report, first.subject or "", first.step)


def _quota_last(polled: Sequence[Polled], tokens: Mapping[str, TokenState], now: Now) -> Question | Wait:
    found = _decide(polled, tokens, now)
    is_quota = isinstance(found, Question) and found.report is ReportName.QUOTA
    return Wait(now.monotonic + 60) if is_quota and now.monotonic > 1800 else found


def _charged(polled: Polled, token: TokenState, now: Now) -> OperationState:
    """Charge an interval for a call that was not made."""
    state = polled.state
    for name, why in timing.resting(polled, token, now).items():
        if why == "token":
            state = timing.with_progress(state, name, replace(state.progress[name], started=now.monotonic))
    return _rested(replace(polled, state=state), token, now)


def _without_retry(*call: object) -> Both:
    state, token = _ended(*call)  # type: ignore[arg-type]
    report = call[2].report  # type: ignore[attr-defined]
    return timing.with_progress(state, report, replace(state.progress[report], retry=None)), token


def _with_resets_forgotten(*call: object) -> Both:
    state, token = _begun(*call)  # type: ignore[arg-type]
    report = call[2].report  # type: ignore[attr-defined]
    return timing.with_progress(state, report, replace(state.progress[report], resets=0)), token


def _with_retries_used_up(polled: Polled, token: TokenState, question: Question, now: Now, ends: float) -> Both:
    before = polled.state.progress[question.report].concurrencies
    state, token = _begun(polled, token, question, now, ends)
    progress = replace(state.progress[question.report], concurrencies=before)
    return timing.with_progress(state, question.report, progress), token


def _never_let_go(token: TokenState, *answer: object) -> TokenState:
    found = _answered(token, *answer)  # type: ignore[arg-type]
    if not token.is_held_whole or found.is_held_whole:
        return found
    at = answer[-1].monotonic  # type: ignore[attr-defined]
    refusals = {report: replace(refusal, at=at) for report, refusal in token.refusals.items()}
    return replace(token, refusals=MappingProxyType(refusals))


def _forgetful(state: OperationState, *life: object) -> OperationState:
    found = _resumed(state, *life)  # type: ignore[arg-type]
    return timing.with_progress(found, AMD, replace(found.progress[AMD], calls=0))


def _stale(polled: Sequence[Polled], tokens: Mapping[str, TokenState], now: Now) -> Question | Wait:
    """Use at once what was decided for the end of a wait."""
    found = _decide(polled, tokens, replace(now, monotonic=now.monotonic + 60))
    return found if isinstance(found, Question) else _decide(polled, tokens, now)


MUTATIONS: Mapping[str, tuple[Mutation, str, set[Promise]]] = MappingProxyType(
    {
        "never asks for AMD": (lambda: patch.object(timing, "_candidates", _without_amd), "nothing", {Promise.SHOWN}),
        "never asks for agents": (
            lambda: patch.object(timing, "_candidates", _without_agents),
            "five reports",
            {Promise.WHO_GOES_FIRST},
        ),
        "asks for skills last": (
            lambda: patch.dict(timing._ORDER, {ReportName.SKILLS: 9}),  # noqa: SLF001
            "five reports",
            {Promise.WHO_GOES_FIRST},
        ),
        "asks for agents below the reserve": (
            lambda: patch.object(timing, "REPORTS", {**REPORTS, AGENTS: replace(REPORTS[AGENTS], below_reserve=True)}),
            "five reports, others call",
            {Promise.RESERVE, Promise.SHOWN},
        ),
        "never asks for skills one by one": (
            lambda: patch.object(rounds, "asks_each", lambda *_: False),
            "skills one by one",
            {Promise.ROUND, Promise.WHO_GOES_FIRST, Promise.SHOWN},
        ),
        "asks for the same skill again and again": (
            lambda: patch.object(rounds, "least_recent", lambda _, subjects: next(iter(subjects), None)),
            "skills one by one",
            {Promise.ROUND},
        ),
        "has too many skills in a round": (
            lambda: patch.object(
                rounds, "following", lambda progress, subjects, *_: _following(progress, subjects, 0, 1)
            ),
            "skills one by one",
            {Promise.ROUND},
        ),
        "never asks for all skills again": (
            lambda: patch.object(rounds, "asks_each", lambda progress, _: progress.found_each),
            "skills one by one",
            {Promise.ROUND},
        ),
        "asks early": (
            lambda: patch.object(timing, "due_at", lambda progress, interval: _due_at(progress, interval - 1)),
            "nothing",
            {Promise.NEVER_EARLY},
        ),
        "decides before the wait": (lambda: patch.object(timing, "decide", _stale), "nothing", {Promise.NEVER_EARLY}),
        "starves a report": (lambda: patch.object(timing, "decide", _quota_last), "nothing", {Promise.PROMPT}),
        "forgets what a refusal holds": (
            lambda: patch.object(token_gate, "pause", lambda *_: None),
            "one report refused",
            {Promise.NEVER_HELD},
        ),
        "lets one refusal hold all": (
            lambda: patch.object(TokenState, "is_held_whole", property(lambda token: bool(token.suspects))),
            "one report refused",
            {Promise.PROMPT},
        ),
        "holds no token as a whole": (
            lambda: patch.object(TokenState, "is_held_whole", property(lambda _: False)),
            "token revoked",
            {Promise.NEVER_HELD},
        ),
        "never lets go": (
            lambda: patch.object(token_gate, "answered", _never_let_go),
            "token revoked",
            {Promise.PROMPT},
        ),
        "charges an interval for nothing": (
            lambda: patch.object(outcome, "rested", _charged),
            "quota report refused",
            {Promise.PROMPT},
        ),
        "loses a retry": (lambda: patch.object(timing, "ended", _without_retry), "resets", {Promise.WHO_GOES_FIRST}),
        "repeats a reset for ever": (
            lambda: patch.object(timing, "begun", _with_resets_forgotten),
            "resets",
            {Promise.RETRIES},
        ),
        "never has its retries again": (
            lambda: patch.object(timing, "begun", _with_retries_used_up),
            "concurrency",
            {Promise.PROMPT},
        ),
        "repeats too soon": (
            lambda: patch.object(timing, "CONCURRENCY_DELAYS", (4.0, 10.0, 20.0)),
            "concurrency",
            {Promise.RETRIES},
        ),
        "goes on after two failures": (
            lambda: patch.object(timing, "FAILURES_A_ROUND", 3),
            "failures",
            {Promise.ROUND},
        ),
        "takes turns by operation": (
            lambda: patch.object(timing, "decide", _by_operation),
            "contention",
            {Promise.WHO_GOES_FIRST},
        ),
        "forgets how far a round has come": (
            lambda: patch.object(resume, "resumed", _forgetful),
            "killed in a round",
            {Promise.PROMPT},
        ),
        "forgets the notes": (
            lambda: patch.object(codec, "noted", lambda state, *_: state),
            "killed in a round",
            {Promise.INTERRUPTED},
        ),
        "forgets the call that was cut off": (
            lambda: patch.object(timing, "cut_off", lambda state, token: (_cut_off(state, token)[0], token)),
            "killed in a round",
            {Promise.INTERRUPTED},
        ),
        "forgets refusals over a restart": (
            lambda: patch.object(token_gate, "merged", lambda _: TokenState()),
            "killed while refused",
            {Promise.NEVER_HELD},
        ),
        "ignores the reserve": (
            lambda: patch.object(Candidate, "is_free", property(lambda each: bool(each.subject is not None))),
            "others call",
            {Promise.RESERVE},
        ),
        "looks once after midnight": (
            lambda: patch.object(token_gate, "AFTER_MIDNIGHT", (30.0,)),
            "quota exhausted",
            {Promise.PROMPT},
        ),
        "sleeps too long": (lambda: patch.object(timing, "LONGEST_WAIT", 90.0), "nothing", {Promise.LONGEST_WAIT}),
        "shows nothing": (
            lambda: patch.object(timing, "resting", lambda *_: {}),
            "nothing to ask",
            {Promise.SHOWN},
        ),
    }
)


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_wrong_decision_is_noticed(name: str) -> None:
    """If one thing is decided wrongly, then the promise that it breaks is named."""
    mutation, events, promises = MUTATIONS[name]
    with mutation(), pytest.raises(BrokenError) as broken:
        Simulation(COURSES[events]).run()
    assert {broken.value.promise} <= promises, broken.value


@pytest.mark.parametrize("name", COURSES)
def test_right_decisions_are_no_complaint(name: str) -> None:
    """If nothing is decided wrongly, then the same courses pass, and much is decided in each."""
    assert Simulation(COURSES[name]).run() > 100
