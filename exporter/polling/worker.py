"""The worker of an operation: waits for what is due, asks in its turn, and publishes what came of it."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import NoReturn

import structlog

from exporter.clock import Clock
from exporter.config import Operation, TokenUnreadable
from exporter.polling import polls
from exporter.polling.readability import Readability
from exporter.polling.schedule import Schedule
from exporter.polling.turns import Hold, Turn, Turns, fingerprint
from exporter.snapshot import Attempt, ReportState, Snapshot, Trouble
from exporter.wolkvox.body import Answer
from exporter.wolkvox.client import Call, Client
from exporter.wolkvox.errors import REMEDIES, ApiError, Reason
from exporter.wolkvox.report import ReportName, Unread

TOKEN_CHECK = 10.0
"""Seconds between two looks at the token's source while the API refuses the token."""

log = structlog.get_logger()


class Worker:
    """Polls one operation for ever. `first` is when, on the monotonic clock, its first poll is due."""

    def __init__(
        self,
        operation: Operation,
        client: Client,
        turns: Turns,
        clock: Clock,
        publish: Callable[[Snapshot], None],
        *,
        first: float,
    ) -> None:
        self.name = operation.name
        self._operation = operation
        self._client = client
        self._turns = turns
        self._clock = clock
        self._publish = publish
        self._polls = polls.for_operation(operation)
        self._schedule = Schedule({name: poll.interval for name, poll in self._polls.items()}, first)
        self._log = log.bind(operation=operation.name)
        self._readability = {name: Readability(self._log.bind(report=name)) for name in self._polls}
        # the reports that wait for another token than the one with this fingerprint
        self._waiting: set[ReportName] = set()
        self._refused = ""
        states = {name: ReportState.initial(poll.interval, poll.fields) for name, poll in self._polls.items()}
        self.snapshot = Snapshot(operation.name, MappingProxyType(states))

    async def run(self) -> NoReturn:
        """Poll until cancelled."""
        while True:
            wake = self._schedule.next_due
            if self._waiting:
                wake = min(wake, self._clock.monotonic() + TOKEN_CHECK)
            await self._clock.sleep_until(wake)
            await self.step()

    async def once(self) -> None:
        """Attempt each report once."""
        while any(state.up is None for state in self.snapshot.reports.values()):
            await self._clock.sleep_until(self._schedule.next_due)
            await self.step()

    async def step(self) -> None:
        """Do what is due now, at most one poll."""
        try:
            # in a thread: a token on a share that hangs must not stop the others
            token = await asyncio.to_thread(self._operation.token.read)
        except TokenUnreadable as error:
            self._without_token(error)
            return
        if self._waiting and fingerprint(token) != self._refused:
            self._schedule.hurry(self._waiting, self._clock.monotonic())
            self._waiting.clear()
        turn = self._turns.of(token)
        async with turn.lock:
            report = self._schedule.pick(self._clock.monotonic())
            if report is None:
                return
            if turn.hold:
                self._held(report, token, turn.hold)
            else:
                await self._poll(report, token, turn)

    async def _poll(self, report: ReportName, token: str, turn: Turn) -> None:
        started = self._clock.monotonic()
        self._schedule.started(report, started)
        # it waits no longer; only another refusal makes it wait again
        self._waiting.discard(report)
        requests: Counter[str] = Counter()
        try:
            change, unread = await self._polls[report].run(partial(self._ask, token, requests), self._clock.time())
        except ApiError as error:
            self._failed(report, error, self._attempt(started, requests))
            if hold := turn.refused(error, started, self._polls[report].interval):
                self._hold(report, token, hold)
        else:
            turn.accepted()
            self._succeeded(report, change, unread, self._attempt(started, requests))
        self._swap()

    async def _ask(self, token: str, requests: Counter[str], call: Call) -> Answer:
        try:
            answer = await self._client.get(call, token)
        except ApiError as error:
            requests[error.code] += 1
            raise
        requests[str(answer.status)] += 1
        return answer

    def _attempt(self, started: float, requests: Counter[str]) -> Attempt:
        return Attempt(self._clock.time(), self._clock.monotonic() - started, requests)

    def _succeeded(self, report: ReportName, change: polls.Change, unread: Unread, attempt: Attempt) -> None:
        state = self.snapshot.reports[report]
        fresh_until = self._clock.monotonic() + self._operation.stale_after * state.interval
        self._schedule.succeeded(report)
        self._log.log(
            logging.DEBUG if state.up else logging.INFO,
            "poll succeeded",
            report=report,
            seconds=round(attempt.duration, 3),
        )
        self._readability[report].note(unread)
        snapshot = self.snapshot.with_report(report, state.succeeded(attempt, unread.counts, fresh_until))
        self.snapshot = replace(change(snapshot), token_valid=True, quota_exhausted=False)

    def _failed(self, report: ReportName, error: ApiError, attempt: Attempt) -> None:
        self._schedule.failed(report, self._clock.monotonic(), error)
        trouble = Trouble(error.reason, error.detail, error.remedy, attempt.ended)
        self._log.warning(
            "poll failed",
            report=report,
            reason=error.reason,
            error=error.detail,
            remedy=error.remedy,
            seconds=round(attempt.duration, 3),
        )
        self.snapshot = self.snapshot.with_report(report, self.snapshot.reports[report].failed(attempt, trouble))

    def _held(self, report: ReportName, token: str, hold: Hold) -> None:
        detail = "not asked, since the API refused this token a while ago"
        trouble = Trouble(hold.reason, detail, REMEDIES[hold.reason], self._clock.time())
        self._log.info("poll held back", report=report, reason=hold.reason, remedy=trouble.remedy)
        self.snapshot = self.snapshot.with_report(report, self.snapshot.reports[report].held(trouble))
        self._hold(report, token, hold)
        self._swap()

    def _hold(self, report: ReportName, token: str, hold: Hold) -> None:
        self._schedule.hold(report, hold.until)
        if hold.reason is Reason.TOKEN:
            self._waiting.add(report)
            self._refused = fingerprint(token)
            self.snapshot = replace(self.snapshot, token_valid=False)
        else:
            self.snapshot = replace(self.snapshot, quota_exhausted=True)

    def _without_token(self, error: TokenUnreadable) -> None:
        now = self._clock.monotonic()
        if report := self._schedule.pick(now):
            self._schedule.started(report, now)
            self._waiting.add(report)
            self._refused = ""
            self._failed(report, ApiError(Reason.TOKEN, str(error)), Attempt(self._clock.time(), 0.0, {}))
            self._swap()

    def _swap(self) -> None:
        offset = self._clock.time() - self._clock.monotonic()
        for name, state in self.snapshot.reports.items():
            following = replace(state, next_poll=offset + self._schedule.due(name))
            self.snapshot = self.snapshot.with_report(name, following)
        self._publish(self.snapshot)
