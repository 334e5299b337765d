"""Operations that share a token, asked by the pure functions alone, in simulated time."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from fuzz.course import Terms
from fuzz.faults import Fault, answer
from fuzz.machine import Clock, Disk, operation_of
from wolkvox_exporter.api.errors import ApiError
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.polling import outcome, resume, timing
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.reports import REPORTS
from wolkvox_exporter.polling.reports.report import Exchange
from wolkvox_exporter.polling.snapshot import ReportState, Snapshot
from wolkvox_exporter.polling.state import Failure, OperationState, Question, Result
from wolkvox_exporter.polling.timing import Polled, Wait
from wolkvox_exporter.polling.token_gate import TokenState

MORNING = "2026-11-23T10:00:00-05:00"


@dataclass(frozen=True)
class Call:
    """A call as it went out: so many seconds after the beginning, for a report, about a campaign or all."""

    at: float
    operation: str
    report: str
    subject: str


@dataclass(frozen=True)
class Reply:
    """What a call brings, after so many seconds."""

    said: Fault | list[dict[str, str]]
    takes: float = 1.0


Replies = Callable[[Call], Reply]


def campaigns(*ids: str, status: str = "started", machines: int = 3) -> list[dict[str, str]]:
    """Return rows of the campaigns report."""
    return [{"campaign": f"{key} - C{key}", "status": status, "answer_machine": f"{machines}"} for key in ids]


def detections(**totals: int) -> list[dict[str, str]]:
    """Return rows of the AMD report, by campaign with a `c` before its id."""
    return [{"campaign_id": key.removeprefix("c"), "total_amd": f"{total}"} for key, total in totals.items()]


class Asking:
    """A worker without a shell: what is decided is done, in no time but that which calls take."""

    def __init__(self, *terms: Terms, replies: Replies, start: str = MORNING) -> None:
        self.calls: list[Call] = []
        self.replies = replies
        self._time = 0.0
        self._wall = datetime.fromisoformat(start).timestamp()
        self._operations = {one.name: operation_of(one) for one in terms}
        self._states: dict[str, OperationState] = {
            name: resume.initial(operation, 0.0) for name, operation in self._operations.items()
        }
        self._tokens = {operation.base_url: TokenState() for operation in self._operations.values()}

    def until(self, seconds: float) -> None:
        """Ask until so many seconds after the beginning."""
        while self._time < seconds:
            decision = self._decided()
            if isinstance(decision, Wait):
                for name in self._operations:
                    self._states[name] = outcome.rested(self._polled(name), self._token(name), self._now())
                self._time = min(decision.until, seconds)
            else:
                self._ask(decision)

    def killed_in_a_call(self, seconds: float) -> Call:
        """Kill the process in the middle of the next call, and go on after so many seconds from what it had noted."""
        while isinstance(decision := self._decided(), Wait):
            self._time = decision.until
        name, now = decision.operation, self._now()
        operation, clock, disk = self._operations[name], Clock(self._time, shift=0.0), Disk()
        disk.save(operation, self._states[name], clock)
        self._states[name], _ = outcome.begun(
            self._polled(name), self._token(name), decision, now, self._time + operation.timeout
        )
        disk.note(operation, self._states[name], clock)
        clock.instant = self._time = self._time + seconds
        found = disk.load(operation, clock)
        assert found is not None
        self._states[name] = resume.resumed(found, operation, self._time, self._now())
        self._tokens[operation.base_url] = self._states[name].token
        return Call(now.monotonic, name, decision.report.value, decision.subject)

    def starts(self, report: str, operation: str = "uno") -> list[float]:
        """Return when calls for a report went out."""
        return [call.at for call in self.calls if (call.report, call.operation) == (report, operation)]

    def report(self, report: str, operation: str = "uno") -> ReportState:
        """Return what is published of the polling of a report."""
        return self.published(operation).reports[ReportName(report)]

    def published(self, operation: str = "uno") -> Snapshot:
        """Return what is published, less what is too old by now."""
        return self._states[operation].published.at(self._time)

    def _now(self) -> Now:
        return Now(self._time, self._wall + self._time)

    def _decided(self) -> Question | Wait:
        return timing.decide([self._polled(name) for name in self._operations], self._tokens, self._now())

    def _polled(self, name: str) -> Polled:
        return Polled(self._operations[name], self._states[name])

    def _token(self, name: str) -> TokenState:
        return self._tokens[self._operations[name].base_url]

    def _ask(self, question: Question) -> None:
        name, operation = question.operation, self._operations[question.operation]
        call = Call(self._time, name, question.report.value, question.subject)
        self.calls.append(call)
        asked, reply = self._now(), self.replies(call)
        ends = self._time + operation.timeout
        state, token = outcome.begun(self._polled(name), self._token(name), question, asked, ends)
        self._states[name], self._time = state, self._time + reply.takes
        result = self._taken(question, reply.said, asked)
        self._states[name], self._tokens[operation.base_url] = outcome.ended(
            self._polled(name), replace(token, busy_until=None), question, result, self._now()
        )

    def _taken(self, question: Question, said: Fault | list[dict[str, str]], asked: Now) -> Result:
        name = question.operation
        try:
            found = answer(said) if isinstance(said, Fault) else Answer(200, json.dumps(said).encode())
            exchange = Exchange(found, asked, self._now())
            taken = REPORTS[question.report].taken
            self._states[name], unread = taken(self._states[name], self._operations[name], question.subject, exchange)
        except ApiError as error:
            return Result(error.code, Failure.of(error))
        return Result("200", None, unread.counts)


def by_report(replies: Mapping[str, Reply]) -> Replies:
    """Return replies that are always the same for a report; what is not named has no detections."""
    return lambda call: replies.get(call.report, Reply([]))
