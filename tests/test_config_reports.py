"""The keys about skills and agents: what they accept, what they refuse, and what they cost."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from config.files import load_text, operation, problems_of
from wolkvox_exporter.config import AgentsMode, SkillsMode, cost, schema
from wolkvox_exporter.config.skills import takes

CHOICE = 'write all, off, or a list of ids such as ["4000", "4069"]'
NO_ID = "an entry is no skill's id; write ids as wolkvox shows them, such as 4000, one an entry"
AGENTS = "write by_status, which counts agents by their state and names nobody, or off"
THERE = "the service levels at 10, 20 and 30 seconds are there in any case; write another or none"


def editors_view(*lines: str) -> list[str]:
    """Return what an editor objects to."""
    return [error.message for error in Draft202012Validator(schema()).iter_errors(yaml.safe_load(operation(*lines)))]


def test_both_are_off_by_default(tmp_path: Path) -> None:
    """If nobody writes the keys, then neither skills nor agents are asked for."""
    (only,) = load_text(tmp_path, operation()).operations
    assert (only.skills, only.agents, only.service_level_seconds) == (SkillsMode.OFF, AgentsMode.OFF, None)
    assert (only.skills_interval, only.agents_interval) == (300.0, 300.0)
    assert list(cost.calls_a_day(only)) == ["campaigns", "amd", "quota"]


@pytest.mark.parametrize(
    ("written", "taken", "left_out"),
    [
        ("all", ["4000", "VAGENT"], []),
        ("ALL", ["4000"], []),
        ("off", [], ["4000"]),
        ("no", [], ["4000"]),
        ('["4000", VAGENT]', ["4000", "VAGENT"], ["4069", "400", "40000"]),
        ("[4000, 0042]", ["4000", "0042"], ["42"]),
    ],
)
def test_skills_are_chosen(tmp_path: Path, written: str, taken: list[str], left_out: list[str]) -> None:
    """If skills are written as a word or a list, quoted or not, then these are published and no others."""
    (only,) = load_text(tmp_path, operation(f"skills: {written}")).operations
    assert [skill for skill in (*taken, *left_out) if takes(only.skills, skill)] == taken
    assert not editors_view(f"skills: {written}") or written == "ALL"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("some", CHOICE),
        ("4000", CHOICE),
        ("4000,4069", CHOICE),
        ("{include: [4000]}", CHOICE),
        ("[]", f"the list is empty; {CHOICE}"),
        ("[all]", f"all and off are no ids; {CHOICE}"),
        ("[4000, no]", f"all and off are no ids; {CHOICE}"),
        ("[4000, 4069, 4000]", "an id stands twice; remove one"),
        ('["4000,4069"]', NO_ID),
        ('["4000 - VENTAS"]', NO_ID),
        ('[""]', NO_ID),
        ("[[4000]]", NO_ID),
        ('["' + "4" * 51 + '"]', NO_ID),
        (json.dumps([str(number) for number in range(1001)]), "there are more than 1000 ids; write all, or fewer"),
    ],
)
def test_other_skills_are_refused(tmp_path: Path, written: str, text: str) -> None:
    """If it is not clear which skills are meant, then the file is refused."""
    (problem,) = problems_of(tmp_path, operation(f"skills: {written}"))
    assert (problem.line, problem.path, problem.text) == (5, "operations[0].skills", text)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("agents: all", AGENTS),
        ("agents: on", AGENTS),
        ("agents: by_name", AGENTS),
        ("service_level_seconds: 10", THERE),
        ("service_level_seconds: 20", THERE),
        ("service_level_seconds: 030", THERE),
        ("service_level_seconds: 0", "write a whole number of seconds from 1 to 1000, such as 40"),
        ("service_level_seconds: 40s", "write a whole number of seconds from 1 to 1000, such as 40"),
        ("service_level_seconds: 1001", "write a whole number of seconds from 1 to 1000, such as 40"),
        ("skills_interval: 0", "a duration needs its unit; write 5m or 300s"),
        ("skills_interval: 0s", "the duration is too short; write 1s or more"),
        ("agents_interval: 2d", "the duration is too long; write 1d or less"),
    ],
)
def test_other_values_are_refused(tmp_path: Path, line: str, text: str) -> None:
    """If a value cannot be meant so, then it is refused at its line, with what would be right."""
    (problem,) = problems_of(tmp_path, operation(line))
    assert (problem.line, problem.text) == (5, text)


@pytest.mark.parametrize("line", ["agents: by_status", "agents: BY_STATUS", "agents: off", "agents: false"])
def test_agents_are_counted_by_status_or_not(tmp_path: Path, line: str) -> None:
    """If agents are written as documented, in any case, then they are."""
    (only,) = load_text(tmp_path, operation(line)).operations
    assert only.agents is (AgentsMode.BY_STATUS if "status" in line.casefold() else AgentsMode.OFF)


def test_keys_at_the_top_hold_for_all_operations(tmp_path: Path) -> None:
    """If the keys stand at the top, then they hold for each operation that has none of its own."""
    head = "skills: all\nskills_interval: 10m\nservice_level_seconds: 40\nagents: by_status\nagents_interval: 15m\n"
    text = operation(head=head) + '  - {name: b, server: "0043", token_file: token, skills: [4000], agents: off}\n'
    config = load_text(tmp_path, text)
    first, second = config.operations
    assert (first.skills, first.skills_interval, first.service_level_seconds) == (SkillsMode.ALL, 600.0, 40)
    assert (first.agents, first.agents_interval) == (AgentsMode.BY_STATUS, 900.0)
    assert (second.skills, second.agents, second.service_level_seconds) == (("4000",), AgentsMode.OFF, 40)
    assert config.warnings == ()


DAYS: list[tuple[dict[str, Any], dict[str, int]]] = [
    ({}, {"campaigns": 288, "amd": 288, "quota": 96}),
    ({"skills": "all"}, {"campaigns": 288, "skills": 288, "amd": 288, "quota": 96}),
    (
        {"skills": ["4000", "4069"], "agents": "by_status"},
        {"campaigns": 288, "skills": 288, "agents": 288, "amd": 288, "quota": 96},
    ),
    ({"agents": "by_status", "agents_interval": "10m", "amd": "off"}, {"campaigns": 288, "agents": 144, "quota": 96}),
    (
        {"skills": "all", "skills_interval": "7m", "quota_interval": "0", "amd": "off"},
        {"campaigns": 288, "skills": 206},
    ),
]


@pytest.mark.parametrize(("keys", "calls"), DAYS)
def test_a_day_costs_what_the_documentation_says(tmp_path: Path, keys: dict[str, Any], calls: dict[str, int]) -> None:
    """If skills and agents are on, then each costs a call an interval, in the order in which they are asked."""
    (only,) = load_text(tmp_path, operation(*(f"{key}: {json.dumps(value)}" for key, value in keys.items()))).operations
    found = cost.calls_a_day(only)
    assert (dict(found), list(found)) == (calls, list(calls))


def test_a_short_interval_is_warned_of(tmp_path: Path) -> None:
    """If skills are asked for more often than advised, then the warning stands at their key."""
    (warning,) = load_text(tmp_path, operation("skills: all", "skills_interval: 1m")).warnings
    assert (warning.line, warning.path) == (6, "operations[0].skills_interval")
    assert warning.text.startswith("polling more often than every 5m costs this operation 2112 calls a day")


@pytest.mark.parametrize(
    ("head", "lines", "told"),
    [
        ("", ["skills_interval: 10m"], ("5: operations[0].skills_interval", "skills is off; write skills: all")),
        (
            "",
            ["service_level_seconds: 9"],
            ("5: operations[0].service_level_seconds", "skills is off; write skills: all"),
        ),
        ("agents_interval: 10m\n", [], ("1: agents_interval", "agents is off; write agents: by_status")),
        (
            "agents: by_status\n",
            ["agents: off", "agents_interval: 10m"],
            ("7: operations[0].agents_interval", "agents is off; write agents: by_status"),
        ),
    ],
)
def test_a_key_about_a_report_that_is_off_is_warned_of(
    tmp_path: Path, head: str, lines: list[str], told: tuple[str, str]
) -> None:
    """If somebody says how to ask for a report that nobody switched on, then that is not dropped in silence."""
    (warning,) = load_text(tmp_path, operation(*lines, head=head)).warnings
    place, text = told
    assert str(warning) == f"{tmp_path}/config.yaml:{place}: this says nothing while {text}, or remove it"


def test_a_key_at_the_top_that_one_operation_uses_is_no_reason_to_warn(tmp_path: Path) -> None:
    """If one operation of several has skills, then their interval at the top says something."""
    text = (
        operation("skills: all", head="skills_interval: 10m\n") + '  - {name: b, server: "0043", token_file: token}\n'
    )
    assert load_text(tmp_path, text).warnings == ()
