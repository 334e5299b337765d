"""The loop of a replica: looks at the database, renews, takes and releases leases, and says who polls what.

It waits for nothing but the database and what it is given, so a simulation can drive it as it is.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

import structlog

from wolkvox_exporter.replicas import leases, life, offset
from wolkvox_exporter.replicas.leases import Held, Pace, Replica, Watch
from wolkvox_exporter.replicas.ledger import Format, Ledger
from wolkvox_exporter.replicas.operations import Lead, Operations, Standing, polled_by
from wolkvox_exporter.replicas.rows import Rows, Start
from wolkvox_exporter.replicas.store import Database, DatabaseError, Member, View
from wolkvox_exporter.runtime.clock import Clock

_DIFFERING_REMEDY = "give all replicas the same configuration, and a token for each operation; see the other logs, too"

log = structlog.get_logger()


class Coordinator:
    """One replica among others.

    `configuration` returns the fingerprint of the operations in effect here, `told` is told how it stands after each
    step.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        operations: Operations,
        ledger: Ledger,
        *,
        form: Format,
        clock: Clock,
        pace: Pace,
        configuration: Callable[[], str] = lambda: "",
        told: Callable[[Standing], None] = lambda _: None,
    ) -> None:
        self.name = name
        self.standing = Standing()
        self._database = database
        self._operations = operations
        self._ledger = ledger
        self._rows = Rows(ledger, form, operations)
        self._clock = clock
        self._pace = pace
        self._configuration = configuration
        self._told = told
        self._held: dict[str, Held] = {}
        self._led: dict[str, str] = {}
        """The token by which each operation is polled here."""
        self._leaving: set[str] = set()
        self._tokens: Mapping[str, str] = MappingProxyType({})
        self._watch: Watch | None = None
        self._renewed = float("-inf")
        self._told_troubles: set[str] = set()
        """What was wrong with the database since it could be used last."""
        self._is_ending = False
        self._has_changed = False
        """Whether the database began another life, or a clock was set, and leases have not been claimed since."""
        ledger.stand_down = self.stand_down

    async def step(self) -> None:
        """Look at the database, and do what there is to do."""
        self.drop_expired()
        try:
            await self._step()
        except DatabaseError as error:
            self._fails(error)
        self.drop_expired()
        self.standing = replace(self.standing, led=frozenset(self._led))
        self._told(self.standing)

    def drop_expired(self) -> None:
        """Ask nothing more with tokens whose leases are over by this process's own clock."""
        for token, each in list(self._held.items()):
            if not self._is_valid(each):
                self._drop(token)

    def stand_down(self, name: str) -> None:
        """Poll an operation no more until it is known from what to go on."""
        self._led.pop(name, None)
        self._ledger.held.pop(name, None)
        self._operations.stand_down(name)

    def finish(self) -> None:
        """Begin no further call and take nothing more: `leave` follows once the calls under way have ended."""
        self._is_ending = True
        for name in self._led:
            self._operations.finish(name)

    async def leave(self) -> None:
        """Give all leases back, so that others need not wait for their ends; nothing is asked any more."""
        held = dict(self._held)
        for token in held:
            self._drop(token)
        with suppress(DatabaseError):
            await self._database.release([each.lease for each in held.values()])
            await self._database.leave(self.name)

    async def _step(self) -> None:
        for name in list(self._led):
            # a reload has taken it out, or moved it to another server
            if not self._operations.is_led(name):
                self.stand_down(name)
        view = await self._look()
        if self._has_changed:
            if self._led.keys() - self._tokens.keys():
                return  # by another salt they are called otherwise, and that takes a moment
            await self._claim(view)
        await self._renew()
        if not self._is_ending:
            await self._share(view)
        operations = self._operations.all()
        # those of tokens that are had go on, or begin, at the next step
        waiting = {name for name, token in self._tokens.items() if token in self._held}
        followed = [each for name, each in operations.items() if name not in self._led and name not in waiting]
        await self._rows.follow(view, followed)
        self._stands(view)

    async def _look(self) -> View:
        sent = self._clock.monotonic()
        me = Member(self.name, 0.0, self._configuration())
        view = await self._database.look(me, self._pace.length)
        now, before = self._clock.monotonic(), self._ledger.life
        self._ledger.offset = offset.observed(self._ledger.offset if before else None, sent, view.now, now)
        self._ledger.life = life.looked(before, view.identity, now)
        if before and (self._ledger.life is not before or self._ledger.offset.stepped == now):
            self._has_changed = True
            log.warning("the database is not what it was, or a clock was set", life=self._ledger.life.name)
        self._tokens = await self._operations.tokens(view.identity.salt)
        wanted, me = self._tokens.values(), replace(me, seen=view.now)
        self._watch = leases.watched(self._watch, view, me, wanted, length=self._pace.length, now=now)
        return view

    async def _claim(self, view: View) -> None:
        """Go on, in another life of the database or by another clock, with what is had by this process's own clock."""
        led = dict(self._led)
        for name, token in led.items():
            self._ledger.interrupt(self._operations.all()[name], self._held[token].lease.number)
            self.stand_down(name)
        sent = self._clock.monotonic()
        renewed = await self._database.renew([each.lease for each in self._held.values()], self._pace.length)
        for token, before in list(self._held.items()):
            names = [name for name, by in led.items() if by == token and name in self._tokens]
            # in a schema made anew it is called otherwise
            called = self._tokens[names[0]] if names else token
            lease = renewed.get(token)
            if lease is None and leases.is_free(view.leases.get(called), view.now):
                sent = self._clock.monotonic()
                number = view.leases[called].number if called in view.leases else 0
                lease = await self._database.take(called, self.name, number, self._pace.length)
            del self._held[token]
            if lease and self._is_valid(before):
                self._held[lease.token] = leases.held(lease, sent, self._pace.length)
                for name in names:
                    self._ledger.interrupt(self._operations.all()[name], lease.number)
        self._has_changed = False

    async def _renew(self) -> None:
        sent = self._clock.monotonic()
        if sent - self._renewed < self._pace.renewal or not self._held:
            return
        asked = dict(self._held)
        renewed = await self._database.renew([each.lease for each in asked.values()], self._pace.length)
        self._renewed = sent
        for token in asked.keys() & self._held.keys():
            if token not in renewed or not self._is_valid(asked[token]):
                self._drop(token)
                continue
            self._held[token] = leases.held(renewed[token], sent, self._pace.length)
            for name, by in self._led.items():
                if by == token:
                    self._ledger.held[name] = self._held[token]

    async def _share(self, view: View) -> None:
        """Take and release so that tokens are spread evenly, and ask for the operations of those that are had."""
        now = self._clock.monotonic()
        idle = frozenset(token for token in self._held if self._is_idle(token))
        me = Replica(self.name, frozenset(self._tokens.values()), frozenset(self._held), idle)
        assert self._watch is not None  # noqa: S101 - there was a look
        plan = leases.plan(me, view, self._watch, self._pace, now)
        self._leaving = (self._leaving | set(plan.release)) & self._held.keys()
        await self._release()
        fresh = await self._take(view, plan.take) if now >= self._barred_until() else set()
        if fresh:
            # anew: whoever had the token may have noted a call until it was taken
            view = await self._look()
            if self._has_changed:
                return
        await self._lead_all(view, fresh)

    def _barred_until(self) -> float:
        """Return until when nothing is taken, monotonic: others may have what the database does not know of."""
        known, stepped = self._ledger.life, self._ledger.offset.stepped
        begun = [known.noticed] if known and not known.is_first else []
        return max([*begun, *([] if stepped is None else [stepped])], default=float("-inf")) + self._pause()

    def _pause(self) -> float:
        longest = max((each.timeout for each in self._operations.all().values()), default=0.0)
        return life.pause(self._pace.length, longest)

    async def _release(self) -> None:
        for name, token in self._led.items():
            if token in self._leaving:
                self._operations.finish(name)
        free = [token for token in self._leaving if self._is_idle(token)]
        released = [self._held[token].lease for token in free]
        for token in free:
            self._drop(token)
        if released:
            await self._database.release(released)

    async def _take(self, view: View, wanted: Mapping[str, int]) -> set[str]:
        fresh = set()
        for token, number in wanted.items():
            sent = self._clock.monotonic()
            lease = await self._database.take(token, self.name, number, self._pace.length)
            if lease is None:
                continue
            self._held[token] = leases.held(lease, sent, self._pace.length)
            fresh.add(token)
            before = view.leases.get(token)
            if before and before.holder != self.name:
                self.standing = replace(self.standing, handovers=self.standing.handovers + 1)
            await self._renew()
        return fresh & self._held.keys()

    async def _lead_all(self, view: View, fresh: set[str]) -> None:
        operations = self._operations.all()
        for token in list(self._held):
            names = [name for name, by in self._tokens.items() if by == token and name not in self._led]
            ready = [operations[name] for name in names if name in operations and self._operations.is_idle(name)]
            if token in self._leaving or not ready:
                continue
            keys = [(row.name, row.server) for row in view.rows if row.token == token] if token in fresh else []
            busy = await self._rows.busy_until(operations, keys)
            for operation in ready:
                if token in self._held:
                    number, now = self._held[token].lease.number, self._clock.monotonic
                    start = await self._rows.start(operation, number, self._pause(), now)
                    await self._lead(operation.name, token, start, busy, view)
                await self._renew()

    async def _lead(self, name: str, token: str, start: Start | None, busy: float | None, view: View) -> None:
        is_to_be = self._is_had(token) and name in self._operations.all() and not self._is_ending
        if start is None or not is_to_be:
            return
        operation = self._operations.all()[name]
        by = next((row.token for row in view.rows if (row.name, row.server) == (name, operation.base_url)), "")
        ends = [each for each in (busy, start.busy) if each is not None]
        self._ledger.adopt(operation, start.known)
        self._led[name], self._ledger.held[name] = token, self._held[token]
        latest, is_new_token = max(ends, default=None), by not in ("", token)
        await self._operations.lead(name, Lead(start.state, latest, is_new_token, start.is_to_be_kept))

    def _drop(self, token: str) -> None:
        self._held.pop(token, None)
        self._leaving.discard(token)
        for name in [name for name, by in self._led.items() if by == token]:
            self.stand_down(name)

    def _is_had(self, token: str) -> bool:
        return token in self._held and self._is_valid(self._held[token])

    def _is_valid(self, held: Held) -> bool:
        return self._clock.monotonic() < held.until

    def _is_idle(self, token: str) -> bool:
        return all(self._operations.is_idle(name) for name, by in self._tokens.items() if by == token)

    def _stands(self, view: View) -> None:
        if self.standing.trouble:
            log.info("the database can be used again")
        self._told_troubles.clear()
        holders = polled_by(self._operations.all().values(), self._tokens, view) | dict.fromkeys(self._led, self.name)
        mine = self._configuration()
        members = self._watch.members if self._watch else ()
        differing = tuple(name for name, configuration in members if configuration != mine)
        if differing and differing != self.standing.differing:
            log.warning("replicas differ", replicas=", ".join(differing), remedy=_DIFFERING_REMEDY)
        self.standing = replace(
            self.standing, is_up=True, trouble="", differing=differing, holders=MappingProxyType(holders)
        )

    def _fails(self, error: DatabaseError) -> None:
        # a database that hangs fails in turns in one way and another
        if str(error) not in self._told_troubles:
            self._told_troubles.add(str(error))
            log.warning("the database cannot be used", error=error.reason, remedy=error.remedy)
        mine = MappingProxyType(dict.fromkeys(self._led, self.name))
        self.standing = replace(self.standing, is_up=False, trouble=str(error), holders=mine)
