"""What the exporter publishes of skills and agents over simulated days, beside what was the case."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from support.clock import ManualClock
from support.operations import operation, running
from wolkvox_exporter.config import AgentsMode, AmdMode, SkillsMode
from wolkvox_exporter.metrics import agents, skills
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.simulator import AgentsPoll, Fault, Operation, Simulator, SkillTruth, working_day

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
    """What was seen of an operation after each of its polls, and the number of these."""

    centre: Operation
    looks: list[Seen] = field(default_factory=list)
    polls: int = 0

    def look(self, snapshot: Snapshot) -> None:
        """Take what is published now, and what is true of it."""
        accounts = dict(self.looks[-1].skills) if self.looks else {}
        for poll in list(self.centre.skills_polls)[self.polls :]:
            for key, truth in poll.truth.items():
                before, waiting = accounts.get(key), poll.waiting[key]
                accounts[key] = before.after(truth, waiting) if before else Account(truth, waiting)
        self.polls = len(self.centre.skills_polls)
        self.looks.append(Seen(published(snapshot), accounts, self.centre.agents_polls[-1]))


def published(snapshot: Snapshot) -> dict[str, Samples]:
    """Give the samples of all families of skills and agents."""
    return {family.name: dict(family.samples(snapshot)) for family in (*skills.FAMILIES, *agents.FAMILIES)}


async def lived(centre: Operation, clock: ManualClock, hours: int) -> Course:
    """Poll skills and agents of an operation every five minutes, for so many hours."""
    course = Course(centre)
    async with Simulator([centre], clock).serving() as base_url:
        # campaigns have tests of their own
        on = {"skills": SkillsMode.ALL, "agents": AgentsMode.BY_STATUS, "amd": AmdMode.OFF, "interval": 3_600.0}
        async with running(operation(base_url, centre.name, centre.tokens[0], **on), clock=clock) as exporter:
            for _ in range(hours * 12):
                await clock.advance(300)
                course.look(exporter.exporter.publisher.snapshots[centre.name])
    return course


def assert_counted(course: Course) -> None:
    """Hold that counters never fall, are never above the truth, and at most a percent below what polls could show."""
    for name in COUNTED:
        counters = [look.of(f"skill_{name}_total") for look in course.looks]
        for before, after in pairwise(counters):
            assert all(after[key] >= value for key, value in before.items())
        for look, counted in zip(course.looks, counters, strict=True):
            assert counted.keys() == {(key,) for key in look.skills}
            for key, account in look.skills.items():
                assert 0.99 * account.visible[name] <= counted[key,] <= account.happened[name], (key, name)


@pytest.fixture(scope="module")
def course() -> Course:
    """Poll for three days, and for two hours of the night after them, an operation with calls and agents at night."""
    clock = ManualClock("2026-11-23T00:00:00-05:00")
    *_, centre = working_day(5, clock.time(), days=DAYS)
    centre.logged_out_listed = True
    return asyncio.run(lived(centre, clock, 24 * DAYS + 2))


def test_counters_are_right_to_the_percent_over_midnights(course: Course) -> None:
    """If the API's counts fall each midnight, then counters go on: not above the truth, and hardly below it."""
    assert_counted(course)
    assert course.polls == len(course.centre.agents_polls) == (24 * DAYS + 2) * 12 + 1
    for account in course.looks[-1].skills.values():
        assert account.last.falls == DAYS
        assert account.happened["answered"] > 20_000
        assert account.happened["abandoned"] > 500


def test_queues_are_the_true_ones_at_each_poll(course: Course) -> None:
    """If skills are polled, then the calls waiting are those that waited then."""
    for look in course.looks:
        assert look.of("skill_calls_waiting") == {(key,): account.waiting for key, account in look.skills.items()}
    assert sum(any(account.waiting > 3 for account in look.skills.values()) for look in course.looks) > 50


def test_agents_are_the_true_ones_at_each_poll(course: Course) -> None:
    """If agents are polled, then their states, the longest time in each, their calls and times are the true ones."""
    states: set[str] = set()
    for look in course.looks:
        truth = look.agents
        assert look.of("agents") == {(state,): number for state, number in {**ALWAYS, **truth.agents}.items()}
        assert look.of("agents_state_max_seconds") == {(state,): longest for state, longest in truth.longest.items()}
        assert look.of("agents_calls") == {(each,): truth.calls.get(each, 0) for each in DIRECTIONS}
        assert look.of("agents_time_seconds") == {(each,): truth.times.get(each, 0) for each in ACTIVITIES}
        states |= truth.agents.keys()
    assert {*ALWAYS, "logout", "Almuerzo", "Baño", "Active breaks"} == states


@pytest.mark.parametrize("refusal", [Fault.MISSING_PARAMETERS, Fault.NO_DATA])
async def test_counters_are_right_where_skills_are_asked_for_one_by_one(refusal: Fault) -> None:
    """If a server refuses `all`, then the skills that campaigns name are asked for one by one, and counted."""
    clock = ManualClock("2026-11-23T09:00:00-05:00")
    centre, *_ = working_day(5, clock.time())
    centre.skills_all = refusal
    course = await lived(centre, clock, 3)
    assert_counted(course)
    last = course.looks[-1]
    assert last.skills.keys() == centre.distributor.skills.keys()
    assert all(account.happened["answered"] > 1_000 for account in last.skills.values())
    assert last.of("skill_calls_waiting") == {(key,): account.waiting for key, account in last.skills.items()}
