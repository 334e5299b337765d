"""A simulation of a fleet: chance lets things happen, the product decides, the referee watches."""

from collections.abc import Sequence
from functools import partial
from random import Random

from fuzz.course import Terms
from fuzz.fleet.kernel import Kernel
from fuzz.fleet.remote import Clock
from fuzz.fleet.replica import Replica
from fuzz.fleet.tables import Tables, failed_over, made_anew
from fuzz.fleet.world import Api, BrokenError, Referee
from fuzz.machine import EVENING, operation_of
from wolkvox_exporter.polling.store import SLACK
from wolkvox_exporter.replicas.leases import Pace
from wolkvox_exporter.replicas.life import name_of
from wolkvox_exporter.replicas.offset import DRIFT
from wolkvox_exporter.replicas.store import Identity

INTERVAL, TIMEOUT = 90.0, 30.0
PACE = Pace()
PAUSE = PACE.length + SLACK + TIMEOUT
GRACE = PAUSE + 10.0
"""Seconds after a loss, or a step of the database's clock, in which no replica dies, starts or is cut off."""
TAKEN_OVER = 20.0 + SLACK + PACE.look
"""Seconds after which a token is polled again whose holder is gone, and cannot begin a call any more."""
EVEN = 60.0
"""Seconds after the last change from which on the tokens are spread evenly."""
MOST = 4
"""Replicas at a time."""
EVENTS = (
    *("kill", "freeze", "freeze_at_note", "cut", "leave", "starts", "network_changes"),
    *("database_stops", "database_is_read_only", "fail_over", "fail_over_with_loss"),
    *("fail_over_with_loss_and_death", "made_anew", "restored"),
    *("database_clock_steps", "wall_clock_steps", "token_changes"),
)
"""What can happen; see the methods of these names."""
OFTEN = (*EVENTS[:7], *EVENTS[:7], *EVENTS)
"""The same, some of it more often."""


class Fleet:
    """Some replicas, one database, one API; everything of chance comes from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - repeatable
        self.kernel = Kernel(self.random)
        self.referee = Referee(INTERVAL)
        self.api = Api(self.random, self.referee)
        self.replicas: list[Replica] = []
        self._step_of_clock = 0.0
        self._rate = self._drawn_rate()
        self._tables = Tables(self._database_time, Identity("system 1", 1, "made 1", "salt 1"))
        self._number = 0
        self._done = 0
        self._quiet_since = 0.0
        """When the last thing happened, or was over, that may keep a token from being polled."""
        tokens = self.random.randint(2, 8)
        operations = self.random.randint(tokens, tokens + 3)
        terms = [Terms(f"op{number}", token=f"token{number % tokens}", mode="off") for number in range(operations)]
        self._tokens = {each.name: each.token for each in terms}
        changed = {"interval": INTERVAL, "timeout": TIMEOUT, "quota_interval": 0.0, "connect_timeout": 5.0}
        self._asked_for = dict.fromkeys(self._tokens, 0.0)
        """When each operation was last seen to be polled by somebody."""
        self._operations = [operation_of(each).model_copy(update=changed) for each in terms]
        for _ in range(self.random.randint(1, MOST)):
            self._starts()
        self.kernel.at(1.0, self._checks)

    @property
    def steps(self) -> int:
        """How often was decided so far."""
        return self._done + sum(each.steps for each in self.replicas)

    def close(self) -> None:
        """End all processes."""
        self.kernel.close()

    def run(self, most: int, events: Sequence[str] = OFTEN) -> int:
        """Let chance happen until so many decisions were made; returns how many it were. Raises `BrokenError`."""
        while self.steps < most:
            self.lives((self.random.choice(events), self.random.choice((1.0, 5.0, 20.0, 100.0)) * self.random.random()))
        self.is_well()
        return self.steps

    def lives(self, *events: tuple[str, float]) -> None:
        """Let things happen, by name, and after each so many seconds pass. Raises `BrokenError`."""
        for what, seconds in events:
            getattr(self, f"_{what}")()
            self._passes(seconds)

    @property
    def _life(self) -> str:
        return name_of(self._tables.identity)

    def _passes(self, seconds: float) -> None:
        self.kernel.until(self.kernel.now + seconds)

    def _disturbed(self, until: float = 0.0) -> None:
        self._quiet_since = max(self._quiet_since, self.kernel.now, until)

    def _drawn_rate(self) -> float:
        # two of them differ by less than the drift that is assumed
        return 1 + self.random.uniform(-0.45, 0.45) * DRIFT

    def _database_time(self) -> float:
        return EVENING + self._step_of_clock + self._rate * self.kernel.now

    def _starts(self) -> None:
        if len(self.replicas) >= MOST:
            return
        self._number += 1
        self._disturbed()
        start, ahead = self.random.uniform(0, 1e6), EVENING + self.random.choice((0.0, self.random.uniform(-1e5, 1e5)))
        self.replicas.append(
            Replica(
                f"replica {self._number}",
                operations=self._operations,
                tokens=self._tokens,
                tables=lambda: self._tables,
                kernel=self.kernel,
                clock=Clock(self.kernel, self._drawn_rate(), start, ahead),
                pace=PACE,
                api=self.api,
                referee=self.referee,
            )
        )

    def _kill(self) -> None:
        if self.replicas:
            self._is_gone(self.random.choice(self.replicas))

    def _is_gone(self, replica: Replica) -> None:
        if replica in self.replicas:
            replica.machine.is_dead = True
            self._done += replica.steps
            self.replicas.remove(replica)
            self.referee.dies(replica.name)
            self._disturbed()

    def _leave(self) -> None:
        if self.replicas:
            leaving = self.random.choice(self.replicas)
            self.kernel.start(leaving.machine, leaving.leave())
            self.kernel.at(self.kernel.now + 5.0, partial(self._is_gone, leaving))
            self._disturbed(self.kernel.now + 5.0)

    def _freeze(self) -> None:
        if self.replicas:
            until = self.kernel.now + self.random.choice((3.0, 20.0, 60.0)) * self.random.random()
            self.random.choice(self.replicas).machine.frozen_until = until
            self._disturbed(until)

    def _freeze_at_note(self) -> None:
        if self.replicas:
            seconds = self.random.uniform(0.0, 60.0)
            self.random.choice(self.replicas).freeze_at_note = seconds
            self._disturbed(self.kernel.now + INTERVAL + seconds)

    def _cut(self) -> None:
        if self.replicas:
            until = self.kernel.now + self.random.choice((3.0, 20.0, 120.0)) * self.random.random()
            self.random.choice(self.replicas).machine.cut_until = until
            self._disturbed(until)

    def _network_changes(self) -> None:
        network, share = self.kernel.network, self.random.choice((0.0, 0.0, 0.02, 0.1))
        network.lost = network.answer_lost = network.repeated = network.late = share
        self._disturbed(self.kernel.now + 10.0)

    def _database_stops(self) -> None:
        until = self.kernel.now + self.random.choice((2.0, 20.0, 120.0)) * self.random.random()
        self.kernel.network.down_until = until
        self._disturbed(until)

    def _database_is_read_only(self) -> None:
        self._tables.is_writable = False
        self._passes(self.random.uniform(0, 40.0))
        self._tables.is_writable = True
        self._disturbed()

    def _fail_over(self) -> None:
        self._becomes(failed_over(self._tables, self._tables))

    def _fail_over_with_loss(self) -> None:
        copied = self._copied_before(self.random.uniform(0.01, 10.0))
        self._loses(failed_over(self._tables, copied))

    def _fail_over_with_loss_and_death(self) -> None:
        copied = self._copied_before(self.random.uniform(1.0, 30.0))
        self._kill()
        self._loses(failed_over(self._tables, copied))

    def _restored(self) -> None:
        copied = self._copied_before(self.random.uniform(1.0, 300.0))
        self._loses(failed_over(self._tables, copied))

    def _made_anew(self) -> None:
        self._settles()
        self._loses(made_anew(self._tables))

    def _copied_before(self, seconds: float) -> Tables:
        self._settles()
        copied = self._tables.copied(self._tables.identity)
        self._passes(seconds)
        return copied

    def _becomes(self, tables: Tables) -> None:
        tables.is_writable = True
        self._tables = tables
        self.kernel.network.life += 1
        self._disturbed(self.kernel.now + PAUSE + PACE.look)

    def _loses(self, tables: Tables) -> None:
        # nobody else dies who would put back what is lost; see the assumptions
        self.referee.forgets_the_dead()
        self._becomes(tables)
        self._passes(GRACE)

    def _settles(self) -> None:
        """Let every replica be there and connected, but for what it has not heard of yet."""
        network = self.kernel.network
        network.lost = network.answer_lost = network.repeated = network.late = network.down_until = 0.0
        for each in self.replicas:
            each.machine.cut_until = each.freeze_at_note = 0.0
            each.machine.frozen_until = min(each.machine.frozen_until, self.kernel.now)
        self._passes(2 * PACE.look)
        if not self.replicas:
            self._starts()
        while not all(each.ledger.life for each in self.replicas):
            self._passes(1.0)

    def _database_clock_steps(self) -> None:
        self._settles()
        self._passes(5.0)
        self._step_of_clock += (
            self.random.choice((-1, 1)) * self.random.choice((1.0, 30.0, 7200.0)) * self.random.random()
        )
        self._disturbed(self.kernel.now + PAUSE + PACE.look)
        self._passes(GRACE)

    def _wall_clock_steps(self) -> None:
        for each in self.replicas:
            each.clock.ahead += self.random.uniform(-1e4, 1e4)

    def _token_changes(self) -> None:
        """Let the token of an operation be another one: on one replica first, then on all."""
        if not self.replicas:
            return
        name, number = self.random.choice(list(self._tokens)), self.random.randint(0, 9)
        first = self.random.choice(self.replicas)
        for each in (first, *self.replicas):
            each.renewed(name, f"token{number}")
            self._passes(self.random.choice((0.0, 100.0)) if each is first else 0.0)
        self._tokens[name] = f"token{number}"
        self._disturbed()

    def _checks(self) -> None:
        self.kernel.at(self.kernel.now + 1.0, self._checks)
        network = self.kernel.network
        is_calm = not network.lost and self._tables.is_writable and self.replicas
        alike = all(each.tokens_by_name == self._tokens for each in self.replicas)
        if not is_calm or not alike:
            self._disturbed()
            return
        for each in self.replicas:
            if each.machine.frozen_until > self.kernel.now:
                self._disturbed(each.machine.frozen_until)
        if any(each.ledger.life is None or each.ledger.life.name != self._life for each in self.replicas):
            self._disturbed(self.kernel.now + PAUSE + PACE.look)
        quiet = self.kernel.now - self._quiet_since
        # while a call is under way nothing else can be asked with its token
        busy = {self._tokens[name] for each in self.replicas for name in each.asking}
        for name, token in self._tokens.items():
            if token in busy or any(name in each.led for each in self.replicas):
                self._asked_for[name] = self.kernel.now
            elif min(quiet, self.kernel.now - self._asked_for[name]) > TAKEN_OVER:
                raise BrokenError(f"orphaned: nobody asks for {name} at {self.kernel.now:.3f}")
        if quiet > EVEN:
            holders = [each.holder for each in self._tables.leases.values() if each.until > self._database_time()]
            shares = [holders.count(each.name) for each in self.replicas]
            if max(shares) - min(shares) > 1:
                raise BrokenError(f"uneven: {shares} at {self.kernel.now:.3f}")

    def is_well(self) -> None:
        """See in the end that everything is asked for."""
        self._settles()
        self._passes(PAUSE + 4 * INTERVAL)
        for name in self._tokens:
            if self.kernel.now - self.referee.last.get(name, 0.0) > 2 * INTERVAL + 2 * TIMEOUT + SLACK:
                raise BrokenError(f"forgotten: {name} was last asked for at {self.referee.last.get(name)}")
