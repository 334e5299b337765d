"""One token, asked for by hand: what is decided, and what is known after each call."""

from dataclasses import replace

from support.operations import operation
from wolkvox_exporter.api.errors import REMEDIES, Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling import outcome, resume, timing
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.state import Failure, OperationState, Question, Result
from wolkvox_exporter.polling.timing import Polled, Wait
from wolkvox_exporter.polling.token_gate import TokenState

SERVER = "https://wv0042.wolkvox.com/api/v2"
NOON = 1_795_453_200.0
"""Unix time of the instant 0: noon in Bogota."""
RESET = Failure(Reason.CONNECTION, "reset", REMEDIES[Reason.CONNECTION], "none", reset=True)


def failure(reason: Reason, code: str = "403") -> Failure:
    """Return how a call fails for good, or is repeated after `concurrency`."""
    return Failure(reason, "bad", REMEDIES[reason], code, reset=False)


def at(instant: float) -> Now:
    """Return a moment by its instant on the monotonic clock."""
    return Now(instant, NOON + instant)


class Token:
    """The operations that share a token on one server, wanted from the instant `since` on."""

    def __init__(self, *operations: Operation, since: float = 0.0) -> None:
        self.operations = {each.name: each for each in operations or (operation(SERVER),)}
        self.states = {name: resume.initial(each, since) for name, each in self.operations.items()}
        self.token = TokenState()

    @property
    def polled(self) -> list[Polled]:
        """Settings and states."""
        return [Polled(each, self.states[name]) for name, each in self.operations.items()]

    def decide(self, now: float) -> Question | Wait:
        """Return what is decided at an instant."""
        return timing.decide(self.polled, {SERVER: self.token}, at(now))

    def next(self, now: float) -> tuple[str, ReportName, str]:
        """Return operation, report and subject of the call that is made at an instant; an error if there is none."""
        question = self.decide(now)
        assert isinstance(question, Question), question
        return question.operation, question.report, question.subject

    def waits(self, now: float) -> float:
        """Return until when is waited at an instant; an error if there is a call to make."""
        decision = self.decide(now)
        assert isinstance(decision, Wait), decision
        return decision.until

    def next_at(self, now: float) -> float:
        """Return when, from an instant on, the next call is made."""
        while isinstance(decision := self.decide(now), Wait):
            now = decision.until
        return now

    def begin(self, now: float, ends: float | None = None) -> Question:
        """Let the call that is decided go out."""
        question = self.decide(now)
        assert isinstance(question, Question), question
        name = question.operation
        polled = Polled(self.operations[name], self.states[name])
        ends = now + 65.0 if ends is None else ends
        self.states[name], self.token = outcome.begun(polled, self.token, question, at(now), ends)
        return question

    def end(self, question: Question, now: float, failed: Failure | None = None) -> None:
        """Let a call end, for good or for bad; what a good answer holds is left to the test."""
        polled = Polled(self.operations[question.operation], self.states[question.operation])
        result = Result(failed.code if failed else "200", failed)
        free = replace(self.token, busy_until=None)
        state, self.token = outcome.ended(polled, free, question, result, at(now))
        self.states[question.operation] = state

    def ask(self, now: float, failed: Failure | None = None, *, seconds: float = 0.0) -> ReportName:
        """Make the next call, which takes so many seconds; return for which report."""
        question = self.begin(now)
        self.end(question, now + seconds, failed)
        return question.report

    def state(self, name: str = "ventas-co") -> OperationState:
        """Return what is known of an operation."""
        return self.states[name]
