"""Agents, from the answers of a server to the samples and the page."""

from pathlib import Path
from typing import Any

from support.canned import Canned, answering
from support.clock import ManualClock
from support.landing import Reader
from support.operations import operation, restarted, running
from support.outcomes import words
from support.samples import Samples

GOLDEN = (Path(__file__).parent / "golden" / "agents.json").read_text(encoding="utf-8")
AT_TEN = "2026-11-23T10:00:00-05:00"
DOCUMENTED = {
    "agents ready": 1,
    "agents talk": 0,
    "agents ring": 0,
    "agents acw": 0,
    "agents Almuerzo": 1,
    "agents_state_max_seconds ready": 14,
    "agents_state_max_seconds Almuerzo": 1867,
    "agents_calls inbound": 2,
    "agents_calls outbound": 29,
    "agents_calls internal": 1,
    "agents_time_seconds ready": 3723,
    "agents_time_seconds inbound": 430,
    "agents_time_seconds outbound": 7905,
    "agents_time_seconds acw": 2403,
    "agents_time_seconds ring": 200,
    "agents_time_seconds aux": 3367,
}
"""What the documented answer says, derived by hand; one agent's time of log-in is a date, so that there is no sum."""


def shown(samples: Samples) -> dict[str, float]:
    """Return the samples about agents, in the short form of `DOCUMENTED`."""
    found = {}
    for sample in samples.all:
        if sample.name.startswith("wolkvox_agents"):
            labels = dict(sample.labels)
            assert labels.pop("operation") == "ventas-co"
            (label,) = labels.values()
            found[f"{sample.name.removeprefix('wolkvox_')} {label}"] = sample.value
    return found


def wanting(canned: Canned, **keys: Any) -> Any:  # noqa: ANN401 - any key of the configuration
    """Return an operation that is polled for campaigns and agents."""
    return operation(canned.url, **{"amd": "off", "agents": "by_status", **keys})


async def test_the_documented_answer_gives_exactly_the_samples_derived_by_hand() -> None:
    """If the API answers as documented, then these samples are published, and a date is no duration."""
    clock = ManualClock(AT_TEN)
    async with answering({"agents": GOLDEN}) as canned, running(wanting(canned), clock=clock) as exporter:
        await clock.advance(1)
        samples = await exporter.samples()
        page = await words(exporter)
    assert shown(samples) == DOCUMENTED
    assert samples.value("wolkvox_unreadable_values_total", field="login_time") == 1
    assert sum(samples.values("wolkvox_unreadable_values_total", report="agents")) == 1
    # one more has a state that nobody wrote
    assert "2 agents counted" in page
    assert canned.of("agents") == [{"api": "agents"}]


async def test_nobody_is_a_number() -> None:
    """If the list is empty, then nobody is ready, which is 0 and not missing."""
    clock = ManualClock(AT_TEN)
    async with answering({"agents": []}) as canned, running(wanting(canned), clock=clock) as exporter:
        await clock.advance(1)
        found = shown(await exporter.samples())
    assert {key: value for key, value in found.items() if key.startswith("agents ")} == dict.fromkeys(
        ("agents ready", "agents talk", "agents ring", "agents acw"), 0
    )
    assert set(found.values()) == {0}
    assert len(found) == 4 + 3 + 7


async def test_a_missing_report_is_a_failure() -> None:
    """If the server says 404, then nobody is made up, and the last good numbers vanish after three intervals."""
    clock = ManualClock(AT_TEN)
    async with answering({"agents": GOLDEN}) as canned, running(wanting(canned), clock=clock) as exporter:
        await clock.advance(1)
        canned.answers["agents"] = (404, '{"code": "404", "error": "Not Found", "msg": "Validate dates entered"}')
        await clock.advance(898)
        assert shown(await exporter.samples()) == DOCUMENTED
        await clock.advance(2)
        samples = await exporter.samples()
        page = await words(exporter)
    assert shown(samples) == {}
    assert samples.value("wolkvox_up", report="agents") == 0
    assert "agents counted" not in page


async def test_a_restart_keeps_the_totals(tmp_path: Path) -> None:
    """If the exporter is started again with its state, then the totals are there before anything is asked."""
    clock = ManualClock(AT_TEN)
    async with answering({"agents": GOLDEN}) as canned:
        async with restarted(tmp_path, wanting(canned), clock) as exporter:
            await clock.advance(1)
        async with restarted(tmp_path, wanting(canned), clock) as exporter:
            assert shown(await exporter.samples()) == DOCUMENTED
            assert len(canned.of("agents")) == 1


async def test_reports_of_one_moment_are_asked_back_to_back() -> None:
    """If all reports are due, then campaigns, skills and agents come first, in this order, and the quota last."""
    clock = ManualClock(AT_TEN)
    replies = {"agents": [], "skills": [], "campaign_6": [], "token_info": [{"token_limit": "1000"}]}
    async with answering(replies) as canned:
        wanted = wanting(canned, skills="all", amd="all", quota_interval=300.0)
        async with running(wanted, clock=clock):
            await clock.advance(301)
    order = ["campaigns", "skills", "agents", "campaign_6", "token_info"]
    assert [query["api"] for query in canned.asked] == order * 2


async def test_below_the_reserve_skills_and_agents_rest() -> None:
    """If the day's calls are down to the reserve, then campaigns and quota alone are asked, and the page says why."""
    clock = ManualClock(AT_TEN)
    replies = {"agents": [], "skills": [], "token_info": [{"token_limit": "1000", "all_token_today": "950"}]}
    async with (
        answering(replies) as canned,
        running(wanting(canned, skills="all", quota_interval=300.0), clock=clock) as exporter,
    ):
        await clock.advance(1)
        asked = len(canned.asked)
        await clock.advance(300)
        samples = await exporter.samples()
        page = Reader(await words(exporter)).text
    assert {query["api"] for query in canned.asked[asked:]} == {"campaigns", "token_info"}
    for report in ("skills", "agents"):
        assert samples.value("wolkvox_report_held", report=report, reason="reserve") == 1
        assert samples.value("wolkvox_up", report=report) == 0
    assert "skills, agents: not asked: the calls that are left today are kept for others" in page
