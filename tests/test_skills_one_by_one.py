"""Skills of a server that does not take them together."""

import pytest

from support.canned import Query, Reply, answering
from support.clock import ManualClock
from support.operations import running
from test_skills import row, shown, wanting

AT_TEN = "2026-11-23T10:00:00-05:00"
REFUSED = (400, '{"code": "400", "error": "Bad Request", "msg": "SOME PARAMETERS ARE REQUIRED"}')
HOUR = 3600.0


def old(query: Query) -> Reply:
    """Answer as a server that knows no `all`."""
    return REFUSED if query["skill_id"] == "all" else [row(query["skill_id"], stat_inbound="7")]


def asked(queries: list[Query]) -> list[str]:
    """Return the skills that were asked for."""
    return [query["skill_id"] for query in queries]


async def test_skills_are_asked_for_one_by_one_where_the_server_refuses_all() -> None:
    """If the server refuses `all`, then a skill is tried at once, and from then on each that a campaign names."""
    clock = ManualClock(AT_TEN)
    async with answering({"skills": old}) as canned, running(wanting(canned), clock=clock) as exporter:
        await clock.advance(1)
        first = await exporter.samples()
        assert asked(canned.of("skills")) == ["all", "4000"]
        await clock.advance(300)
        samples = await exporter.samples()
        assert asked(canned.of("skills"))[2:] == ["4000", "4069"]
    assert first.value("wolkvox_skill_calls_offered", skill="4000") == 7
    assert first.value("wolkvox_up", report="skills") == 1
    assert first.value("wolkvox_api_requests_total", report="skills", code="400") == 1
    assert {key: value for key, value in shown(samples).items() if "offered" in key} == {
        "skill_calls_offered 4000": 7,
        "skill_offered_total 4000": 0,
        "skill_calls_offered 4069": 7,
        "skill_offered_total 4069": 0,
    }
    assert samples.value("wolkvox_skills") == 2
    assert samples.value("wolkvox_polls_total", report="skills") == 2


async def test_a_list_is_asked_for_one_by_one() -> None:
    """If ids are listed, then these are asked for, whatever campaigns name; no round has more calls than allowed."""
    clock = ManualClock(AT_TEN)
    wanted = {"skills": ("5001", "5002", "5003", "5004", "5005"), "amd_max_calls": 2}
    async with answering({"skills": old}) as canned, running(wanting(canned, **wanted), clock=clock) as exporter:
        await clock.advance(1)
        for _ in range(5):
            await clock.advance(300)
        samples = await exporter.samples()
    assert asked(canned.of("skills")) == [
        *("all", "5001"),
        *("5001", "5002", "5003", "5004", "5005", "5001", "5002", "5003", "5004", "5005"),
    ]
    assert samples.value("wolkvox_skills") == 5
    assert samples.value("wolkvox_skills_excluded") is None


async def test_all_are_asked_for_again_the_next_day() -> None:
    """If a server was refusing `all` yesterday, then it is asked once today, and then one by one again."""
    clock = ManualClock("2026-11-23T23:52:00-05:00")
    async with answering({"skills": old}) as canned, running(wanting(canned), clock=clock):
        await clock.advance(3 * 300 + 1)
    assert asked(canned.of("skills")) == ["all", "4000", "4000", "4069", "all", "4000", "4000", "4069"]


async def test_a_server_that_has_taken_all_is_never_asked_one_by_one() -> None:
    """If `all` was answered once, then a failure of it is a failure."""
    clock = ManualClock(AT_TEN)
    async with answering({"skills": [row()]}) as canned, running(wanting(canned), clock=clock) as exporter:
        await clock.advance(1)
        canned.answers["skills"] = REFUSED
        await clock.advance(600)
        samples = await exporter.samples()
    assert asked(canned.of("skills")) == ["all", "all", "all"]
    assert samples.value("wolkvox_up", report="skills") == 0
    assert samples.value("wolkvox_poll_failures_total", report="skills", reason="request") == 2


async def test_a_server_without_the_report_is_tried_sparingly() -> None:
    """If the server refuses single skills as well, then one is tried once an hour, and the report fails."""
    clock = ManualClock(AT_TEN)
    async with answering({"skills": REFUSED}) as canned, running(wanting(canned), clock=clock) as exporter:
        await clock.advance(2 * HOUR - 1)
        samples = await exporter.samples()
    queries = asked(canned.of("skills"))
    assert queries.count("all") == 24
    assert [query for query in queries if query != "all"] == ["4000", "4069"]
    assert samples.value("wolkvox_up", report="skills") == 0
    assert samples.value("wolkvox_poll_failures_total", report="skills", reason="request") == 24
    assert samples.values("wolkvox_skills") == []


@pytest.mark.parametrize("failure", [(500, ""), (404, '{"code": "404", "msg": "?"}')])
async def test_each_skill_ages_by_itself(failure: tuple[int, str]) -> None:
    """If one skill's own question fails from now on, then it vanishes after three intervals, and the others stay."""
    clock = ManualClock(AT_TEN)
    async with answering({"skills": old}) as canned, running(wanting(canned), clock=clock) as exporter:
        await clock.advance(301)
        canned.answers["skills"] = lambda query: failure if query["skill_id"] == "4069" else old(query)
        await clock.advance(898)
        before = await exporter.samples()
        await clock.advance(3)
        after = await exporter.samples()
    assert before.value("wolkvox_skills") == 2
    assert after.value("wolkvox_skills") == 1
    assert "4069" not in {sample.labels.get("skill") for sample in after.all if "wolkvox_skill" in sample.name}
    assert after.value("wolkvox_skill_offered_total", skill="4000") == 0
    assert after.value("wolkvox_up", report="skills") == 0


async def test_an_answer_about_another_skill_is_none() -> None:
    """If a server answers with another skill than was asked for, then nothing of it is published."""
    clock = ManualClock(AT_TEN)
    replies = {"skills": lambda query: REFUSED if query["skill_id"] == "all" else [row("9999")]}
    async with answering(replies) as canned, running(wanting(canned), clock=clock) as exporter:
        await clock.advance(301)
        samples = await exporter.samples()
    assert not [sample for sample in samples.all if sample.labels.get("skill") == "9999"]
    assert samples.value("wolkvox_up", report="skills") == 0
    assert samples.value("wolkvox_poll_failures_total", report="skills", reason="request") == 2
