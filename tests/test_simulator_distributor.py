"""Who gets which simulated call, and what becomes of whom: cases that can be reckoned by hand."""

import pytest

from test_simulator_skills import Even
from wolkvox_exporter.simulator import (
    Agent,
    Break,
    Campaign,
    Distributor,
    LogIn,
    LogOut,
    Operation,
    Rota,
    Skill,
    SkillTruth,
    Timetable,
)


def skills() -> list[Skill]:
    """Return two skills whose calls last a minute, with 20 s of work after them."""
    return [Skill(key, key, talk=60, acw=20, patience=200) for key in ("4000", "4012")]


def states(distributor: Distributor) -> list[str]:
    """Give the state of each agent."""
    return [str(agent.state) for agent in distributor.agents]


def test_who_has_waited_longest_is_next_whatever_the_skill() -> None:
    """If somebody waits in each of an agent's skills, then whoever came first is answered first."""
    agent = Agent("1", "A", ("4000", "4012"))
    distributor = Distributor(skills(), [agent], Timetable([(20.0, Rota(agent, LogIn()))]), Even())
    first, second = distributor.skills.values()
    distributor.advance(10, {"4012": 1})
    distributor.advance(10, {"4000": 1})
    assert (first.truth.answered, second.truth.answered, states(distributor)) == (0, 1, ["talk"])
    # the call and the work after it take 80 s from 20 on
    for _ in range(8):
        distributor.advance(10, {})
    assert (first.truth.answered, first.waiting, states(distributor)) == (1, 0, ["talk"])


def test_the_agent_who_has_been_ready_longest_gets_the_call() -> None:
    """If several agents are ready, then who has been so longest gets the call, if it is for a skill of theirs."""
    agents = [Agent("1", "A", ("4012",)), Agent("2", "B", ("4000",)), Agent("3", "C", ("4000", "4012"))]
    entries = [(10.0 * second, Rota(agent, LogIn())) for second, agent in zip((1, 3, 2), agents, strict=True)]
    distributor = Distributor(skills(), agents, Timetable(entries), Even())
    distributor.miss(30)
    distributor.advance(10, {"4000": 1})
    assert states(distributor) == ["ready", "ready", "talk"]
    distributor.advance(10, {"4000": 2})
    assert states(distributor) == ["ready", "talk", "talk"]
    assert distributor.skills["4000"].waiting == 1


def test_a_break_that_ends_after_the_log_out_brings_nobody_back() -> None:
    """If an agent logs out during a break, then the end of the break changes nothing."""
    agent = Agent("1", "A", ("4000",))
    duties = ((10.0, LogIn()), (20.0, Break("Baño", 60)), (40.0, LogOut()))
    entries = [(second, Rota(agent, duty)) for second, duty in duties]
    distributor = Distributor(skills(), [agent], Timetable(entries), Even())
    seen = []
    for _ in range(10):
        distributor.advance(10, {})
        seen += states(distributor)
    assert seen == ["ready", "Baño", "Baño", *["logout"] * 7]
    distributor.advance(10, {"4000": 1})
    assert (distributor.skills["4000"].waiting, states(distributor)) == (1, ["logout"])


@pytest.mark.parametrize(
    ("duties", "expected"),
    [
        ((Break("Baño", 60),), "Baño"),
        ((LogOut(),), "logout"),
        ((Break("Baño", 60), Break("Almuerzo", 60)), "Baño"),
        ((Break("Baño", 60), LogOut()), "logout"),
        ((LogOut(), Break("Baño", 60)), "logout"),
        ((LogIn(),), "ready"),
        ((LogOut(), LogIn()), "ready"),
    ],
)
def test_what_is_due_during_a_call_waits_for_its_end(duties: tuple[Break | LogOut | LogIn, ...], expected: str) -> None:
    """If a break or the log-out is due during a call, then it begins after the work that follows the call."""
    agent = Agent("1", "A", ("4000",))
    entries = [(10.0, Rota(agent, LogIn())), *((30.0, Rota(agent, duty)) for duty in duties)]
    distributor = Distributor(skills(), [agent], Timetable(entries), Even())
    distributor.miss(10)
    # answered at 16, talks until 76 and works until 96
    distributor.advance(10, {"4000": 1})
    seen = []
    for _ in range(8):
        distributor.advance(10, {})
        seen += states(distributor)
    assert seen == [*["talk"] * 5, *["acw"] * 2, expected]


def test_a_level_counts_calls_that_were_answered_before_the_threshold() -> None:
    """If a call is answered after just as many seconds as the threshold, then it was not answered before it."""
    (skill, _) = skills()
    for waited in (0, 9, 10, 20):
        skill.offer()
        skill.answer(waited)
    skill.offer()
    skill.abandon()
    assert [skill.service_level(threshold) for threshold in (9, 10, 11, 21)] == [
        "20.00 %",
        "40.00 %",
        "60.00 %",
        "80.00 %",
    ]


def test_midnight_forgets_the_waits_of_the_day_before() -> None:
    """If a day begins, then levels are those of its own calls, and who came before it may be answered in it."""
    (skill, _) = skills()
    skill.offer()
    skill.answer(5)
    skill.offer()
    skill.begin_day()
    skill.answer(50)
    assert (skill.service_level(30), skill.service_level(60)) == ("0.00 %", "100.00 %")
    assert skill.today == SkillTruth(offered=0, answered=1)
    assert skill.truth == SkillTruth(offered=2, answered=2, falls=1)
    skill.begin_day()
    skill.begin_day()
    # a day without a call shows no fall
    assert skill.truth.falls == 2


async def test_the_skill_of_virtual_agents_needs_no_agent() -> None:
    """If a campaign's skill has no agents here, as that of virtual ones, then nobody waits for its calls."""
    campaign = Campaign("1", "A", skill="VAGENT", records=1_000, calls_per_minute=60, mix=(1, 0, 0, 0))
    operation = Operation("o", ("t",), [campaign], distributor=Distributor(skills()))
    operation.advance(0.0)
    operation.advance(300.0)
    assert campaign.truth.results["answer"] > 200
    assert [skill.truth for skill in operation.skills("all")] == [SkillTruth(), SkillTruth()]


@pytest.mark.parametrize("pace", [1.0, 60.0])
def test_a_campaigns_answered_calls_are_offered_to_its_skill(pace: float) -> None:
    """If a campaign gets calls answered, then its skill is offered each of them, at whatever pace time passes."""
    campaign = Campaign("1", "A", skill="4012", records=1_000, calls_per_minute=60, mix=(1, 0, 0, 0))
    operation = Operation("o", ("t",), [campaign], distributor=Distributor(skills()))
    operation.advance(0.0)
    operation.advance(300.0 / pace, pace)
    first, second = operation.skills("all")
    assert (first.truth.offered, second.truth.offered) == (0, campaign.truth.dialed)
    # nobody is there: all wait or have given up
    assert campaign.truth.dialed == second.truth.abandoned + second.waiting > 200
