"""Any course of events for the schedule: time passes, calls fail, clocks step, tokens change, quotas end."""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from exporter.config import AmdMode, Operation, TokenSource, TokenUnreadable
from exporter.polling.turns import Turns
from exporter.polling.worker import Worker
from exporter.snapshot import Snapshot
from exporter.wolkvox.client import Client
from fuzz.discipline import Terms, check
from fuzz.scripted import Api, Fault, LeapingClock, Line

HOUR = 3600.0
OPERATIONS = ("uno", "dos", "tres")
"""The first two share a token at the beginning."""
TERMS = {
    "uno": Terms({"campaigns": 300.0, "amd": 300.0, "quota": 900.0}),
    "dos": Terms({"campaigns": 600.0, "amd": 900.0, "quota": 900.0}),
    "tres": Terms({"campaigns": 300.0, "amd": 600.0, "quota": 900.0}, one_by_one=True, most=2),
}
_operations = st.sampled_from(OPERATIONS)
_spans = st.sampled_from([0.5, 5.0, 11.0, 60.0, 299.0, 300.0, 301.0, 600.0, 900.0, 2000.0]) | st.floats(0.1, 1200.0)
"""Seconds that pass after an event, before the next."""


class Place(TokenSource):
    """Where an operation's token is kept; empty while there is none."""

    def __init__(self, token: str) -> None:
        self.token = token

    def read(self) -> str:
        """Return what is kept now."""
        if not self.token:
            raise TokenUnreadable("it is gone")
        return self.token

    def describe(self) -> str:
        """Name the place."""
        return "a place"


class Schedule(RuleBasedStateMachine):
    """Three operations on a clock turned by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = LeapingClock("2026-11-23T21:00:00-05:00")
        self.api = Api(self.clock)
        self.tokens = {name: Place("first-of-tres" if name == "tres" else "shared") for name in OPERATIONS}
        self.rotations = 0
        self.workers: list[Worker] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.snapshots: dict[str, Snapshot] = {}

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a piece of work on this machine's loop."""
        self.runner.run(work)

    @initialize()
    def start(self) -> None:
        """Let the workers begin."""
        self.do(self._start())

    async def _start(self) -> None:
        turns, now = Turns(self.clock), self.clock.monotonic()
        self.workers = [self._worker(name, turns, now + 10.0 * place) for place, name in enumerate(OPERATIONS)]
        self.tasks = [asyncio.create_task(worker.run()) for worker in self.workers]
        await self.clock.advance(0)

    def _worker(self, name: str, turns: Turns, first: float) -> Worker:
        intervals = TERMS[name].intervals
        operation = Operation(
            name=name,
            base_url="http://127.0.0.1:1/api/v2",
            token=self.tokens[name],
            interval=intervals["campaigns"],
            amd_interval=intervals["amd"],
            quota_interval=intervals["quota"],
            amd=AmdMode.EACH if TERMS[name].one_by_one else AmdMode.ALL,
            amd_max_calls=TERMS[name].most,
        )
        client = cast("Client", Line(name, self.api))
        return Worker(operation, client, turns, self.clock, self._publish, first=first)

    def _publish(self, snapshot: Snapshot) -> None:
        self.snapshots[snapshot.operation] = snapshot

    def _pass(self, seconds: float) -> None:
        self.do(self.clock.advance(seconds))

    @rule(operation=_operations, faults=st.lists(st.sampled_from(Fault), min_size=1, max_size=6), then=_spans)
    def calls_fail(self, operation: str, faults: list[Fault], then: float) -> None:
        """Let the next calls of an operation fail."""
        self.api.faults[operation] = list(faults)
        self._pass(then)

    @rule(operation=_operations, fault=st.sampled_from(Fault), times=st.integers(2, 8), then=_spans)
    def calls_fail_alike(self, operation: str, fault: Fault, times: int, then: float) -> None:
        """Let the next calls of an operation fail all in one way."""
        self.api.faults[operation] = [fault] * times
        self._pass(then)

    @rule(seconds=st.sampled_from([0.0, 0.5, 20.0, 64.0]), then=_spans)
    def answers_take(self, seconds: float, then: float) -> None:
        """Let each answer take so long."""
        self.api.delay = seconds
        self._pass(then)

    @rule(seconds=st.sampled_from([1.0, 60.0, HOUR, 30 * HOUR]), back=st.booleans(), then=_spans)
    def the_time_of_day_steps(self, seconds: float, back: bool, then: float) -> None:  # noqa: FBT001 - drawn by hypothesis
        """Set the time of day, as an operator or a time server does."""
        self.clock.step_wall_clock(-seconds if back else seconds)
        self._pass(then)

    @rule(operation=_operations, then=_spans)
    def the_token_is_refused(self, operation: str, then: float) -> None:
        """Revoke an operation's token, for all that use it."""
        self.api.refused.add(self.tokens[operation].token)
        self._pass(then)

    @rule(operation=_operations, then=_spans)
    def the_token_is_renewed(self, operation: str, then: float) -> None:
        """Put a new token in the place of an operation's."""
        self.rotations += 1
        self.tokens[operation].token = f"token-{self.rotations}"
        self._pass(then)

    @rule(operation=_operations, then=_spans)
    def the_token_is_shared(self, operation: str, then: float) -> None:
        """Give all operations the token of one."""
        for place in self.tokens.values():
            place.token = self.tokens[operation].token
        self._pass(then)

    @rule(operation=_operations, then=_spans)
    def the_token_is_gone(self, operation: str, then: float) -> None:
        """Take an operation's token away."""
        self.tokens[operation].token = ""
        self._pass(then)

    @rule(operation=_operations, then=_spans)
    def the_quota_is_used_up(self, operation: str, then: float) -> None:
        """Let no more calls be taken of a token."""
        self.api.exhausted.add(self.tokens[operation].token)
        self._pass(then)

    @rule(used=st.sampled_from([0.0, 500.0, 890.0, 897.0, 900.0, 1000.0, 1200.0]), then=_spans)
    def others_call(self, used: float, then: float) -> None:
        """Let the quota report tell of calls that others made."""
        self.api.used = used
        self._pass(then)

    @rule(then=_spans)
    def all_is_well(self, then: float) -> None:
        """Let every trouble end."""
        self._heal()
        self._pass(then)

    def _heal(self) -> None:
        self.api.faults.clear()
        self.api.refused.clear()
        self.api.exhausted.clear()
        self.api.delay = 0.0
        self.api.used = 0.0
        for place in self.tokens.values():
            place.token = place.token or "found-again"

    @invariant()
    def promises_are_kept(self) -> None:
        """Check what was promised about calls, and that every worker lives."""
        assert not self.api.overlaps
        check(self.api.calls, TERMS)
        for task in self.tasks:
            if task.done():
                task.result()

    def teardown(self) -> None:
        """Let all be well: within the longest pause and an interval every report is asked again, with success."""
        try:
            if self.tasks:
                self._heal()
                self.do(self.clock.advance(HOUR + 901))
                self.promises_are_kept()
                self._all_are_up()
        finally:
            self.do(self._stop())
            self.runner.close()

    def _all_are_up(self) -> None:
        states = {
            (name, report): state.up for name, snap in self.snapshots.items() for report, state in snap.reports.items()
        }
        assert all(states.values()), states
        for name in OPERATIONS:
            last = {call.report: call.started for call in self.api.calls if call.operation == name and not call.fault}
            for report, interval in TERMS[name].intervals.items():
                assert last[report] >= self.clock.monotonic() - interval - 60, (name, report, last)

    async def _stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
