"""The exporter's process of a simulation: it decides, notes, asks, takes in and stores, in simulated time.

What the worker of a token does is written down here once more, as generators that yield the instant until which they
sleep. What is decided and what becomes of it are the exporter's own pure functions, on real answers; what happens is
told to the referee.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace

from fuzz.course import Terms
from fuzz.machine import exact, operation_of, read_back
from fuzz.wolkvox import Reply
from fuzz.world import World
from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling import outcome, resume, timing, token_changes, token_gate
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.pool import Spread
from wolkvox_exporter.polling.reports import REPORTS
from wolkvox_exporter.polling.reports.report import Exchange
from wolkvox_exporter.polling.state import Failure, OperationState, Question, Result
from wolkvox_exporter.polling.store import SLACK
from wolkvox_exporter.polling.timing import Polled, Wait
from wolkvox_exporter.polling.token_gate import TokenState

TOKEN_CHECK = 10.0
"""Seconds between two looks at a token file where the API refuses what it holds, or it is gone."""
SPREAD = Spread()
_AT_ONCE = 1.0
_NEVER = float("-inf")


@dataclass
class Account:
    """An operation that is polled."""

    terms: Terms
    operation: Operation
    state: OperationState
    wanted: Terms | None = None
    """Other settings, which wait for the end of a call."""
    is_asked: bool = False

    @property
    def polled(self) -> Polled:
        """Settings and state."""
        return Polled(self.operation, self.state)


@dataclass
class Worker:
    """Asks for all operations of a token; of an operation without one, where it is empty."""

    key: str
    token: str
    states: dict[str, TokenState] = field(default_factory=dict)
    """What is known of the token, by server."""
    accounts: dict[str, Account] = field(default_factory=dict)
    looked: dict[str, float] = field(default_factory=dict)
    read: tuple[str, float] | None = None
    """Whose token was read last, and when, until it is used."""
    doing: str = ""
    """`sleeps`, `notes` or `calls`, or something else."""


class Process:
    """One life of the exporter. `wake` is called for workers that are to decide anew."""

    def __init__(self, world: World, wake: Callable[[Worker], None]) -> None:
        self._world = world
        self._clock = world.clock
        self._referee = world.referee
        self._wake = wake
        self.steps = 0
        self.codecs_to_check = 0
        self.workers: dict[str, Worker] = {}
        self.accounts: dict[str, Account] = {}

    def begin(self, terms: dict[str, Terms]) -> None:
        """Find out what is known of each operation, and its worker."""
        for place, one in enumerate(terms.values()):
            since = self._clock.monotonic() + exact(place / len(terms) * SPREAD.first * one.campaigns)
            phase = exact(place / len(terms) * (SPREAD.later - SPREAD.first))
            self.accounts[one.name] = self._begun(one, since, phase)
        for account in self.accounts.values():
            self._find_worker(account)

    def _begun(self, terms: Terms, since: float, phase: float = 0.0) -> Account:
        operation = operation_of(terms)
        kept = self._world.disk.load(operation, self._clock)
        now = self._clock.now
        state = resume.resumed(kept, operation, since, now) if kept else resume.initial(operation, since, phase)
        self._referee.begins(terms, since - self._clock.shift, self._clock.instant, phase)
        return Account(terms, operation, state)

    def _find_worker(self, account: Account) -> None:
        token, changed = self._world.token_files[account.terms.name]
        if token:
            self._recognise(account, changed)
        self._join(account, token)

    def _recognise(self, account: Account, changed: float) -> None:
        """See `Staff._recognise`: the token is the refused one if its file was not written since."""
        now = self._clock.now
        refused = [now.at(each.at) for each in account.state.token.refusals.values() if each.reason is Reason.TOKEN]
        is_same = bool(refused) and changed <= max(refused)
        if not is_same:
            account.state = token_changes.unrefused(account.state)
        self._referee.recognises(account.terms.name, is_same=is_same)

    def _join(self, account: Account, token: str) -> None:
        """See `Staff._move` and `Worker.add`."""
        name, server, state = account.terms.name, account.operation.base_url, account.state
        for worker in self.workers.values():
            if worker.accounts.pop(name, None):
                state = replace(state, token=worker.states[server])
                worker.looked.pop(name, None)
        key = token or f"none, {name}"
        worker = self.workers.setdefault(key, Worker(key, token))
        found = worker.states.get(server, TokenState())
        if state.token_fingerprint not in (None, token):
            state = token_changes.renewed(state, self._clock.now)
        else:
            found = token_gate.merged([found, state.token])
        worker.states[server] = found
        account.state = replace(state, token=found, token_fingerprint=token or state.token_fingerprint)
        worker.accounts[name] = account
        self._referee.joins(name, token, self._clock.instant)
        self._wake(worker)

    def reload(self, terms: Terms) -> None:
        """Go on under other settings, at once or after the call under way."""
        account = self.accounts[terms.name]
        account.wanted = terms
        if not account.is_asked:
            self._settle(account)
        worker = next(worker for worker in self.workers.values() if terms.name in worker.accounts)
        worker.looked.pop(terms.name, None)
        self._wake(worker)

    def _settle(self, account: Account) -> None:
        account.is_asked = False
        if account.wanted:
            account.terms, account.wanted = account.wanted, None
            account.operation, now = operation_of(account.terms), self._clock.now
            account.state = resume.reconfigured(account.state, account.operation, now.monotonic, now)
            self._referee.reloads(account.terms, self._clock.instant)

    def run(self, worker: Worker) -> Generator[float]:
        """Ask as long as there is anything to ask for; see `Worker.step`."""
        while worker.accounts:
            yield from self._show_what_rests(worker)
            decision, read = self._decide(worker), worker.read
            if isinstance(decision, Wait):
                until = yield from self._look_for_tokens(worker, decision.until - self._clock.shift)
                worker.doing = "sleeps"
                yield max(until, self._clock.instant)
                worker.doing = ""
                continue
            worker.read = None
            account = worker.accounts[decision.operation]
            if read and read[0] == decision.operation and self._clock.instant - read[1] < _AT_ONCE:
                account.is_asked = True
                yield from self._ask(worker, account, decision)
            else:
                # it takes a moment, and so is decided anew
                yield from self._read_token(worker, account, decision)
        del self.workers[worker.key]
        self._referee.dismisses(worker.key)

    def _decide(self, worker: Worker) -> Question | Wait:
        polled, now = [account.polled for account in worker.accounts.values()], self._clock.now
        self.steps += 1
        decision = timing.decide(polled, worker.states, now)
        shown = {name: account.state.published for name, account in worker.accounts.items()}
        self._referee.decides(worker.key, shown, decision, self._clock)
        if self.codecs_to_check:
            self.codecs_to_check -= 1
            read = [read_back(one, worker.states[one.operation.base_url], self._clock) for one in polled]
            states = {one.operation.base_url: one.state.token for one in read}
            self._referee.compares(decision, timing.decide(read, {**worker.states, **states}, now), self._clock)
        return decision

    def _show_what_rests(self, worker: Worker) -> Generator[float]:
        for name, account in list(worker.accounts.items()):
            before, token = account.state.published, worker.states[account.operation.base_url]
            account.state = outcome.rested(account.polled, token, self._clock.now)
            self._referee.shows(name, account.state.published, self._clock)
            if account.state.published is not before:
                yield from self._keep(account)

    def _look_for_tokens(self, worker: Worker, until: float) -> Generator[float, None, float]:
        now = self._clock.instant
        for name, account in list(worker.accounts.items()):
            resting = timing.resting(account.polled, worker.states[account.operation.base_url], self._clock.now)
            if not {Reason.TOKEN, Reason.QUOTA} & {*resting.values()}:
                continue
            if now - worker.looked.get(name, _NEVER) >= TOKEN_CHECK:
                yield from self._read_token(worker, account, None)
            until = min(until, worker.looked.get(name, now) + TOKEN_CHECK)
        return until

    def _read_token(self, worker: Worker, account: Account, question: Question | None) -> Generator[float]:
        name = account.terms.name
        worker.looked[name] = self._clock.instant
        yield from self._passes(self._world.token_takes)
        token, _ = self._world.token_files[name]
        if not token:
            if question is not None:
                yield from self._without_token(account, question)
            return
        if token != worker.token:
            self._join(account, token)
            return
        if account.state.token_fingerprint != token:
            account.state = replace(token_changes.renewed(account.state, self._clock.now), token_fingerprint=token)
            self._wake(worker)
        self._referee.reads_token(name, token, self._clock.instant)
        worker.read = name, self._clock.instant

    def _without_token(self, account: Account, question: Question) -> Generator[float]:
        state = outcome.without_token(account.polled, question, "file", self._clock.now)
        account.state = replace(state, token_fingerprint="")
        self._referee.misses_token(account.terms.name, question)
        yield from self._keep(account)

    def _ask(self, worker: Worker, account: Account, question: Question) -> Generator[float]:
        """See `Worker._make_call`."""
        server, operation = account.operation.base_url, account.operation
        now = self._clock.now
        latest = Now(now.monotonic + SLACK, now.wall + SLACK)
        noted, _ = outcome.begun(
            account.polled, worker.states[server], question, latest, latest.monotonic + operation.timeout
        )
        worker.doing = "notes"
        yield from self._passes(self._world.store_takes)
        self._world.disk.note(operation, noted, self._clock)
        self._referee.notes(question, latest, latest.monotonic + operation.timeout, self._clock)
        now = self._clock.now
        state, worker.states[server] = outcome.begun(
            account.polled, worker.states[server], question, now, now.monotonic + operation.timeout
        )
        account.state = replace(state, unsaved=noted.unsaved)
        worker.doing = "calls"
        self._referee.call_begins(worker.key, question, account.state.published, self._clock)
        reply = self._world.api.reply(
            account.terms, worker.token, question.report.value, question.subject, self._clock.true_time
        )
        yield from self._passes(reply.took)
        self._referee.call_ends(worker.key)
        worker.states[server] = replace(worker.states[server], busy_until=None)
        worker.doing = ""
        yield from self._take(worker, account, question, reply, now)

    def _take(self, worker: Worker, account: Account, question: Question, reply: Reply, asked: Now) -> Generator[float]:
        """See `Worker._take`."""
        server = account.operation.base_url
        result = self._read(account, question, reply, asked)
        account.state, worker.states[server] = outcome.ended(
            account.polled, worker.states[server], question, result, self._clock.now
        )
        account.state = outcome.rested(account.polled, worker.states[server], self._clock.now)
        self._referee.takes(worker.key, question, reply, asked, self._clock)
        is_counted = outcome.is_counted(account.state, question.report)
        self._settle(account)
        if is_counted:
            yield from self._keep(account)

    def _read(self, account: Account, question: Question, reply: Reply, asked: Now) -> Result:
        if isinstance(reply.content, ApiError):
            failure = Failure.of(reply.content)
            return Result(failure.code, failure)
        try:
            account.state, unread = REPORTS[question.report].taken(
                account.state, account.operation, question.subject, Exchange(reply.content, asked, self._clock.now)
            )
        except ApiError as error:
            return Result(error.code, Failure.of(error))
        return Result(str(reply.content.status), None, unread.counts)

    def _keep(self, account: Account) -> Generator[float]:
        """See `Account.keep`."""
        kept = account.state
        book = self._referee.remembers(account.terms.name)
        yield from self._passes(self._world.store_takes)
        if not self._world.store_is_full:
            self._world.disk.save(account.operation, kept, self._clock)
            self._referee.saves(account.terms.name, book)
            account.state = replace(account.state, unsaved=account.state.unsaved[len(kept.unsaved) :])

    def _passes(self, seconds: float) -> Generator[float]:
        if seconds:
            yield self._clock.instant + seconds
