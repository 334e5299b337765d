"""The worker of an operation: waits for what is due, asks in its turn, and publishes what came of it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from wolkvox_exporter.api.client import Client
from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.config import Operation, TokenUnreadable
from wolkvox_exporter.polling.asker import TurnAsker
from wolkvox_exporter.polling.budget import Budget, Spending
from wolkvox_exporter.polling.memory import WRITE_TIMEOUT, Memory, Store
from wolkvox_exporter.polling.poll import Outcome
from wolkvox_exporter.polling.polls import Polls
from wolkvox_exporter.polling.record import Record
from wolkvox_exporter.polling.schedule import Schedule
from wolkvox_exporter.polling.snapshot import Attempt, Snapshot
from wolkvox_exporter.polling.threads import read_token
from wolkvox_exporter.polling.turns import Hold, Turn, Turns
from wolkvox_exporter.polling.waiting import Waiting
from wolkvox_exporter.runtime.clock import Clock

TOKEN_CHECK = 10.0
"""Seconds between two looks at the token's source while the API refuses the token."""


class Worker:
    """Polls one operation for ever.

    `first` is when, on the monotonic clock, its first poll is due. With the `memory` of an earlier worker it goes on
    where that one stood: with its data and counters, and with nothing due before its time. Into `store` goes that a
    report was asked before it is, and what is shown before it is shown.
    """

    def __init__(
        self,
        operation: Operation,
        client: Client,
        turns: Turns,
        clock: Clock,
        publish: Callable[[Snapshot], None],
        *,
        first: float,
        memory: Memory | None = None,
        store: Store | None = None,
    ) -> None:
        self.name = operation.name
        self._operation = operation
        self._store = store
        self._token = operation.token
        self._client = client
        self._turns = turns
        self._clock = clock
        self._take = publish
        self._knowledge = Polls(operation, memory)
        self._polls = self._knowledge.by_report
        self._schedule = Schedule({name: poll.interval for name, poll in self._polls.items()}, first)
        if memory:
            self._schedule.resume(memory.paces, clock.monotonic())
        self._budget = Budget(operation.quota_reserve, memory.spending if memory else None)
        self._record = Record(operation, self._polls, clock, memory)
        self._waiting = Waiting(operation.token, memory.waiting if memory else None)
        self._longest_call = memory.longest_call if memory else 0.0
        if store:
            self._record.kept(failures=0)
        self._memory = self._remember(self._budget.spending)
        self._polling = asyncio.Lock()
        self._retired = False

    def memory(self) -> Memory:
        """Return all that a later worker of the operation needs.

        As it was at the start of the poll that is under way, if one is: its call counts as spent, and what its answer
        would have changed is left to the next.
        """
        return self._memory

    async def _note_start(self, report: ReportName) -> None:
        """Let nobody who comes after ask earlier, should this poll not be survived."""
        # the call goes out once this is kept, which may take that long
        self._schedule.started(report, self._clock.monotonic() + (WRITE_TIMEOUT if self._store else 0.0))
        await self._keep(self._budget.after_one_more())

    async def _keep(self, spending: Spending | None = None) -> None:
        self._memory = self._remember(spending or self._budget.spending)
        if self._store and not await self._store.save(self._operation, self._memory):
            self._record.kept(failures=1)

    def _remember(self, spending: Spending) -> Memory:
        known, activity, amd = self._knowledge.memory()
        return Memory(
            snapshot=self._record.snapshot,
            paces=self._schedule.paces(),
            waiting=self._waiting.memory(),
            spending=spending,
            known=known,
            activity=activity,
            amd=amd,
            longest_call=self._longest_call,
            off=self._record.off,
        )

    @property
    def snapshot(self) -> Snapshot:
        """The operation as it is known now."""
        return self._record.snapshot

    async def run(self) -> NoReturn:
        """Poll until cancelled."""
        while True:
            wake = self._schedule.next_due
            if self._waiting:
                wake = min(wake, self._clock.monotonic() + TOKEN_CHECK)
            await self._clock.sleep_until(wake)
            await self.step()

    async def recall(self) -> None:
        """Tell all that share the token what is remembered of its refusal, before anybody asks."""
        with suppress(TokenUnreadable):
            token = await read_token(self._token)
            await self._waiting.recall(token, self._turns.of(token))

    def retire(self) -> None:
        """Begin no further poll or call and publish nothing more, from now on."""
        self._retired = True

    async def ended(self) -> None:
        """Return as soon as no poll is under way."""
        async with self._polling:
            pass

    async def once(self) -> None:
        """Attempt each report once."""
        await self._clock.sleep_until(self._schedule.next_due)
        for _ in self._polls:
            await self.step()

    async def step(self) -> None:
        """Do what is due now, at most one poll."""
        try:
            token = await read_token(self._token)
        except TokenUnreadable as error:
            await self._without_token(error)
            return
        turn = self._turns.of(token)
        self._schedule.hurry(await self._waiting.renewed(token, turn), self._clock.monotonic())
        async with turn.lock, self._polling:
            report = self._schedule.pick(self._clock.monotonic())
            if report is not None and not self._retired:
                await self._poll_or_leave_out(report, token, turn)
                await self._keep()
                self.publish()

    async def _poll_or_leave_out(self, report: ReportName, token: str, turn: Turn) -> None:
        if hold := turn.hold:
            detail = f"not asked, since the API refused the call before ({hold.reason})"
            self._record.held(report, ApiError(hold.reason, detail))
            self._hold(report, token, hold)
        elif report is ReportName.AMD and not self._budget.has_room(self._clock.time()):
            self._schedule.started(report, self._clock.monotonic())
            detail = "not asked, since the day's calls are down to quota_reserve"
            self._record.held(report, ApiError(Reason.QUOTA, detail))
            self._record.kept_back(report, "reserve")
        else:
            await self._poll(report, token, turn)

    async def _poll(self, report: ReportName, token: str, turn: Turn) -> None:
        self._waiting.discard(report)
        due = self._schedule.due(ReportName.CAMPAIGNS)
        await self._note_start(report)
        asker = TurnAsker(
            self._client,
            token,
            self._clock,
            self._budget,
            expected=self._longest_call,
            deadline=due,
            wanted=lambda: not self._retired,
        )
        self._schedule.started(report, asker.started)
        try:
            outcome = await self._polls[report].run(asker)
        except ApiError as error:
            self._failed(report, asker, error, token, turn)
        else:
            self._ended(report, asker, outcome, token, turn)
        self._longest_call = asker.longest

    def _ended(self, report: ReportName, asker: TurnAsker, outcome: Outcome | None, token: str, turn: Turn) -> None:
        if outcome:
            turn.accepted()
            self._record.read(report, outcome)
            if report is ReportName.QUOTA:
                self._budget.reported(self.snapshot.quota, asker.started_at)
        if outcome and outcome.error:
            self._failed(report, asker, outcome.error, token, turn)
            return
        self._schedule.succeeded(report)
        if outcome:
            self._record.succeeded(report, asker.attempt())
        elif not asker.gave_way:
            self._record.kept_back(report, "idle")

    def _failed(self, report: ReportName, asker: TurnAsker, error: ApiError, token: str, turn: Turn) -> None:
        self._schedule.failed(report, self._clock.monotonic(), error)
        self._record.failed(report, asker.attempt(), error)
        if hold := turn.refused(error, self._polls[report].interval):
            self._hold(report, token, hold)

    def _hold(self, report: ReportName, token: str, hold: Hold) -> None:
        self._schedule.hold(report, hold.until)
        self._record.refused(hold.reason)
        self._record.kept_back(report, hold.reason)
        if hold.reason is Reason.TOKEN:
            self._waiting.add(report, token)

    async def _without_token(self, unreadable: TokenUnreadable) -> None:
        now = self._clock.monotonic()
        if report := self._schedule.pick(now):
            self._schedule.started(report, now)
            self._waiting.add(report)
            detail = f"no token from {self._token.describe()}: {unreadable}"
            error = ApiError(Reason.TOKEN, detail, remedy="put it back; it is looked for every few seconds")
            self._record.failed(report, Attempt(self._clock.time(), 0.0, {}), error)
            self._record.kept_back(report, Reason.TOKEN)
            await self._keep()
            self.publish()

    def publish(self) -> None:
        """Hand on what is known now, and when what is asked next."""
        for name in self._polls:
            self._record.scheduled(name, self._schedule.due(name))
        if not self._retired:
            self._take(self.snapshot)
