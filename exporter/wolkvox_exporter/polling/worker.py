"""The worker of a token: sleeps, decides, notes, asks, takes the answer in, stores and publishes.

All that it knows is in the states of its operations and of its token; what they mean is decided in `polling.timing`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import NoReturn

from wolkvox_exporter.api.errors import REMEDIES, ApiError, Reason
from wolkvox_exporter.api.fields import Unread
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.polling import outcome, timing, token_changes, token_gate
from wolkvox_exporter.polling.account import Account
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.reports import REPORTS
from wolkvox_exporter.polling.reports.report import Exchange
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.polling.state import Failure, Question, Result
from wolkvox_exporter.polling.store import SLACK
from wolkvox_exporter.polling.threads import SHORT, read_answer
from wolkvox_exporter.polling.timing import Wait
from wolkvox_exporter.polling.token_gate import TokenState
from wolkvox_exporter.polling.token_reader import Reading, TokenReader
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.runtime.disposal import free_later
from wolkvox_exporter.runtime.pacing import in_turn

LARGE = 64 * 1024
"""Bytes of an answer from which on other operations do not wait until it is read; no refusal is as large."""
_GRACE = 5.0
"""Seconds beyond its time-out after which a call has not been answered in time, whatever it brought."""

Move = Callable[[Account, str], Awaitable[None]]
"""Brings an operation to the worker of the token that it turned out to have."""


class Worker:
    """Asks for all operations that share a token, one call at a time, for ever.

    `fingerprint` tells the token from others; it is empty while there is none.
    """

    def __init__(self, fingerprint: str, clock: Clock, move: Move) -> None:
        self.fingerprint = fingerprint
        self.accounts: dict[str, Account] = {}
        self._clock = clock
        self._move = move
        self._tokens: dict[str, TokenState] = {}
        self._wake = asyncio.Event()
        self._reader = TokenReader(clock, self.wake)
        self._taking: dict[Account, asyncio.Task[None]] = {}
        self._asking: Account | None = None

    def add(self, account: Account) -> None:
        """Ask for one more operation; where its token was refused and this is another, it is used at once."""
        server, state = account.operation.base_url, account.state
        known = self._tokens.get(server, TokenState())
        if state.token_fingerprint not in (None, self.fingerprint):
            state = token_changes.renewed(state, self._now())
        else:
            known = token_gate.merged([known, state.token])
        self._tokens[server] = known
        fingerprint = self.fingerprint or state.token_fingerprint
        account.state = replace(state, token=known, token_fingerprint=fingerprint)
        self.accounts[account.name] = account
        self.wake()

    def remove(self, account: Account) -> None:
        """Ask for it no more."""
        if self.accounts.get(account.name) is account:
            del self.accounts[account.name]
            account.state = replace(account.state, token=self.token_of(account))
        self._reader.forget(account)
        self.wake()

    def wait_for_call(self, until: float) -> None:
        """Ask for nothing before a call has ended that another process may have made with this token."""
        for server, known in self._tokens.items():
            self._tokens[server] = token_gate.merged([known, TokenState(busy_until=until)])

    def wake(self) -> None:
        """Decide anew: something has changed."""
        self._wake.set()

    @property
    def is_busy(self) -> bool:
        """Whether a call is under way, or an answer is being read."""
        return self._asking is not None or bool(self._taking)

    def look_again(self, account: Account) -> None:
        """Look at the source of a token at once where one is needed: it may be another one."""
        self._reader.forget(account)
        self.wake()

    def token_of(self, account: Account) -> TokenState:
        """Return what is known of the token at an operation's server."""
        return self._tokens[account.operation.base_url]

    async def run(self) -> NoReturn:
        """Ask until cancelled."""
        self._recover()
        self._wake.clear()
        try:
            until: float | None = self._clock.monotonic()
            while True:
                if until is not None:
                    await self._clock.sleep_until(until, self._wake)
                self._wake.clear()
                await in_turn()
                until = await self.step()
        finally:
            self._reader.cancel()
            for taking in self._taking.values():
                taking.cancel()

    def _recover(self) -> None:
        """Go on after a bug has ended the work in the middle of a call."""
        for account in self.accounts.values():
            server = account.operation.base_url
            account.state, self._tokens[server] = timing.cut_off(account.state, self._tokens[server])
            account.settle(self._now())
        self._taking.clear()

    async def finish(self) -> None:
        """Ask for what is due now, and return once nothing is."""
        while await self.step() is None or self._taking or self._reader.slow:
            if pending := {*self._taking.values(), *self._reader.slow.values()}:
                await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)

    async def step(self) -> float | None:
        """Do the next thing there is to do; return until when to wait if there is nothing."""
        await self._end_what_is_done()
        await self._show_what_rests()
        decision = self._decide()
        if isinstance(decision, Wait):
            return await self._look_for_tokens(decision.until)
        account = self.accounts[decision.operation]
        if token := self._reader.taken(account):
            await self._ask(account, decision, token)
        else:
            # it takes a moment, and so is decided anew
            await self._take_token(await self._reader.read(account, decision))
        return None

    def _decide(self) -> Question | Wait:
        busy = {*self._reader.slow, *self._taking}
        free = [each for each in self.accounts.values() if each not in busy and not each.is_retired]
        polled = [account.polled for account in free]
        return timing.decide(polled, self._tokens, self._now())

    async def _end_what_is_done(self) -> None:
        for reading in self._reader.came():
            await self._take_token(reading)
        for account, taking in list(self._taking.items()):
            if taking.done():
                del self._taking[account]
                # a bug in it is one of the worker's
                await taking

    async def _show_what_rests(self) -> None:
        for account in list(self.accounts.values()):
            if account in self._taking:
                continue
            before = account.state.published
            account.state = outcome.rested(account.polled, self.token_of(account), self._now())
            if account.state.published is not before:
                await self._show(account, before)
            elif outcome.dated(account.polled, self._now()) is not account.state:
                # midnight has passed, or a clock was set
                self.publish(account)

    async def _look_for_tokens(self, until: float) -> float | None:
        """Look whether there is another token where one is needed; return until when to wait then."""
        now = self._clock.monotonic()
        for account in list(self.accounts.values()):
            resting = timing.resting(account.polled, self.token_of(account), self._now())
            if not {Reason.TOKEN, Reason.QUOTA} & {*resting.values()}:
                continue
            if self._reader.next_look(account) <= now and account not in self._reader.slow:
                await self._take_token(await self._reader.read(account, None))
            until = min(until, max(now, self._reader.next_look(account)))
        return until

    async def _take_token(self, reading: Reading | None) -> None:
        """Go on with the token that was read, or without one."""
        if reading is None or reading.account.is_retired:
            return
        account, fingerprint = reading.account, token_gate.fingerprint(reading.token)
        if reading.problem:
            if reading.question is not None:
                await self._without_token(account, reading.question, reading.problem)
        elif fingerprint == self.fingerprint:
            if account.state.token_fingerprint != fingerprint:
                state = token_changes.renewed(account.state, self._now())
                account.state = replace(state, token_fingerprint=fingerprint)
                self.wake()
            self._reader.keep(reading)
        else:
            await self._move(account, fingerprint)

    async def _without_token(self, account: Account, question: Question, problem: str) -> None:
        before = account.state.published
        account.state = outcome.without_token(account.polled, question, problem, self._now())
        # whatever token comes is another one
        account.state = replace(account.state, token_fingerprint="")
        await self._show(account, before)

    async def _show(self, account: Account, before: Snapshot) -> None:
        """Log, keep and publish what has changed since a snapshot."""
        account.log.changed(before, account.state.published)
        await account.keep()
        self.publish(account)

    async def _ask(self, account: Account, question: Question, token: str) -> None:
        """Make a call, once it is noted that it goes out by then at the latest."""
        account.idle.clear()
        self._asking = account
        try:
            await self._make_call(account, question, token)
        finally:
            self._asking = None

    async def _make_call(self, account: Account, question: Question, token: str) -> None:
        server, timeout, now = account.operation.base_url, account.operation.timeout, self._now()
        if account.has_store:
            latest = Now(now.monotonic + SLACK, now.wall + SLACK)
            ends = latest.monotonic + timeout
            noted, _ = outcome.begun(account.polled, self._tokens[server], question, latest, ends)
            if not await account.note(noted):
                account.settle(self._now())
                return
            now = self._now()
        unsaved, known = account.state.unsaved, self._tokens[server]
        state, self._tokens[server] = outcome.begun(account.polled, known, question, now, now.monotonic + timeout)
        account.state = replace(state, unsaved=unsaved)
        answer = await self._answer(account, question, token, now)
        self._tokens[server] = replace(self._tokens[server], busy_until=None)
        taking = asyncio.create_task(self._take(account, question, answer, now))
        if isinstance(answer, Answer) and len(answer.body) > LARGE and len(self.accounts) > 1:
            self._taking[account] = taking
            taking.add_done_callback(lambda _: self.wake())
        else:
            await taking

    async def _answer(self, account: Account, question: Question, token: str, now: Now) -> Answer | Failure:
        operation = account.operation
        call = REPORTS[question.report].call(operation, question.subject, now)
        try:
            answer = await account.client.get(call, token)
        except ApiError as error:
            return outcome.failure(error, operation)
        took = self._clock.monotonic() - now.monotonic
        if took > operation.timeout + _GRACE:
            # the machine slept, or the process was stopped: what was true then need not be now
            detail = "no answer within the time allowed"
            return Failure(Reason.TIMEOUT, detail, REMEDIES[Reason.TIMEOUT], str(answer.status), reset=False)
        return answer

    async def _take(self, account: Account, question: Question, answer: Answer | Failure, asked: Now) -> None:
        """Take an answer in: read it, store and publish what comes of it."""
        before, server = account.state.published, account.operation.base_url
        took = self._clock.monotonic() - asked.monotonic
        result, unread = await self._read(account, question, answer, asked)
        account.log.called(question.report, answer, result, server=server, rows=unread.rows, seconds=took)
        now, known = self._now(), self._tokens[server]
        account.state, self._tokens[server] = outcome.ended(account.polled, known, question, result, now)
        account.state = outcome.rested(account.polled, self._tokens[server], now)
        account.log.unread(question.report, unread)
        account.log.changed(before, account.state.published)
        is_counted = outcome.is_counted(account.state, question.report)
        account.settle(now)
        if is_counted:
            await account.keep()
            self.publish(account)

    async def _read(
        self, account: Account, question: Question, answer: Answer | Failure, asked: Now
    ) -> tuple[Result, Unread]:
        if isinstance(answer, Failure):
            return Result(answer.code, answer), Unread()
        taken, exchange, before = REPORTS[question.report].taken, Exchange(answer, asked, self._now()), account.state
        work = partial(taken, before, account.operation, question.subject, exchange)
        try:
            account.state, unread = await read_answer(work, len(answer.body))
        except ApiError as error:
            return Result(error.code, outcome.failure(error, account.operation)), Unread()
        if len(answer.body) > SHORT:
            free_later(before.rows)
        return Result(str(answer.status), None, unread.counts), unread

    def publish(self, account: Account) -> None:
        """Hand on what is known of an operation."""
        account.publish(self.token_of(account), self._now())

    def _now(self) -> Now:
        return Now(self._clock.monotonic(), self._clock.time())
