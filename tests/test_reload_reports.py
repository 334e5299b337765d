"""Skills and agents that a reload switches on, off, or asks for otherwise."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from support.clock import ManualClock
from support.operations import operation
from support.processes import direct
from support.reloading import centre
from support.samples import Samples
from wolkvox_exporter.api.reports.agents import Agents
from wolkvox_exporter.api.reports.skills import Skill
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling import resume
from wolkvox_exporter.polling.counters import Counters, Totals
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.skills import PublishedSkill, PublishedSkills, Skills
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.storage import codec

AT = Now(1000.0, 1_795_446_000.0)


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


def reports(samples: Samples) -> set[str]:
    """Return the reports that are polled."""
    return {sample.labels["report"] for sample in samples.all if "report" in sample.labels}


async def test_reports_are_switched_on_and_off(tmp_path: Path) -> None:
    """If skills and agents are switched on, then they are asked at once; switched off, they vanish at once."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "changes") as (exporter, file):
        await clock.advance(1)
        file.write("changes", changes={"skills": "all", "agents": "by_status"})
        assert (await exporter.reload())[0] == 200
        await clock.advance(1)
        on = await exporter.samples()
        asked = len(exporter.simulator.calls)
        file.write("changes")
        assert (await exporter.reload())[0] == 200
        off = await exporter.samples()
        await clock.advance(300)
    assert reports(on) == {"campaigns", "skills", "agents", "amd"}
    assert (on.value("wolkvox_skills"), on.value("wolkvox_agents", status="ready")) == (0, 0)
    assert on.value("wolkvox_up", report="skills") == on.value("wolkvox_up", report="agents") == 1
    assert reports(off) == {"campaigns", "amd"}
    assert not [sample for sample in off.all if "wolkvox_skill" in sample.name or "wolkvox_agents" in sample.name]
    assert {call.report for call in exporter.simulator.calls[asked:]} == {"campaigns", "amd"}
    assert exporter.started("changes") == [0, 300]


def known(**settings: Any) -> tuple[Operation, OperationState]:  # noqa: ANN401 - any key of the configuration
    """Return an operation of which three skills and some agents are known."""
    polled = operation("http://127.0.0.1:9/api/v2", **{"skills": "all", "service_level_seconds": 40, **settings})
    values = MappingProxyType({"stat_inbound": 7.0, "service_level_20seg": 0.5, "service_level_40seg": 0.75})
    rows = tuple(PublishedSkill(Skill(key, f"S{key}", values), 5000.0) for key in ("1", "2", "3"))
    activity: Totals = {(key,): MappingProxyType({"stat_inbound": 5.0}) for key in ("1", "2", "3")}
    agents = Agents(
        MappingProxyType({"ready": 2}), MappingProxyType({"ready": 9.0}), MappingProxyType({"inbound": 3.0})
    )
    state = resume.initial(polled, AT.monotonic)
    published = replace(state.published, skills=PublishedSkills(rows, MappingProxyType(activity), 1), agents=agents)
    return polled, replace(state, published=published)


def test_another_list_leaves_out_what_is_no_longer_wanted() -> None:
    """If the list of skills changes, then those that are not in it vanish at once, and are counted."""
    _, state = known()
    wanted = operation("http://127.0.0.1:9/api/v2", skills=["2", "9"], service_level_seconds=40)
    found = resume.reconfigured(state, wanted, AT.monotonic, AT).published.skills
    assert [row.skill.id for row in found.rows] == ["2"]
    assert list(found.activity) == [("2",)]
    assert found.excluded == 3


def test_another_threshold_leaves_out_the_service_level_of_the_one_before() -> None:
    """If the own threshold changes, then the service level at the one before vanishes, and all else stays."""
    _, state = known()
    wanted = operation("http://127.0.0.1:9/api/v2", skills="all", service_level_seconds=60)
    found = resume.reconfigured(state, wanted, AT.monotonic, AT).published.skills
    assert {*map(str, found.rows[0].skill.values)} == {"stat_inbound", "service_level_20seg"}
    assert len(found.rows) == 3
    assert found.excluded == 1


def test_what_is_known_of_skills_and_agents_is_written_and_read() -> None:
    """If a state is written down, then skills, their counters, agents and how far the questions have come are in it."""
    polled, state = known(agents="by_status")
    skills = replace(
        state.skills,
        found_each=True,
        probed=AT.monotonic - 5,
        asked=MappingProxyType({"1": 4}),
        counters=Counters(MappingProxyType({"1": MappingProxyType({"stat_inbound": (7.0, None)})})),
    )
    state = replace(state, skills=skills)
    clock = ManualClock()
    assert codec.decode(codec.encode(polled, state, clock), polled, clock) == state


def test_a_state_from_before_there_were_skills_is_read() -> None:
    """If a state was written by a version without skills and agents, then it is read, and both begin with nothing."""
    polled, state = known()
    clock = ManualClock()
    head, body = codec.encode(polled, state, clock).split(b"\n", 2)[1:]
    written = json.loads(body)
    del written["skills"], written["published"]["skills"], written["published"]["agents"]
    rest = head + b"\n" + json.dumps(written).encode() + b"\n"
    found = codec.decode(hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest, polled, clock)
    assert (found.skills, found.published.skills, found.published.agents) == (Skills(), PublishedSkills(), None)
    assert found.progress == state.progress
