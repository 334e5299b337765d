"""Any course of events for the schedule: time passes, calls fail, clocks step, tokens change, quotas end."""

import asyncio
import os
import tempfile
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from wolkvox_exporter.polling.memory import Memory
from wolkvox_exporter.polling.turns import Turns

from fuzz.discipline import Terms, check
from fuzz.scripted import Api, Fault, LeapingClock, Line
from wolkvox_exporter.api.client import Client
from wolkvox_exporter.config import AmdMode, FileToken, Operation
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.polling.worker import Worker
from wolkvox_exporter.storage.codec import decode, encode

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


class Place:
    """The file of an operation's token, written at the time of a clock that is turned by hand; no file, no token."""

    def __init__(self, path: Path, clock: LeapingClock, token: str) -> None:
        self.source = FileToken(path)
        self._path = path
        self._clock = clock
        self.put(token)

    def put(self, token: str) -> None:
        """Write another token, or remove the file."""
        if token == getattr(self, "token", None):
            # a file that is written anew would pass for a new token after a restart
            return
        self.token = token
        if not token:
            self._path.unlink(missing_ok=True)
            return
        new = self._path.with_suffix(".new")
        new.write_text(token, encoding="ascii")
        os.utime(new, (self._clock.time(), self._clock.time()))
        new.rename(self._path)


class Schedule(RuleBasedStateMachine):
    """Three operations on a clock turned by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        # beyond any day on which this runs: files also carry the time at which they really were written
        self.clock = LeapingClock("2099-11-23T21:00:00-05:00")
        self.api = Api(self.clock)
        self.folder = tempfile.TemporaryDirectory()
        self.tokens = {
            name: Place(Path(self.folder.name) / name, self.clock, "first-of-tres" if name == "tres" else "shared")
            for name in OPERATIONS
        }
        self.stepped = False
        self.restarts: list[float] = []
        self.excused: list[float] = []
        """When the process began anew with a clock that had been set: it cannot tell what is new to a token's file."""
        self.rotations = 0
        self.turns = Turns(self.clock)
        self.workers: dict[str, Worker] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.snapshots: dict[str, Snapshot] = {}

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a piece of work on this machine's loop."""
        self.runner.run(work)

    @initialize()
    def start(self) -> None:
        """Let the workers begin."""
        self.do(self._start())

    async def _start(self) -> None:
        await self._engage({})
        await self.clock.advance(0)

    async def _engage(self, memories: Mapping[str, Memory]) -> None:
        """Begin as a process does, from what is remembered."""
        self.turns, now = Turns(self.clock), self.clock.monotonic()
        for place, name in enumerate(OPERATIONS):
            self._employ(name, now + 10.0 * place, memories.get(name))
        await asyncio.gather(*(worker.recall() for worker in self.workers.values()))
        for name in OPERATIONS:
            self._begin(name)

    def _begin(self, name: str) -> None:
        self.tasks[name] = asyncio.create_task(self.workers[name].run())

    def _employ(self, name: str, first: float, memory: Memory | None) -> None:
        operation, client = self._operation(name), cast("Client", Line(name, self.api))
        worker = Worker(operation, client, self.turns, self.clock, self._publish, first=first, memory=memory)
        self.workers[name] = worker

    def _operation(self, name: str) -> Operation:
        intervals = TERMS[name].intervals
        return Operation(
            name=name,
            base_url="http://127.0.0.1:1/api/v2",
            token=self.tokens[name].source,
            interval=intervals["campaigns"],
            amd_interval=intervals["amd"],
            quota_interval=intervals["quota"],
            amd=AmdMode.EACH if TERMS[name].one_by_one else AmdMode.ALL,
            amd_max_calls=TERMS[name].most,
        )

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
        self.stepped = True
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
        self.tokens[operation].put(f"token-{self.rotations}")
        self._pass(then)

    @rule(operation=_operations, then=_spans)
    def the_token_is_shared(self, operation: str, then: float) -> None:
        """Give all operations the token of one."""
        for place in self.tokens.values():
            place.put(self.tokens[operation].token)
        self._pass(then)

    @rule(operation=_operations, then=_spans)
    def the_token_is_gone(self, operation: str, then: float) -> None:
        """Take an operation's token away."""
        self.tokens[operation].put("")
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

    @rule(operation=_operations, then=_spans)
    def the_configuration_changes(self, operation: str, then: float) -> None:
        """Let another worker take over, as after a reload that changes an operation."""
        self.do(self._replace(operation))
        self._pass(then)

    async def _replace(self, name: str) -> None:
        self.workers[name].retire()
        await self.workers[name].ended()
        self.tasks[name].cancel()
        await asyncio.gather(self.tasks[name], return_exceptions=True)
        self._employ(name, self.clock.monotonic(), self.workers[name].memory())
        self._begin(name)

    @rule(down=st.sampled_from([0.0, 1.0, 100.0, 301.0]), within_a_call=st.booleans(), then=_spans)
    def the_process_is_killed(self, down: float, within_a_call: bool, then: float) -> None:  # noqa: FBT001 - drawn by hypothesis
        """Kill the process, in the middle of a call if one comes about, and start it again from what it has written."""
        self.do(self._restart(down, within_a_call=within_a_call))
        self._pass(then)

    async def _restart(self, down: float, *, within_a_call: bool) -> None:
        if within_a_call:
            self.api.hung = True
            await self.clock.leap_until(lambda: bool(self.api.in_flight), 900.0)
        written = {name: encode(self._operation(name), self.workers[name].memory(), self.clock) for name in OPERATIONS}
        await self._stop()
        self.api.hung = False
        self.restarts.append(self.clock.monotonic())
        if self.stepped:
            self.excused.append(self.clock.monotonic())
        await self.clock.advance(down)
        await self._engage({name: decode(written[name], self._operation(name), self.clock) for name in OPERATIONS})
        await self.clock.advance(0)

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
            if not place.token:
                place.put("found-again")

    @invariant()
    def promises_are_kept(self) -> None:
        """Check what was promised about calls, and that every worker lives."""
        assert not self.api.overlaps
        check(self.api.calls, TERMS, self.excused, self.restarts)
        for task in self.tasks.values():
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
            self.folder.cleanup()

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
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
