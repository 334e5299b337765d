"""What the simulated wolkvox answers on skills and agents: a quarter of an hour that can be reckoned by hand."""

import json
import random
from collections.abc import AsyncIterator

import pytest

from test_simulator import TOKEN, World, at_noon, serving
from wolkvox_exporter.simulator import (
    Agent,
    AgentsPoll,
    Break,
    Distributor,
    Fault,
    Lines,
    LogIn,
    LogOut,
    Operation,
    Rota,
    Simulator,
    Skill,
    SkillsPoll,
    SkillTruth,
    Timetable,
)

SKILLS = "real_time.php?api=skills&skill_id=all"
AGENTS = "real_time.php?api=agents"
LEVELS = ("service_level_10seg", "service_level_20seg", "service_level_30seg")


class Even(random.Random):
    """Draws averages: nothing varies, and nothing rare happens. A call comes in the middle of each ten seconds."""

    def expovariate(self, lambd: float) -> float:
        """Return the average."""
        return 1 / lambd

    def randint(self, a: int, b: int) -> int:  # noqa: ARG002 - its base class' signature
        """Return the least."""
        return a

    def random(self) -> float:
        """Return a half."""
        return 0.5


def centre(**settings: object) -> Operation:
    """Return an operation with two agents, who log in after 10 s.

    Calls come after 16, 26, 36 and 46 s, ring for 2 s and last 60 s, with 20 s of work after them; who has waited for
    60 s gives up. After 110 s the second agent goes to lunch, after 130 s the first is to log out.
    """
    skill = Skill("4000", "Atención - Niñas (N1)", talk=60, acw=20, patience=60)
    first = Agent("12001", "María Peña", ("4000",))
    second = Agent("12002", "José Núñez", ("4000",), spelled=str.title)
    entries: list[tuple[float, Rota | Lines]] = [
        (10, Rota(first, LogIn())),
        (10, Rota(second, LogIn())),
        (10, Lines(skill, 12)),
        (50, Lines(skill, 0)),
        (110, Rota(second, Break("Almuerzo", 1_800))),
        (130, Rota(first, LogOut())),
    ]
    floor = Distributor([skill, Skill("4012", "VENTAS")], [first, second], Timetable(entries), Even())
    return Operation("ventas-co", (TOKEN,), distributor=floor, **settings)  # type: ignore[arg-type]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Serve the operation at noon."""
    clock = at_noon()
    async with serving(Simulator([centre()], clock), clock) as served:
        yield served


def figures(row: dict[str, str]) -> tuple[str, ...]:
    """Give what a row of a skill counts: waiting, offered, answered, abandoned."""
    return tuple(row[key] for key in ("calls_in_queue_now", "stat_inbound", "stat_answer", "stat_abandon"))


async def test_skills_are_written_as_documented(world: World) -> None:
    """If all skills are asked for, then they come in the envelope, with the documented keys in order, all as text."""
    world.clock.jump(100)
    body = (await world.ask(f"{SKILLS}&services_time=60"))[1]
    # the first two were answered after 2 s, the third gave up after 60 s, at 96, the fourth was answered at 100
    rows = [
        {
            "skill_id": "4000",
            "skill_name": "Atención - Niñas (N1)",
            "calls_in_queue_now": "0",
            "stat_inbound": "4",
            "stat_answer": "3",
            "stat_abandon": "1",
            "service_level_10seg": "50.00 %",
            "service_level_20seg": "50.00 %",
            "service_level_30seg": "50.00 %",
            "service_level_60seg": "75.00 %",
            "by_abandon": "25.00 %",
        },
        {
            "skill_id": "4012",
            "skill_name": "VENTAS",
            "calls_in_queue_now": "0",
            "stat_inbound": "0",
            "stat_answer": "0",
            "stat_abandon": "0",
            "service_level_10seg": "0 %",
            "service_level_20seg": "0 %",
            "service_level_30seg": "0 %",
            "service_level_60seg": "0 %",
            "by_abandon": "0 %",
        },
    ]
    answer = {"code": 200, "error": None, "msg": "2 records were found", "data": rows}
    assert body == json.dumps(answer, indent=4, ensure_ascii=False)


async def test_agents_are_written_as_documented(world: World) -> None:
    """If agents are asked for, then they come with the documented keys in order, all as text, with their names."""
    world.clock.jump(100)
    body = (await world.ask(AGENTS))[1]
    # logged in at 10: ready until 16, 2 s of ringing, a call until 78, work until 98, 2 s of ringing, a call
    first = {
        "agent_id": "12001",
        "agent_name": "María Peña",
        "agent_status": "TALK",
        "calls": "2",
        "inbound": "2",
        "outbound": "0",
        "internal": "0",
        "time_state_now": "0",
        "ready_time": "00:00:06",
        "inbound_time": "00:01:00",
        "outbound_time": "00:00:00",
        "acw_time": "00:00:20",
        "ring_time": "00:00:04",
        "aux_time": "00:00:00",
        "login_time": "00:01:30",
        "aht_time": "00:00:40",
        "ocupation": "88.89 %",
    }
    # ready until 26, 2 s of ringing, a call until 88, work since
    second = {
        "agent_id": "12002",
        "agent_name": "José Núñez",
        "agent_status": "Acw",
        "calls": "1",
        "inbound": "1",
        "outbound": "0",
        "internal": "0",
        "time_state_now": "12",
        "ready_time": "00:00:16",
        "inbound_time": "00:01:00",
        "outbound_time": "00:00:00",
        "acw_time": "00:00:12",
        "ring_time": "00:00:02",
        "aux_time": "00:00:00",
        "login_time": "00:01:30",
        "aht_time": "00:01:12",
        "ocupation": "80.00 %",
    }
    answer = {"code": "200", "error": None, "msg": "2 records were found", "data": [first, second]}
    assert body == json.dumps(answer, indent=4, ensure_ascii=False)


async def test_a_queue_builds_and_goes(world: World) -> None:
    """If more call than there are agents, then they wait, until they are answered or give up."""
    seen = {}
    for second in range(10, 121, 10):
        world.clock.jump(10)
        seen[second] = figures((await world.rows(SKILLS))[0])
    assert seen == {
        10: ("0", "0", "0", "0"),
        20: ("0", "1", "1", "0"),
        30: ("0", "2", "2", "0"),
        40: ("1", "3", "2", "0"),
        **dict.fromkeys((50, 60, 70, 80, 90), ("2", "4", "2", "0")),
        **dict.fromkeys((100, 110, 120), ("0", "4", "3", "1")),
    }


async def test_agents_come_work_rest_and_go(world: World) -> None:
    """If agents log in, take calls and breaks, and log out, then the report lists them in their states while there."""
    seen: dict[int, list[tuple[str, str]]] = {}
    for second in range(0, 181, 20):
        seen[second] = [(row["agent_status"], row["time_state_now"]) for row in await world.rows(AGENTS)]
        world.clock.jump(20)
    assert seen == {
        0: [],
        20: [("TALK", "2"), ("Ready", "10")],
        40: [("TALK", "22"), ("Talk", "12")],
        60: [("TALK", "42"), ("Talk", "32")],
        80: [("ACW", "2"), ("Talk", "52")],
        100: [("TALK", "0"), ("Acw", "12")],
        120: [("TALK", "20"), ("Almuerzo", "10")],
        # who is to log out at 130 ends the call, which lasts until 160, and the work after it
        140: [("TALK", "40"), ("Almuerzo", "30")],
        160: [("ACW", "0"), ("Almuerzo", "50")],
        180: [("Almuerzo", "70")],
    }


async def test_a_break_ends_and_counts_as_auxiliary_time(world: World) -> None:
    """If a break is over, then its agent is ready again, and its time is auxiliary, not a part of the occupancy."""
    world.clock.jump(2_000)
    (row,) = await world.rows(AGENTS)
    # 1,800 s of lunch from 110 on
    assert (row["agent_status"], row["time_state_now"], row["aux_time"]) == ("Ready", "90", "00:30:00")
    assert (row["login_time"], row["ready_time"]) == ("00:33:10", "00:01:48")
    assert row["ocupation"] == "42.11 %"  # 80 of 190 s


async def test_those_who_are_logged_out_can_be_listed() -> None:
    """If the server lists who is not there, then the state is LOGOUT, in the spelling of that row."""
    clock = at_noon()
    async with serving(Simulator([centre(logged_out_listed=True)], clock), clock) as world:
        assert [row["agent_status"] for row in await world.rows(AGENTS)] == ["LOGOUT", "Logout"]
        world.clock.jump(200)
        first, _ = await world.rows(AGENTS)
    assert (first["agent_status"], first["time_state_now"], first["login_time"]) == ("LOGOUT", "20", "00:02:50")


@pytest.mark.parametrize(("wanted", "more"), [(None, "0"), ("10", "0"), ("30", "0"), ("0", "0"), ("45", "45")])
async def test_another_threshold_is_a_key_of_its_own(world: World, wanted: str | None, more: str) -> None:
    """If a threshold is asked for that every row has, or none, then there is a key for 0 s that says nothing."""
    world.clock.jump(30)
    row = (await world.rows(SKILLS if wanted is None else f"{SKILLS}&services_time={wanted}"))[0]
    assert [key for key in row if key.startswith("service")] == [*LEVELS, f"service_level_{more}seg"]
    assert row[f"service_level_{more}seg"] == ("0 %" if more == "0" else "100.00 %")


async def test_one_skill_can_be_asked_for(world: World) -> None:
    """If one skill is asked for, then it comes alone, and one that is not there has no data."""
    assert [row["skill_id"] for row in await world.rows(SKILLS.replace("all", "4012"))] == ["4012"]
    status, body = await world.ask(SKILLS.replace("all", "9999"))
    assert (status, json.loads(body)) == (
        404,
        {"code": "404", "error": "Not Found", "msg": "Validate dates entered"},
    )


@pytest.mark.parametrize(
    "path",
    [
        "real_time.php?api=skills",
        "real_time.php?api=skills&services_time=40",
        *(f"{SKILLS}&services_time={value}" for value in ("", "soon", "-5", "1.5", "٤٠", "9" * 5_000)),
    ],
)
async def test_skills_without_a_good_parameter_are_refused(world: World, path: str) -> None:
    """If the id is missing or the threshold not in whole seconds, then the documented error costs no call."""
    status, body = await world.ask(path)
    message = "SOME PARAMETERS ARE REQUIRED"
    assert (status, json.loads(body)) == (400, {"code": "400", "error": "Bad Request", "msg": message})
    assert (await world.rows("information.php?api=token_info"))[0]["all_token_today"] == "1"


@pytest.mark.parametrize(("fault", "status"), [(Fault.BAD_REQUEST, 400), (Fault.NO_DATA, 404)])
async def test_an_old_server_may_refuse_all(fault: Fault, status: int) -> None:
    """If a server does not know `all`, then it refuses that alone, and each skill can be asked for."""
    clock = at_noon()
    async with serving(Simulator([centre(skills_all=fault)], clock), clock) as world:
        asked = ("all", "4000", "4012", "all")
        statuses = [(await world.ask(SKILLS.replace("all", skill)))[0] for skill in asked]
    assert statuses == [status, 200, 200, status]


async def test_an_operation_without_agents_has_empty_reports() -> None:
    """If an operation has neither skills nor agents, then both reports are empty; as a bare list if so wanted."""
    clock = at_noon()
    async with serving(Simulator([Operation("o", (TOKEN,))], clock, envelope=False), clock) as world:
        assert [json.loads((await world.ask(path))[1]) for path in (SKILLS, AGENTS)] == [[], []]


def test_an_agent_needs_skills_that_are_there() -> None:
    """If an agent has a skill that the operation has not, then that is an error."""
    with pytest.raises(ValueError, match="agent 12001 has a skill that is not there: 4012"):
        Distributor([Skill("4000", "A")], [Agent("12001", "B", ("4012",))])


async def test_the_truth_of_good_reports_is_kept(world: World) -> None:
    """If a report is good, then its truth is kept: of what was asked for, and of the agents who are listed."""
    await world.rows(SKILLS)
    world.clock.jump(100)
    await world.rows(SKILLS.replace("all", "4000"))
    await world.rows(AGENTS)
    world.simulator.inject(Fault.NULL_DATA)
    await world.ask(SKILLS)
    await world.ask(AGENTS)
    (operation,) = world.simulator.operations
    none, some = operation.skills_polls
    at = world.clock.time()
    assert none == SkillsPoll(at - 100, {"4000": SkillTruth(), "4012": SkillTruth()}, {"4000": 0, "4012": 0})
    assert some == SkillsPoll(at, {"4000": SkillTruth(offered=4, answered=3, abandoned=1)}, {"4000": 0})
    assert some.since(none) == some.truth
    times = {"ready": 22, "inbound": 120, "acw": 32, "ring": 6, "login": 180}
    (agents,) = operation.agents_polls
    assert agents == AgentsPoll(at, {"talk": 1, "acw": 1}, {"talk": 0, "acw": 12}, {"inbound": 3}, times)
