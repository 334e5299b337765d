"""The workers of all tokens, and which operation each of them asks for."""

import asyncio
from collections.abc import Callable, Iterable
from typing import NoReturn

from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.config import TokenUnreadable
from wolkvox_exporter.polling import timing, token_changes, token_gate
from wolkvox_exporter.polling.account import Account
from wolkvox_exporter.polling.reports import REPORTS, enabled
from wolkvox_exporter.polling.threads import changed_at, read_token
from wolkvox_exporter.polling.worker import Worker
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.runtime.supervisor import Job, Supervisor

_LOOK_EVERY = 60.0
_STORE_AND_TOKEN_FILE = 10.0


class Staff:
    """One worker a token; `restarted` is told each time that one died of a bug and was started again.

    Where `elsewhere` is given, it finds the worker of an operation that turned out to have another token.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        clock: Clock,
        restarted: Callable[[], None],
        elsewhere: Callable[[Account], None] | None = None,
    ) -> None:
        self._supervisor = supervisor
        self._clock = clock
        self._restarted = restarted
        self._elsewhere = elsewhere
        self.restarts: dict[str, int] = {}
        """How often the worker of each operation was started again."""
        self._workers: dict[str, Worker] = {}
        self._worker_of: dict[Account, Worker] = {}
        self._jobs: dict[Worker, Job] = {}
        self._dismissals: set[asyncio.Task[None]] = set()
        self._is_at_work = False
        self._unknown_call_until: float | None = None
        """Until when a call of an earlier process may last of which nobody can tell the token."""

    def start(self) -> None:
        """Let all of them ask, and watch whether they do."""
        self._is_at_work = True
        for worker in self._workers.values():
            self._employ(worker)
        self._supervisor.start("overdue reports", self._watch)

    async def finish(self) -> None:
        """Let each ask for what is due now."""
        await asyncio.gather(*(worker.finish() for worker in list(self._workers.values())))

    async def find_workers(self, accounts: Iterable[Account]) -> None:
        """Bring each operation to the worker of its token, so that all that share one know of its refusal."""
        found = list(accounts)
        await asyncio.gather(*map(self.find_worker, found))
        for account in found:
            worker, until = self._worker_of.get(account), account.state.token.busy_until
            if worker and not worker.fingerprint and until is not None:
                # which token a call had that was cut off is not written down: it may be that of any other operation
                self._unknown_call_until = max(until, self._unknown_call_until or until)
                for other in self._workers.values():
                    other.wait_for_call(until)

    async def find_worker(self, account: Account) -> None:
        """Bring an operation to the worker of its token, or to one of its own while there is no token."""
        try:
            fingerprint = token_gate.fingerprint(await read_token(account.operation.token))
        except TokenUnreadable:
            fingerprint = ""
        await self._move(account, fingerprint)

    async def _move(self, account: Account, fingerprint: str) -> None:
        if self._elsewhere:
            self.take_out(account)
            self._elsewhere(account)
            return
        if fingerprint and account.state.token_fingerprint is None:
            await self._recognise(account)
        if not account.is_retired:
            self.place(account, fingerprint)

    def place(self, account: Account, fingerprint: str, busy: float | None = None) -> None:
        """Bring an operation to the worker of a token, which waits for a call that may last until `busy`, monotonic."""
        if before := self._worker_of.pop(account, None):
            before.remove(account)
        # while there is no token, no two operations can be known to share it
        key = fingerprint or f"no token: {account.name}"
        worker = self._workers.setdefault(key, Worker(fingerprint, self._clock, self._move))
        self._worker_of[account] = worker
        worker.add(account)
        if self._unknown_call_until is not None:
            worker.wait_for_call(self._unknown_call_until)
        if busy is not None:
            worker.wait_for_call(busy)
        if self._is_at_work and worker not in self._jobs:
            self._employ(worker)
        self.dismiss_idle()

    async def _recognise(self, account: Account) -> None:
        """Find out after a restart whether the token is still the refused one, by when its file was written.

        Of a token without a file there is no telling, and a file that was written since may hold the same token, as
        one does that is made anew at each start of a service: both are asked again, in their interval.
        """
        refused = [each for each in account.state.token.refusals.values() if each.reason is Reason.TOKEN]
        changed = await changed_at(account.operation.token) if refused else None
        now = self._clock.time() - self._clock.monotonic()
        if not refused or changed is None or changed > now + max(each.at for each in refused):
            account.state = token_changes.unrefused(account.state)

    def take_out(self, account: Account) -> None:
        """Ask for an operation no more."""
        if worker := self._worker_of.pop(account, None):
            worker.remove(account)

    def look_again(self, account: Account) -> None:
        """Look at the source of a token at once, for it may be another one."""
        if worker := self._worker_of.get(account):
            worker.look_again(account)

    def publish(self, account: Account) -> None:
        """Hand on what is known of an operation."""
        if worker := self._worker_of.get(account):
            worker.publish(account)

    def dismiss_idle(self) -> None:
        """End the workers that have nothing left to ask for."""
        idle = {key: worker for key, worker in self._workers.items() if not worker.accounts and not worker.is_busy}
        for key, worker in idle.items():
            del self._workers[key]
            if job := self._jobs.pop(worker, None):
                # not awaited: it may be the one that is at work here
                dismissal = asyncio.create_task(self._supervisor.end(job))
                self._dismissals.add(dismissal)
                dismissal.add_done_callback(self._dismissals.discard)

    def _employ(self, worker: Worker) -> None:
        self._jobs[worker] = self._supervisor.start(
            ", ".join(worker.accounts), worker.run, lambda: self._started_again(worker)
        )

    def _started_again(self, worker: Worker) -> None:
        for name in worker.accounts:
            self.restarts[name] = self.restarts.get(name, 0) + 1
        self._restarted()

    async def _watch(self) -> NoReturn:
        """Tell the log of reports that are due and not asked for."""
        while True:
            now = self._clock.monotonic()
            for account, worker in self._worker_of.items():
                timeouts = sum(
                    each.operation.timeout * len(enabled(each.operation)) for each in worker.accounts.values()
                )
                for name in enabled(account.operation):
                    bound = 2 * REPORTS[name].interval(account.operation) + timeouts + _STORE_AND_TOKEN_FILE
                    if account.state.published.reports[name].held is not None:
                        account.log.held(name, now)
                    account.log.waited(name, timing.last_start(account.state.progress[name]), now, bound)
            await self._clock.sleep_until(now + _LOOK_EVERY)
