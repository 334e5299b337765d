"""What is read out of the rows of the agents report: totals, and nothing of anybody."""

import json
from collections.abc import Mapping

import pytest

from support.fields import by_hand, good_row
from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.reports import agents
from wolkvox_exporter.api.reports.agents import Agents, AgentsReport
from wolkvox_exporter.api.response import Answer

GOOD = {"agent_id": "12001", "agent_name": "X", **good_row("agents")}
NOBODY = {"ready": 0, "talk": 0, "ring": 0, "acw": 0}
SUMS = {name: value for name, value in by_hand("agents").items() if name != "time_state_now"}


def read(*rows: object) -> AgentsReport:
    """Read an agents report of these rows."""
    return agents.read(Answer(200, json.dumps({"code": "200", "error": None, "data": rows}).encode()))


def totals(*rows: object) -> Agents:
    """Return what is kept of these rows, in which nothing is unreadable."""
    report = read(*rows)
    assert not report.unread.counts
    return report.agents


def test_a_full_row_is_read_to_the_last_value() -> None:
    """If every value is good, then every value is in the totals."""
    found = totals(GOOD)
    assert found.statuses == {**NOBODY, "ready": 1}
    assert found.longest == {"ready": 14}
    assert found.sums == SUMS


def test_agents_are_added_up() -> None:
    """If there are several agents, then states count them, the longest time stands, and all else is a sum."""
    found = totals(GOOD, GOOD | {"time_state_now": "00:31:07"}, GOOD | {"agent_status": "TALK", "inbound": "40"})
    assert found.statuses == {**NOBODY, "ready": 2, "talk": 1}
    assert found.longest == {"ready": 1867, "talk": 14}
    assert found.sums == {**{name: 3 * value for name, value in SUMS.items()}, "inbound": 44}


def test_nobody_is_an_answer() -> None:
    """If the list is empty, then nobody is in any state, and all sums are 0."""
    assert totals() == Agents(NOBODY, {}, dict.fromkeys(SUMS, 0.0))


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("READY", "ready"),
        ("Ready", "ready"),
        (" ready ", "ready"),
        ("TALK", "talk"),
        ("Ring", "ring"),
        ("acw", "acw"),
        ("Logout", "logout"),
        ("Almuerzo", "Almuerzo"),
        (" Reunión - piso 2 ", "Reunión - piso 2"),
        ("Reunio\u0301n - piso 2", "Reunión - piso 2"),
        ("BAÑO", "BAÑO"),
        ("Ready to go", "Ready to go"),
        ("other", "other"),
    ],
)
def test_states_are_told_apart(written: str, status: str) -> None:
    """If a state is wolkvox's own, then it is in small letters; all others stand as they are called."""
    assert totals(GOOD | {"agent_status": written}).statuses == {**NOBODY, status: 1}


@pytest.mark.parametrize("written", ["12001", "-", "x" * 101, ["READY"], True, {"a": "READY"}])
def test_what_is_no_state_is_counted_as_unreadable(written: object) -> None:
    """If something else stands in a state's place, then the agent is in none, and its numbers still count."""
    report = read(GOOD | {"agent_status": written}, GOOD)
    assert report.agents.statuses == {**NOBODY, "ready": 1}
    assert report.agents.sums == {name: 2 * value for name, value in SUMS.items()}
    assert dict(report.unread.counts) == {"agent_status": 1}


def test_a_blank_state_is_none() -> None:
    """If an agent's state is blank, then the agent is counted in none, and nothing is unreadable."""
    found = totals(GOOD, GOOD | {"agent_status": "", "time_state_now": ""})
    assert found.statuses == {**NOBODY, "ready": 1}
    assert found.longest == {"ready": 14}


def test_beyond_fifty_own_states_the_rest_is_one() -> None:
    """If an operation has more than fifty states of its own, then the first fifty by name have samples."""
    rows = [
        GOOD | {"agent_status": f"Pausa {number:02}", "time_state_now": str(number)} for number in reversed(range(60))
    ]
    found = totals(GOOD, *rows, GOOD | {"agent_status": "Logout"})
    assert found.statuses == {**NOBODY, "ready": 1, "logout": 1, **{f"Pausa {n:02}": 1 for n in range(50)}, "other": 10}
    assert found.longest["other"] == 59
    assert len(found.longest) == 53


@pytest.mark.parametrize("field", SUMS)
@pytest.mark.parametrize(
    ("written", "counted"),
    [("?", 1), (None, 0), (" ", 0), ("-1", 1), ("2026-11-23 08:00:00", 1), ([], 1), ("1:60:00", 1), ("99:0:00", 1)],
)
def test_a_sum_over_a_part_of_the_agents_is_no_sum(field: str, written: object, counted: int) -> None:
    """If one agent's value is missing or cannot be read, then its sum has no sample, and all else stays."""
    report = read(GOOD, GOOD | {field: written}, GOOD)
    assert report.agents.statuses == {**NOBODY, "ready": 3}
    assert report.agents.sums == {name: 3 * value for name, value in SUMS.items() if name != field}
    assert report.agents.longest == {"ready": 14}
    assert dict(report.unread.counts) == ({field: 1} if counted else {})


@pytest.mark.parametrize("written", ["?", " ", "08:61:00", "1.5", "12 s"])
def test_a_longest_time_over_a_part_of_a_state_is_none(written: str) -> None:
    """If the time of one agent in a state is not known, then that state has no longest time, and others have."""
    report = read(GOOD, GOOD | {"time_state_now": written}, GOOD | {"agent_status": "TALK"})
    assert report.agents.longest == {"talk": 14}
    assert report.agents.statuses == {**NOBODY, "ready": 2, "talk": 1}
    assert report.agents.sums == {name: 3 * value for name, value in SUMS.items()}


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("125", 125), ("00:02:05", 125), ("27:10:00", 97_800), ("1000:00:01", 3_600_001), ("0:00:09", 9), ("0", 0)],
)
def test_a_time_in_a_state_may_be_written_both_ways(written: str, seconds: float) -> None:
    """If the time in the present state is whole seconds or hours, minutes and seconds, then it is read."""
    assert totals(GOOD | {"time_state_now": written}).longest == {"ready": seconds}


def test_seconds_are_no_duration_elsewhere() -> None:
    """If a time spent is written as bare digits, then it is not guessed what they are."""
    report = read(GOOD | {"login_time": "16800"})
    assert "login_time" not in report.agents.sums
    assert dict(report.unread.counts) == {"login_time": 1}


def test_a_row_that_is_none_leaves_no_sum() -> None:
    """If one row is no object, then the states of the others are counted, and nothing is added up."""
    report = read(GOOD, "12004-NAME")
    assert report.agents == Agents({**NOBODY, "ready": 1}, {"ready": 14}, {})
    assert dict(report.unread.counts) == {"agent_status": 1}


def test_blank_rows_are_nobody() -> None:
    """If nothing stands in a row but who it is, or nothing at all, then it is no agent."""
    blank: Mapping[str, object] = dict.fromkeys(GOOD, "")
    assert totals(blank, GOOD, {**blank, "agent_id": "12002"}, dict.fromkeys(GOOD)) == totals(GOOD)
    assert totals(blank) == totals()


@pytest.mark.parametrize("row", [{"agent_id": "1"}, "text", None, GOOD | {"agent_status": ["x"]}])
def test_rows_that_all_lack_a_state_are_no_report(row: object) -> None:
    """If no row has a state that can be read, then the poll has failed: nobody knows whether anybody is there."""
    with pytest.raises(ApiError) as caught:
        read(row, row)
    assert caught.value.reason is Reason.UNEXPECTED_SHAPE


def test_the_numbers_may_be_of_json_and_the_keys_in_any_order() -> None:
    """If ids and counts come as JSON numbers, in another order, then the same is read."""
    row = dict(reversed((GOOD | {"agent_id": 12001, "inbound": 2, "time_state_now": 14}).items()))
    assert totals(row) == totals(GOOD)


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (Answer(500, b"<html>Undefined index JUAN PEREZ 12001</html>"), "wolkvox answered 500"),
        (Answer(404, b'{"code": "404", "msg": "JUAN PEREZ 12001"}'), "wolkvox answered 404"),
        (Answer(200, b'{"code": "400", "msg": "JUAN PEREZ 12001"}'), "wolkvox answered 400 in a body sent as 200"),
        (Answer(403, b'{"msg": "PLEASE VALIDATE TOKEN, JUAN"}'), "wolkvox answered 403"),
        (Answer(200, b'{"code": "JUAN", "data": []}'), "the envelope's `code` is none that is known"),
        (Answer(200, b'["JUAN PEREZ'), "the answer's JSON breaks off or is damaged at character 1"),
    ],
)
def test_an_error_repeats_nothing_of_the_answer(answer: Answer, detail: str) -> None:
    """If an answer is none, then the error says what is wrong without a word of it."""
    with pytest.raises(ApiError) as caught:
        agents.read(answer)
    assert caught.value.detail == detail


def test_no_example_of_a_value_is_kept() -> None:
    """If a value cannot be read, then what is logged of it does not say what it was."""
    report = read(GOOD, GOOD | {"inbound": "JUAN"}, "12004-JUAN", {**GOOD, "agent_status": ["JUAN"]}, {"agent_id": "1"})
    examples = dict(report.unread.examples)
    hidden = "(not shown, since it may be about a person)"
    assert {examples.pop("inbound"), examples.pop("agent_status")} == {hidden}
    assert set(examples.values()) == {"'(no such key)'"}
