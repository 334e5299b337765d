"""Simulated days of skills and agents: nothing is lost between a campaign's answered call and an agent's day."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import pytest

from test_simulator_day import HOUR, MIDNIGHT
from wolkvox_exporter.simulator import AgentsPoll, Operation, SkillsPoll, demo_operations, working_day
from wolkvox_exporter.simulator.answers import Row
from wolkvox_exporter.simulator.distributor import RINGS

START = datetime.fromisoformat(MIDNIGHT).timestamp()
STATES = {"logout", "ready", "ring", "talk", "acw"}
PARTS = ("ready", "inbound", "outbound", "acw", "ring", "aux")


@dataclass(frozen=True, repr=False)
class Look:
    """An operation at one moment; `outbound` are its campaigns' answers so far for each skill that has agents."""

    hour: float
    skills: SkillsPoll
    agents: AgentsPoll
    rows: list[Row]
    skill_rows: list[Row]
    outbound: int


def looks(operation: Operation, *, hours: float = 48.0, every: float = 300.0) -> Iterator[Look]:
    """Look at an operation from midnight on."""
    answered, before = 0, Counter[str]()
    for number in range(round(hours * HOUR / every) + 1):
        now = START + number * every
        operation.advance(now)
        after = Counter({c.id: c.truth.results["answer"] for c in operation.campaigns})
        answered += sum((after - before)[c.id] for c in operation.campaigns if c.skill in operation.distributor.skills)
        before = after
        skills = operation.skills("all")
        operation.keep_skills(now, skills)
        operation.keep_agents(now)
        skill_rows = [skill.row(None) for skill in skills]
        hour = number * every / HOUR
        polls = operation.skills_polls[-1], operation.agents_polls[-1]
        yield Look(hour, *polls, operation.agents_rows(), skill_rows, answered)


@pytest.fixture(scope="module")
def days() -> dict[str, list[Look]]:
    """Look at two days of all operations every five minutes, and see who is logged out as well."""
    operations = working_day(3, START, days=2)
    for operation in operations:
        operation.logged_out_listed = True
    return {operation.name: list(looks(operation)) for operation in operations}


def seconds(text: object) -> int:
    """Read a duration as the report writes it."""
    hours, minutes, rest = map(int, str(text).split(":"))
    assert re.fullmatch(r"\d\d+:[0-5]\d:[0-5]\d", str(text))
    return hours * 3_600 + minutes * 60 + rest


def test_every_call_is_answered_abandoned_or_waits(days: dict[str, list[Look]]) -> None:
    """If a call was offered, then it is answered, abandoned or waits, at each moment, and none is counted twice."""
    for seen in days.values():
        for look in seen:
            for key, truth in look.skills.truth.items():
                assert truth.offered == truth.answered + truth.abandoned + look.skills.waiting[key]
        for before, after in pairwise(seen):
            for step in after.skills.since(before.skills).values():
                assert min(step.offered, step.answered, step.abandoned) >= 0


def test_agents_get_the_calls_that_campaigns_got_answered(days: dict[str, list[Look]]) -> None:
    """If no calls come in by themselves, then skills are offered exactly what their campaigns got answered."""
    for look in days["cobranzas-mx"]:
        assert sum(truth.offered for truth in look.skills.truth.values()) == look.outbound
    last = days["ventas-co"][-1]
    assert sum(truth.offered for truth in last.skills.truth.values()) > last.outbound > 10_000


def test_every_agent_is_in_one_state(days: dict[str, list[Look]]) -> None:
    """If agents are counted by state, then each counts once, and the states are the predefined and the own ones."""
    texts = {
        "ventas-co": {"Almuerzo", "Baño", "Pausa activa"},
        "cobranzas-mx": {"ALMUERZO", "baño", "BREAK", "Capacitación"},
        "servicio-cl": {"Almuerzo", "Baño", "Active breaks"},
    }
    for name, seen in days.items():
        (number,) = {len(look.rows) for look in seen}
        assert number > 50
        assert {sum(look.agents.agents.values()) for look in seen} == {number}
        # a phone rings for calls that come in by themselves alone
        states = STATES - ({"ring"} if name == "cobranzas-mx" else set())
        assert {state for look in seen for state in look.agents.agents} == states | texts[name]
        spelled = {str(row["agent_status"]) for look in seen for row in look.rows}
        assert {"READY", "Ready", "ready", "LOGOUT", "TALK", "ACW"} <= spelled


def test_whoever_talks_has_answered_a_call(days: dict[str, list[Look]]) -> None:
    """If agents talk, then not more of them than calls were answered that can still be going on."""
    for seen in days.values():
        for before, after in pairwise(seen):
            answered = sum(step.answered for step in after.skills.since(before.skills).values())
            assert after.agents.agents.get("talk", 0) <= answered + before.agents.agents.get("talk", 0)
            # a phone rings for seconds, so it is for a call that waits
            assert after.agents.agents.get("ring", 0) <= sum(after.skills.waiting.values())
            assert after.agents.longest.get("ring", 0) < RINGS[1]


def test_the_calls_of_agents_are_those_of_skills(days: dict[str, list[Look]]) -> None:
    """If the calls of all agents are added up, then they are the answered ones of all skills, of the same day."""
    for seen in days.values():
        for look in seen:
            answered = sum(int(str(row["stat_answer"]).replace(",", "")) for row in look.skill_rows)
            assert look.agents.calls.get("inbound", 0) + look.agents.calls.get("outbound", 0) == answered
            assert all(
                int(str(row["calls"])) == sum(int(str(row[key])) for key in ("inbound", "outbound", "internal"))
                for row in look.rows
            )


def test_the_time_of_agents_adds_up(days: dict[str, list[Look]]) -> None:
    """If the times of an agent are added up, then they are the time since log-in; who is not there has none more."""
    for seen in days.values():
        for before, after in pairwise(seen):
            assert sum(after.agents.times.get(part, 0) for part in PARTS) == after.agents.times.get("login", 0)
            for row, earlier in zip(after.rows, before.rows, strict=True):
                assert sum(seconds(row[f"{part}_time"]) for part in PARTS) == seconds(row["login_time"])
                if str(row["agent_status"]).lower() == "logout" and int(str(row["time_state_now"])) >= 300:
                    assert row["login_time"] in {earlier["login_time"], "00:00:00"}
                    assert str(earlier["agent_status"]).lower() == "logout"


def test_queues_build_and_abandonment_follows(days: dict[str, list[Look]]) -> None:
    """If too few agents are ready, then calls wait, and some are abandoned, at lunch and in busy hours."""
    for seen in days.values():
        queued = [look for look in seen if sum(look.skills.waiting.values()) > 3]
        assert len(queued) > 10
        for key, truth in seen[-1].skills.truth.items():
            assert 0 < truth.abandoned < 0.2 * truth.offered, key
        night = [look for look in seen if look.hour % 24 < 7.5]
        assert {sum(look.skills.waiting.values()) for look in night} <= {0, 1, 2, 3}


def test_agents_are_there_by_day(days: dict[str, list[Look]]) -> None:
    """If it is night, then nobody is logged in but the two who are there for calls that come in."""
    for name, seen in days.items():
        there = {
            round(look.hour, 2): sum(look.agents.agents.values()) - look.agents.agents.get("logout", 0) for look in seen
        }
        assert there[3 + 24] == there[22] == (2 if name == "servicio-cl" else 0)
        assert there[10] == there[10 + 24] > 50
    afternoon = [look.agents.longest["acw"] for look in days["ventas-co"] if 9 < look.hour < 18]
    assert max(afternoon) > 900  # forgotten after-call work
    assert max(look.agents.longest.get("Almuerzo", 0) for look in days["ventas-co"]) > 1_800


def test_everything_begins_anew_at_midnight(days: dict[str, list[Look]]) -> None:
    """If the day ends in GMT-5, then the reports count from 0, while states, waiting calls and the truth go on."""
    for seen in days.values():
        (evening,) = (look for look in seen if look.hour == 23.75)
        (midnight,) = (look for look in seen if look.hour == 24)
        assert all(row["stat_inbound"] == "0" for row in midnight.skill_rows)
        assert midnight.agents.times.get("login", 0) == sum(midnight.agents.calls.values()) == 0
        assert all(row["stat_inbound"] != "0" for row in evening.skill_rows)
        for key, step in midnight.skills.since(evening.skills).items():
            assert step.falls == 1
            assert midnight.skills.truth[key].offered >= evening.skills.truth[key].offered > 0
        # who has been logged out since the evening is so still
        assert midnight.agents.longest["logout"] > 4 * HOUR


@pytest.mark.parametrize("step", [30.0, HOUR])
def test_agents_and_skills_do_not_depend_on_how_often_they_are_read(step: float) -> None:
    """If skills and agents are looked at more often, then they are the same at the same moment."""
    one, other = (working_day(4, START)[2] for _ in range(2))
    seen = list(looks(one, hours=10, every=step))[-1]
    (first, last) = looks(other, hours=10, every=10 * HOUR)
    assert (first.rows, last.rows, last.skill_rows) == ([], seen.rows, seen.skill_rows)
    assert len(seen.rows) > 50


def test_a_leap_of_the_clock_leaves_a_centre_that_works() -> None:
    """If the clock leaps by a month, then at most a day is worked, all adds up, and the work goes on."""
    operation = demo_operations(now=START)[0]
    operation.advance(START)
    operation.advance(START + 30 * 24 * HOUR)
    for hour in range(3):
        operation.advance(START + (30 * 24 + hour) * HOUR)
        skills = operation.skills("all")
        assert sum(s.truth.offered for s in skills) == sum(
            s.truth.answered + s.truth.abandoned + s.waiting for s in skills
        )
    assert 20_000 < sum(skill.truth.offered for skill in skills) < 150_000
    assert operation.listed
    # nobody has stayed in the state of a month ago
    assert all(int(str(row["time_state_now"])) < 2 * HOUR for row in operation.agents_rows())


def test_the_demo_is_busy_at_any_hour() -> None:
    """If the demo runs for a day, then in every hour calls are answered, in each operation, and some are abandoned."""
    for operation in demo_operations(now=START):
        polls = [look.skills for look in looks(operation, hours=24, every=HOUR)]
        steps = [list(later.since(earlier).values()) for earlier, later in pairwise(polls)]
        assert all(sum(skill.answered for skill in step) > 50 for step in steps)
        for key, truth in polls[-1].truth.items():
            assert 0.01 * truth.offered < truth.abandoned < 0.15 * truth.offered, key
