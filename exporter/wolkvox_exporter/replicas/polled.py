"""The operations of a pool, as replicas want them; their tokens by what cannot be turned back into them."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from wolkvox_exporter.config import Operation, TokenUnreadable
from wolkvox_exporter.polling import outcome, resume, token_gate
from wolkvox_exporter.polling.account import Account
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.pool import Pool
from wolkvox_exporter.polling.reports import enabled
from wolkvox_exporter.polling.state import OperationState, Question, Step
from wolkvox_exporter.polling.threads import read_token
from wolkvox_exporter.polling.token_reader import TOKEN_CHECK
from wolkvox_exporter.replicas.operations import Lead
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.runtime.concurrency import in_thread

PATIENCE = 0.5
"""Seconds that leases wait for token files that are slow, in the event loop's time."""
_NEVER = float("-inf")

log = structlog.get_logger()


class PolledOperations:
    """See `replicas.operations.Operations`; `renewed` is told of operations that turned out to have another token."""

    def __init__(self, pool: Callable[[], Pool], clock: Clock) -> None:
        self.renewed: Callable[[str], None] = lambda _: None
        self._pool = pool
        self._clock = clock
        self._reading: asyncio.Task[None] | None = None
        self._looked: dict[str, float] = {}
        self._fingerprints: dict[str, str] = {}
        """Of the token of each operation."""
        self._named: dict[str, str] = {}
        """What stands for a token in the database, by fingerprint."""
        self._salt = ""
        self._problems: dict[str, str] = {}

    def all(self) -> Mapping[str, Operation]:
        """See `Operations.all`."""
        return {account.name: account.operation for account in self._pool().accounts}

    async def tokens(self, salt: str) -> Mapping[str, str]:
        """See `Operations.tokens`; those of slow files come later."""
        if salt != self._salt:
            self._salt, self._named, self._looked = salt, {}, {}
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_all(salt))
        await asyncio.wait({self._reading}, timeout=PATIENCE)
        names = {name: self._named.get(fingerprint) for name, fingerprint in self._fingerprints.items()}
        return {name: named for name, named in names.items() if named and name in self.all()}

    async def _read_all(self, salt: str) -> None:
        now = self._clock.monotonic()
        due = [
            account
            for account in self._pool().accounts
            if not (account.is_led and self._fingerprints.get(account.name) in self._named)
            and self._looked.get(account.name, _NEVER) + TOKEN_CHECK <= now
        ]
        await asyncio.gather(*(self._read(account, salt) for account in due))

    async def _read(self, account: Account, salt: str) -> None:
        name = account.name
        self._looked[name] = self._clock.monotonic()
        try:
            token = await read_token(account.operation.token)
        except TokenUnreadable as error:
            self._fingerprints.pop(name, None)
            is_new = self._problems.get(name) != str(error)
            if is_new:
                log.warning("no token", operation=name, error=str(error), remedy=account.operation.token.renewal)
            if is_new or any(report.up is None for report in account.state.published.reports.values()):
                self._show_lack(account, str(error))
            self._problems[name] = str(error)
            return
        self._problems.pop(name, None)
        fingerprint = token_gate.fingerprint(token)
        if fingerprint not in self._named:
            named = await in_thread("token", name_of, token, salt)
            if salt == self._salt:
                self._named[fingerprint] = named
        self._fingerprints[name] = fingerprint

    @property
    def lacking(self) -> list[str]:
        """The operations for which there is no token here."""
        return sorted(self._problems.keys() & self.all().keys())

    def _show_lack(self, account: Account, problem: str) -> None:
        """Show that nothing can be asked for, unless a replica that has a token has kept something."""
        if account.is_shown:
            return
        now = self._now()
        for name in enabled(account.operation):
            question = Question(account.name, name, "", Step.FIRST)
            account.state = outcome.without_token(account.polled, question, problem, now)
        account.publish(account.state.token, now)

    def moved(self, account: Account) -> None:
        """Look at the token of an operation anew, since it turned out to be another one."""
        self._fingerprints.pop(account.name, None)
        self._looked.pop(account.name, None)
        self.renewed(account.name)

    def is_idle(self, name: str) -> bool:
        """See `Operations.is_idle`."""
        account = self._account(name)
        return account is None or (account.idle.is_set() and account.kept.is_set())

    def is_led(self, name: str) -> bool:
        """See `Operations.is_led`."""
        account = self._account(name)
        return account is not None and account.is_led

    def initial(self, name: str) -> OperationState:
        """See `Operations.initial`."""
        account = self._account(name)
        if account is None:
            raise KeyError(name)
        return resume.initial(account.operation, self._clock.monotonic())

    async def lead(self, name: str, how: Lead) -> None:
        """See `Operations.lead`."""
        account, fingerprint = self._account(name), self._fingerprints.get(name)
        if account is None or fingerprint is None:
            return
        state, now = how.state, self._now()
        if state is not None:
            state = resume.resumed(state, account.operation, now.monotonic, now)
            state = replace(state, token_fingerprint="" if how.is_new_token else fingerprint)
        account.lead(state)
        if how.is_to_be_kept:
            await account.keep()
            account.publish(account.state.token, self._now())
        if account.is_led and not account.is_retired:
            self._pool().lead(account, fingerprint, how.busy)

    def finish(self, name: str) -> None:
        """See `Operations.finish`."""
        if account := self._account(name):
            self._pool().finish(account)

    def stand_down(self, name: str) -> None:
        """See `Operations.stand_down`."""
        if account := self._account(name):
            self._pool().stand_down(account)

    def is_shown(self, name: str) -> bool:
        """See `Operations.is_shown`."""
        account = self._account(name)
        return account is not None and account.is_shown

    def follow(self, name: str, state: OperationState) -> None:
        """See `Operations.follow`."""
        if account := self._account(name):
            account.follow(state, self._now())

    def _account(self, name: str) -> Account | None:
        return next((account for account in self._pool().accounts if account.name == name), None)

    def _now(self) -> Now:
        return Now(self._clock.monotonic(), self._clock.time())


def name_of(token: str, salt: str) -> str:
    """Return what stands for a token in a database: short and structured ones cannot be found by trying."""
    return hashlib.scrypt(token.encode(), salt=salt.encode(), n=2**14, r=8, p=1, maxmem=2**26).hex()
