"""A process among others: the product's coordinator and ledger, and a worker for each token without its shell."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from fuzz.fleet.kernel import Kernel, Machine, Sleep, Task
from fuzz.fleet.remote import Clock, Remote
from fuzz.fleet.tables import Tables
from fuzz.fleet.world import Api, Referee
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling import outcome, resume, timing, token_changes, token_gate
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.reports import REPORTS
from wolkvox_exporter.polling.reports.report import Exchange
from wolkvox_exporter.polling.state import Failure, OperationState, Question, Result
from wolkvox_exporter.polling.store import SLACK
from wolkvox_exporter.polling.timing import Polled, Wait
from wolkvox_exporter.polling.token_gate import TokenState
from wolkvox_exporter.replicas.coordinator import Coordinator
from wolkvox_exporter.replicas.leases import Pace
from wolkvox_exporter.replicas.ledger import Format, Ledger
from wolkvox_exporter.replicas.operations import Lead
from wolkvox_exporter.storage import codec

FORMAT = Format(codec.encode, codec.encode_note, codec.decode, codec.noted, codec.UnusableError)

_STOPPED = 0.05
"""The share of calls before whose first byte the process is stopped for a moment."""


async def at_once(work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it is
    """Do work, in no time."""
    return work()


class Replica:
    """One process, from its start to its death; see `replicas.operations.Operations`."""

    def __init__(
        self,
        name: str,
        *,
        operations: Iterable[Operation],
        tokens: Mapping[str, str],
        tables: Callable[[], Tables],
        kernel: Kernel,
        clock: Clock,
        pace: Pace,
        api: Api,
        referee: Referee,
    ) -> None:
        self.name = name
        self.machine = Machine()
        self.clock = clock
        self.tokens_by_name = dict(tokens)
        """The token of each operation, as its file says here."""
        self.freeze_at_note = 0.0
        """Seconds for which the process stands still while it waits for its next note."""
        self.steps = 0
        self.states: dict[str, OperationState] = {}
        self.asking: set[str] = set()
        self.placed: set[str] = set()
        """The operations that workers ask for."""
        self._operations = {each.name: each for each in operations}
        self._kernel = kernel
        self._random: Random = kernel.random
        self._pace = pace
        self._api = api
        self._referee = referee
        self.led: dict[str, str] = {}
        """The token by which each operation is polled here."""
        self._known: dict[str, TokenState] = {}
        self._workers: dict[str, Task] = {}
        self._tables = tables
        database = Remote(tables)
        self.ledger = Ledger(database, FORMAT, clock, at_once)
        self.coordinator = Coordinator(name, database, self, self.ledger, form=FORMAT, clock=clock, pace=pace)
        kernel.start(self.machine, self._run())

    async def _run(self) -> None:
        while True:
            await self.coordinator.step()
            self.steps += 1
            await Sleep(self._pace.look * self._random.uniform(0.8, 1.0))

    def renewed(self, name: str, token: str) -> None:
        """Let the token of an operation be another one, as its worker notices before a call."""
        if self.tokens_by_name[name] != token:
            self.tokens_by_name[name] = token
            self.coordinator.stand_down(name)

    async def leave(self) -> None:
        """End in order."""
        await self.coordinator.leave()
        self.machine.is_dead = True

    def all(self) -> Mapping[str, Operation]:  # noqa: D102 - see `Operations`, as those below
        return self._operations

    async def tokens(self, salt: str) -> Mapping[str, str]:  # noqa: D102
        return {name: f"{token} in {salt}" for name, token in self.tokens_by_name.items()}

    def is_idle(self, name: str) -> bool:  # noqa: D102
        return name not in self.asking

    def is_led(self, name: str) -> bool:  # noqa: D102
        return name in self.led

    def initial(self, name: str) -> OperationState:  # noqa: D102
        return resume.initial(self._operations[name], self.clock.monotonic())

    async def lead(self, name: str, how: Lead) -> None:  # noqa: D102
        now, operation, token = self.clock.now, self._operations[name], self.tokens_by_name[name]
        if how.state is not None:
            state = resume.resumed(how.state, operation, now.monotonic, now)
            self.states[name] = token_changes.renewed(state, now) if how.is_new_token else state
        self.led[name] = token
        if how.is_to_be_kept:
            await self.keep(name)
            if self.led.get(name) != token:
                return
        known = self._known.get(token, TokenState())
        self._known[token] = token_gate.merged([known, self.states[name].token, TokenState(busy_until=how.busy)])
        self.placed.add(name)
        if token in self._workers:
            self._kernel.wake(self._workers[token])
        else:
            self._workers[token] = self._kernel.start(self.machine, self._work(token))

    def finish(self, name: str) -> None:  # noqa: D102
        self.placed.discard(name)

    def stand_down(self, name: str) -> None:  # noqa: D102
        self.placed.discard(name)
        token = self.led.pop(name, None)
        if token and token not in self.led.values():
            self._known.pop(token, None)

    async def keep(self, name: str) -> None:
        """Keep and show the state of an operation that is polled here."""
        operation, kept = self._operations[name], self.states[name]
        if name in self.led and await self.ledger.save(operation, kept) and name in self.led:
            self.states[name] = replace(self.states[name], unsaved=self.states[name].unsaved[len(kept.unsaved) :])
            row = self._tables().rows.get((name, operation.base_url))
            # one that stood still may learn late that it was kept, and others have gone on since
            is_latest = row is not None and row.version == self.ledger.version(operation)
            told = self._referee.keeps if is_latest else self._referee.shows
            told(self.name, name, kept)

    def is_shown(self, name: str) -> bool:  # noqa: D102
        return (self.name, name) in self._referee.shown

    def follow(self, name: str, state: OperationState) -> None:  # noqa: D102
        self._referee.shows(self.name, name, state)

    async def _work(self, token: str) -> None:
        while True:
            led = [
                name for name, by in self.led.items() if by == token and name in self.placed and name not in self.asking
            ]
            decision: Question | Wait = Wait(self.clock.monotonic() + timing.LONGEST_WAIT)
            if led:
                servers = {self._operations[name].base_url: self._known[token] for name in led}
                decision = timing.decide([self._polled(name) for name in led], servers, self.clock.now)
                self.steps += 1
            if isinstance(decision, Wait):
                await self.clock.sleep_until(decision.until)
                continue
            self.asking.add(decision.operation)
            try:
                await self._ask(token, decision)
            finally:
                self.asking.discard(decision.operation)

    async def _ask(self, token: str, question: Question) -> None:
        name, now = question.operation, self.clock.now
        operation = self._operations[name]
        latest = Now(now.monotonic + SLACK, now.wall + SLACK)
        ends, noted_at = latest.monotonic + operation.timeout, self._kernel.now
        noted, _ = outcome.begun(self._polled(name), self._known[token], question, latest, ends)
        self.machine.frozen_until = max(self.machine.frozen_until, self._kernel.now + self.freeze_at_note)
        self.freeze_at_note = 0.0
        is_noted = await self.ledger.note(operation, noted)
        self.states[name] = replace(self.states[name], unsaved=noted.unsaved)
        if not is_noted or self.led.get(name) != token:
            return
        # it may be stopped here, too: for no longer than the slack allows
        left = SLACK * 0.99 - (self._kernel.now - noted_at)
        asked = self.clock.now
        unsaved, known = self.states[name].unsaved, self._known[token]
        ends = asked.monotonic + operation.timeout
        state, self._known[token] = outcome.begun(self._polled(name), known, question, asked, ends)
        self.states[name] = replace(state, unsaved=unsaved)
        gap = self._random.uniform(0, max(0.0, left)) if self._random.random() < _STOPPED else 0.0
        takes, answer = self._api.called(
            name, token, self.name, at=self._kernel.now, gap=gap, timeout=operation.timeout
        )
        # whoever is woken meanwhile waits for the answer all the same
        await self._waits(takes)
        await self._take(token, question, answer, asked)

    async def _waits(self, seconds: float) -> None:
        until = self._kernel.now + seconds
        while self._kernel.now < until:
            await Sleep(until - self._kernel.now)

    async def _take(self, token: str, question: Question, answer: Answer | Failure, asked: Now) -> None:
        name, now = question.operation, self.clock.now
        operation = self._operations[name]
        result = Result("none", answer if isinstance(answer, Failure) else None)
        if isinstance(answer, Answer):
            exchange = Exchange(answer, asked, now)
            taken = REPORTS[question.report].taken
            self.states[name], unread = taken(self.states[name], operation, question.subject, exchange)
            result = Result("200", None, unread.counts)
        known = replace(self._known.get(token, TokenState()), busy_until=None)
        self.states[name], known = outcome.ended(self._polled(name), known, question, result, now)
        if token in self._known:
            self._known[token] = known
        if self.led.get(name) == token:
            await self.keep(name)

    def _polled(self, name: str) -> Polled:
        return Polled(self._operations[name], self.states[name])
