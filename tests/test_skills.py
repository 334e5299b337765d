"""Skills, from the answers of a server to the samples and the page."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from support.canned import Canned, answering
from support.clock import ManualClock
from support.operations import operation, restarted, running
from support.outcomes import words
from support.samples import Samples

GOLDEN = (Path(__file__).parent / "golden" / "skills.json").read_text(encoding="utf-8")
AT_TEN = "2026-11-23T10:00:00-05:00"
DOCUMENTED = {
    "skill_calls_waiting 4000": 3,
    "skill_calls_offered 4000": 412,
    "skill_calls_answered 4000": 389,
    "skill_calls_abandoned 4000": 20,
    "skill_abandon_ratio 4000": 0.0485,
    "skill_service_level_ratio 4000 10": 0.612,
    "skill_service_level_ratio 4000 20": 0.8447,
    "skill_service_level_ratio 4000 30": 0.9005,
    "skill_offered_total 4000": 0,
    "skill_answered_total 4000": 0,
    "skill_abandoned_total 4000": 0,
    "skill_info 4000 VENTAS": 1,
    "skill_calls_offered 4069": 0,
    "skill_calls_answered 4069": 0,
    "skill_calls_abandoned 4069": 0,
    "skill_abandon_ratio 4069": 0,
    "skill_service_level_ratio 4069 10": 0,
    "skill_service_level_ratio 4069 20": 0,
    "skill_offered_total 4069": 0,
    "skill_answered_total 4069": 0,
    "skill_abandoned_total 4069": 0,
    "skill_info 4069 Atención - Niñas (N1)": 1,
    "skills": 2,
    "skills_excluded": 0,
}
"""What the documented answer says, derived by hand: the name of a metric, the skill, and one more label."""


def row(skill: str = "4000", **values: object) -> dict[str, object]:
    """Return a row of the report."""
    counts = dict.fromkeys(("calls_in_queue_now", "stat_inbound", "stat_answer", "stat_abandon"), "0")
    levels = dict.fromkeys(("by_abandon", *(f"service_level_{seconds}seg" for seconds in (10, 20, 30))), "0 %")
    return {"skill_id": skill, "skill_name": f"S{skill}", **counts, **levels, **values}


def shown(samples: Samples) -> dict[str, float]:
    """Return the samples about skills, in the short form of `DOCUMENTED`."""
    labels = ("skill", "threshold_seconds", "skill_name")
    found = [sample for sample in samples.all if sample.name.startswith("wolkvox_skill")]
    names = [
        [sample.name.removeprefix("wolkvox_"), *(sample.labels[key] for key in labels if key in sample.labels)]
        for sample in found
    ]
    return {" ".join(name): sample.value for name, sample in zip(names, found, strict=True)}


def wanting(canned: Canned, **keys: Any) -> Any:  # noqa: ANN401 - any key of the configuration
    """Return an operation that is polled for campaigns and skills."""
    return operation(canned.url, **{"amd": "off", "skills": "all", **keys})


async def test_the_documented_answer_gives_exactly_the_samples_derived_by_hand() -> None:
    """If the API answers as documented, then these samples are published, and nothing is unreadable."""
    clock = ManualClock(AT_TEN)
    async with answering({"skills": GOLDEN}) as canned, running(wanting(canned), clock=clock) as exporter:
        await clock.advance(1)
        samples = await exporter.samples()
        page = await words(exporter)
    assert shown(samples) == DOCUMENTED
    assert samples.values("wolkvox_unreadable_values_total", report="skills") == [0] * 10
    assert samples.value("wolkvox_up", report="skills") == 1
    assert "2 skills published" in page
    assert canned.of("skills") == [{"api": "skills", "skill_id": "all"}]


async def test_an_own_threshold_is_asked_for_and_published() -> None:
    """If the configuration has a threshold of its own, then it is sent, and the rows that have it show it."""
    clock = ManualClock(AT_TEN)
    async with (
        answering({"skills": GOLDEN}) as canned,
        running(wanting(canned, service_level_seconds=40), clock=clock) as exporter,
    ):
        await clock.advance(1)
        samples = await exporter.samples()
    assert shown(samples) == {**DOCUMENTED, "skill_service_level_ratio 4069 40": 0}
    # the first row lacks it although the server knows it
    assert samples.value("wolkvox_unreadable_values_total", field="service_level_40seg") == 1
    assert canned.of("skills") == [{"api": "skills", "skill_id": "all", "services_time": "40"}]


async def test_without_the_key_nothing_is_asked_and_nothing_is_shown() -> None:
    """If nobody switched skills and agents on, then no series and no call is about them."""
    clock = ManualClock(AT_TEN)
    async with answering({}) as canned, running(operation(canned.url, amd="off"), clock=clock) as exporter:
        await clock.advance(301)
        samples = await exporter.samples()
        page = await words(exporter)
    assert {query["api"] for query in canned.asked} == {"campaigns"}
    assert not [line for line in samples.text.splitlines() if "wolkvox_skill" in line or "wolkvox_agents" in line]
    assert {sample.labels["report"] for sample in samples.all if "report" in sample.labels} == {"campaigns"}
    assert "skill" not in page.casefold()


async def test_a_list_filters_the_one_answer() -> None:
    """If ids are listed, then all skills are asked for in one call, and the others are left out, counted and told."""
    clock = ManualClock(AT_TEN)
    wanted = {"skills": ("4069", "4999")}
    async with answering({"skills": GOLDEN}) as canned, running(wanting(canned, **wanted), clock=clock) as exporter:
        await clock.advance(1)
        samples = await exporter.samples()
        page = await words(exporter)
    of_one = {key: value for key, value in DOCUMENTED.items() if "4069" in key}
    assert shown(samples) == {**of_one, "skills": 1, "skills_excluded": 1}
    assert "1 skill published, 1 left out by skills" in page
    assert canned.of("skills") == [{"api": "skills", "skill_id": "all"}]


async def test_a_list_that_takes_nothing_is_told_once() -> None:
    """If none of the listed ids is there, then the page says so, and the log once, until a reload or a skill."""
    clock, told = ManualClock(AT_TEN), "the list leaves out every skill"
    with capture_logs() as lines:
        async with (
            answering({"skills": GOLDEN}) as canned,
            running(wanting(canned, skills=("9",)), clock=clock) as exporter,
        ):
            await clock.advance(901)
            page = await words(exporter)
            assert [line["skills"] for line in lines if line["event"] == told] == [2]
            canned.answers["skills"] = [row("9")]
            await clock.advance(300)
            canned.answers["skills"] = GOLDEN
            await clock.advance(300)
    assert "the list left out every skill of the last good report; correct the ids under skills" in page
    assert [line["report"] for line in lines if line["event"] == told] == ["skills", "skills"]


OFFERED = [
    ([100, 110, 130], [0, 10, 30]),
    ([100, 110, 0, 5, 30], [0, 10, 10, 15, 40]),
    ([100, 0, 101, 103], [0, 0, 1, 3]),
    ([100, "", 120, "?", 121], [0, 0, 20, 20, 21]),
]
"""What the API says poll by poll, and the counter, by hand: midnight is believed at the second look, a dip is not."""


@pytest.mark.parametrize(("said", "counted"), OFFERED)
async def test_what_skills_did_is_counted(said: list[object], counted: list[float]) -> None:
    """If counts rise, fall at midnight or dip for a poll, then the counters take the net rises."""
    clock, found = ManualClock(AT_TEN), []
    async with answering({"skills": []}) as canned, running(wanting(canned), clock=clock) as exporter:
        for place, number in enumerate(said):
            canned.answers["skills"] = [row(stat_inbound=str(number), stat_abandon=str(number))]
            await clock.advance(1 if place == 0 else 300)
            samples = await exporter.samples()
            found.append(samples.value("wolkvox_skill_offered_total", skill="4000"))
            assert samples.value("wolkvox_skill_abandoned_total", skill="4000") == found[-1]
            assert samples.value("wolkvox_skill_answered_total", skill="4000") == 0
    assert found == counted


async def test_a_skill_that_stands_twice_is_not_counted() -> None:
    """If an id stands on two rows, then the first is shown, its counters stand still, and counting begins anew."""
    clock, found = ManualClock(AT_TEN), []
    polls = [
        [row(stat_inbound="100")],
        [row(stat_inbound="130"), row(stat_inbound="7000")],
        [row(stat_inbound="7100")],
        [row(stat_inbound="7105")],
    ]
    async with answering({"skills": []}) as canned, running(wanting(canned), clock=clock) as exporter:
        for place, rows in enumerate(polls):
            canned.answers["skills"] = rows
            await clock.advance(1 if place == 0 else 300)
            samples = await exporter.samples()
            offered = samples.value("wolkvox_skill_calls_offered", skill="4000")
            found.append((offered, samples.value("wolkvox_skill_offered_total", skill="4000")))
    assert found == [(100, 0), (130, None), (7100, 0), (7105, 5)]
    assert samples.value("wolkvox_unreadable_values_total", report="skills", field="skill_id") == 1


async def test_the_last_good_skills_are_shown_for_three_intervals() -> None:
    """If the server fails, then skills vanish after three intervals, while the campaigns stay."""
    clock = ManualClock(AT_TEN)
    async with answering({"skills": GOLDEN}) as canned, running(wanting(canned), clock=clock) as exporter:
        await clock.advance(1)
        canned.answers["skills"] = (500, "")
        await clock.advance(898)
        assert shown(await exporter.samples()) == DOCUMENTED
        await clock.advance(2)
        samples = await exporter.samples()
        page = await words(exporter)
    assert shown(samples) == {}
    assert samples.value("wolkvox_campaigns") == 5
    assert samples.value("wolkvox_up", report="skills") == 0
    assert "skills published" not in page


async def test_a_restart_keeps_skills_and_counters(tmp_path: Path) -> None:
    """If the exporter is started again with its state, then skills and counters are there before anything is asked."""
    clock = ManualClock(AT_TEN)
    async with answering({"skills": [row(stat_inbound="100")]}) as canned:
        async with restarted(tmp_path, wanting(canned), clock) as exporter:
            await clock.advance(1)
            canned.answers["skills"] = [row(stat_inbound="120")]
            await clock.advance(300)
            before = shown(await exporter.samples())
        asked = len(canned.asked)
        async with restarted(tmp_path, wanting(canned), clock) as exporter:
            after = shown(await exporter.samples())
            assert len(canned.asked) == asked
            canned.answers["skills"] = [row(stat_inbound="125")]
            await clock.advance(300)
            later = await exporter.samples()
    assert before == after
    assert before["skill_offered_total 4000"] == 20
    assert later.value("wolkvox_skill_offered_total", skill="4000") == 25
