"""What the exporter publishes of skills and agents over simulated days, beside what was the case."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from support.clock import ManualClock
from support.operations import operation, running
from wolkvox_exporter.config import AgentsMode, AmdMode, SkillsMode
from wolkvox_exporter.metrics import agents, skills
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.simulator import AgentsPoll, Fault, Operation, Simulator, SkillTruth, working_day

MIDNIGHT = "2026-11-23T00:00:00-05:00"
INTERVAL = 300.0
DAYS = 3
ALWAYS = dict.fromkeys(("ready", "talk", "ring", "acw"), 0)
DIRECTIONS = ("inbound", "outbound", "internal")
ACTIVITIES = ("ready", "inbound", "outbound", "acw", "ring", "aux", "login")
COUNTED = ("offered", "answered", "abandoned")

Samples = Mapping[tuple[str, ...], float]


@dataclass(frozen=True)
class Account:
    """What is true of a skill by its last poll: since the first one, and of that what polls could show.

    Two polls with a midnight between them show nothing of what happened in between.
    """

    last: SkillTruth
    waiting: int
    happened: Counter[str] = field(default_factory=Counter)
    visible: Counter[str] = field(default_factory=Counter)

    def after(self, truth: SkillTruth, waiting: int) -> "Account":
        """Return the account after another poll."""
        span = truth.since(self.last)
        more = Counter({name: getattr(span, name) for name in COUNTED})
        return Account(truth, waiting, self.happened + more, self.visible if span.falls else self.visible + more)


@dataclass(frozen=True, repr=False)
class Seen:
    """What was published after a poll, by name of the metric, and what was true then."""

    published: Mapping[str, Samples]
    skills: Mapping[str, Account]
    agents: AgentsPoll

    def of(self, name: str) -> dict[tuple[str, ...], float]:
        """Give the samples of a metric by their labels but the operation."""
        return {labels[1:]: value for labels, value in self.published[f"wolkvox_{name}"].items()}


@dataclass(repr=False)
class Course:
    """Simulated days: what was seen after each poll, by operation."""

    simulator: Simulator
    seen: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    _polls: Counter[str] = field(default_factory=Counter)

    def look(self, snapshots: Mapping[str, Snapshot]) -> None:
        """Take what is published now, and what is true of it."""
        for centre in self.simulator.operations:
            looks = self.seen[centre.name]
            accounts = dict(looks[-1].skills) if looks else {}
            for poll in list(centre.skills_polls)[self._polls[centre.name] :]:
                for key, truth in poll.truth.items():
                    before = accounts.get(key)
                    waiting = poll.waiting[key]
                    accounts[key] = before.after(truth, waiting) if before else Account(truth, waiting)
            self._polls[centre.name] = len(centre.skills_polls)
            looks.append(Seen(published(snapshots[centre.name]), accounts, centre.agents_polls[-1]))

    def all(self) -> Iterator[Seen]:
        """Give all that was seen."""
        for looks in self.seen.values():
            yield from looks


def published(snapshot: Snapshot) -> dict[str, Samples]:
    """Give the samples of all families of skills and agents."""
    return {family.name: dict(family.samples(snapshot)) for family in (*skills.FAMILIES, *agents.FAMILIES)}


async def lived(centres: list[Operation], clock: ManualClock, hours: float) -> Course:
    """Poll skills and agents of some operations every five minutes, for so many hours."""
    course = Course(Simulator(centres, clock))
    async with course.simulator.serving() as base_url:
        # campaigns have tests of their own
        on = {"skills": SkillsMode.ALL, "agents": AgentsMode.BY_STATUS, "amd": AmdMode.OFF, "interval": 3_600.0}
        polled = [operation(base_url, each.name, each.tokens[0], **on) for each in centres]
        async with running(*polled, clock=clock) as exporter:
            for _ in range(round(hours * 3_600 / INTERVAL)):
                await clock.advance(INTERVAL)
                course.look(exporter.exporter.publisher.snapshots)
    return course


def assert_counted(course: Course) -> None:
    """Hold that counters never fall, are never above the truth, and at most a percent below what polls could show."""
    for looks in course.seen.values():
        for before, after in pairwise(looks):
            for name in COUNTED:
                later = after.of(f"skill_{name}_total")
                assert all(later[key] >= value for key, value in before.of(f"skill_{name}_total").items())
        for seen in looks:
            for name in COUNTED:
                counters = seen.of(f"skill_{name}_total")
                assert counters.keys() == {(key,) for key in seen.skills}
                for key, account in seen.skills.items():
                    shown, true = account.visible[name], account.happened[name]
                    assert 0.99 * shown <= counters[key,] <= true, (key, name)


@pytest.fixture(scope="module")
def course() -> Course:
    """Poll for three days and two hours of the night after them.

    Of the two operations one lists who is logged out, and the other has calls and agents at night.
    """
    clock = ManualClock(MIDNIGHT)
    _, *centres = working_day(5, clock.time(), days=DAYS)
    return asyncio.run(lived(centres, clock, 24 * DAYS + 2))


def test_counters_are_right_to_the_percent_over_midnights(course: Course) -> None:
    """If the API's counts fall each midnight, then counters go on: not above the truth, and hardly below it."""
    assert_counted(course)
    for looks in course.seen.values():
        for account in looks[-1].skills.values():
            assert account.last.falls == DAYS
            assert account.happened["abandoned"] > 100


def test_queues_are_the_true_ones_at_each_poll(course: Course) -> None:
    """If skills are polled, then the calls waiting are those that waited then."""
    queued = 0
    for seen in course.all():
        waiting = {(key,): account.waiting for key, account in seen.skills.items()}
        assert seen.of("skill_calls_waiting") == waiting
        queued += sum(waiting.values()) > 3
    assert queued > 100


def test_agents_are_the_true_ones_at_each_poll(course: Course) -> None:
    """If agents are polled, then their states, the longest time in each, their calls and times are the true ones."""
    states: set[str] = set()
    for seen in course.all():
        truth = seen.agents
        assert seen.of("agents") == {(state,): number for state, number in {**ALWAYS, **truth.agents}.items()}
        assert seen.of("agents_state_max_seconds") == {(state,): longest for state, longest in truth.longest.items()}
        assert seen.of("agents_calls") == {(each,): truth.calls.get(each, 0) for each in DIRECTIONS}
        assert seen.of("agents_time_seconds") == {(each,): truth.times.get(each, 0) for each in ACTIVITIES}
        states |= truth.agents.keys()
    assert {*ALWAYS, "logout", "Almuerzo", "ALMUERZO", "Baño", "baño", "BREAK"} <= states


@pytest.mark.parametrize("refusal", [Fault.MISSING_PARAMETERS, Fault.NO_DATA])
async def test_counters_are_right_where_skills_are_asked_for_one_by_one(refusal: Fault) -> None:
    """If a server refuses `all`, then the skills that campaigns name are asked for one by one, and counted."""
    clock = ManualClock("2026-11-23T09:00:00-05:00")
    centre, *_ = working_day(5, clock.time())
    centre.skills_all = refusal
    course = await lived([centre], clock, 3)
    assert_counted(course)
    seen = course.seen[centre.name][-1]
    assert seen.skills.keys() == centre.distributor.skills.keys()
    assert all(account.happened["answered"] > 1_000 for account in seen.skills.values())
    assert seen.of("skill_calls_waiting") == {(key,): account.waiting for key, account in seen.skills.items()}
