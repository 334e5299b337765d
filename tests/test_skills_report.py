"""What is read out of the rows of the skills report."""

import json

import pytest

from support.fields import by_hand, good_row
from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.reports import skills
from wolkvox_exporter.api.reports.skills import SkillsReport
from wolkvox_exporter.api.response import Answer

GOOD = good_row("skills")
LEVELS = ["service_level_10seg", "service_level_20seg", "service_level_30seg"]


def read(*rows: object, own: int | None = None) -> SkillsReport:
    """Read a skills report of these rows."""
    return skills.read(Answer(200, json.dumps({"code": "200", "error": None, "data": rows}).encode()), own)


def levels(report: SkillsReport) -> dict[str, float]:
    """Return the service levels of the only skill by their thresholds."""
    (skill,) = report.skills
    return {threshold: value for key, value in skill.values.items() if (threshold := skills.threshold(key))}


def test_a_full_row_is_read_to_the_last_value() -> None:
    """If every value is good, then every value is there."""
    report = read(GOOD)
    (skill,) = report.skills
    assert (skill.id, skill.name) == ("4000", "VENTAS")
    assert dict(skill.values) == by_hand("skills")
    assert not report.unread.counts
    assert not report.ambiguous


def test_the_keys_may_come_in_any_order() -> None:
    """If a server sends the keys in another order, then the same is read."""
    assert read(dict(reversed(GOOD.items()))).skills == read(GOOD).skills


@pytest.mark.parametrize("field", [field for field in GOOD if field != skills.KEY])
def test_a_value_costs_itself_alone(field: str) -> None:
    """If one value cannot be read, then it is missing and counted; if it is blank, it is missing alone."""
    bad, blank = read(GOOD | {field: ["?"]}), read(GOOD | {field: " "})
    without = read({key: value for key, value in GOOD.items() if key != field})
    expected = {key: value for key, value in by_hand("skills").items() if key != field}
    for report, counts in ((bad, {field: 1}), (without, {field: 1}), (blank, {})):
        assert dict(report.skills[0].values) == expected
        assert report.skills[0].name == ("" if field == "skill_name" else "VENTAS")
        assert dict(report.unread.counts) == counts


@pytest.mark.parametrize(
    ("written", "own", "expected", "counts"),
    [
        ({"service_level_0seg": "0 %"}, None, {"10": 0.612, "20": 0.8447, "30": 1}, {}),
        ({"service_level_40seg": "0 %"}, 40, {"10": 0.612, "20": 0.8447, "30": 1, "40": 0}, {}),
        (
            {"service_level_60seg": "7 %", "service_level_40seg": "5%", "service_level_0seg": "0 %"},
            40,
            {"10": 0.612, "20": 0.8447, "30": 1, "40": 0.05},
            {},
        ),
        ({"service_level_40seg": "5%"}, None, {"10": 0.612, "20": 0.8447, "30": 1}, {}),
        ({}, 40, {"10": 0.612, "20": 0.8447, "30": 1}, {}),
        ({"service_level_40seg": "soon"}, 40, {"10": 0.612, "20": 0.8447, "30": 1}, {"service_level_40seg": 1}),
        ({"service_level_seg": "5%", "service_level_xseg": "?"}, 40, {"10": 0.612, "20": 0.8447, "30": 1}, {}),
    ],
)
def test_the_service_levels_that_were_asked_for_are_read(
    written: dict[str, str], own: int | None, expected: dict[str, float], counts: dict[str, int]
) -> None:
    """If a row has other thresholds than 10, 20, 30 and the user's own, then they say nothing, 0 seconds included."""
    report = read({**written, **GOOD}, own=own)
    assert levels(report) == expected
    assert dict(report.unread.counts) == counts


def test_a_row_with_the_service_level_at_no_seconds_alone_has_none() -> None:
    """If a row has the service level at 0 seconds alone, then there is no sample, and the others are missed."""
    row = {key: value for key, value in GOOD.items() if key not in LEVELS} | {"service_level_0seg": "0 %"}
    report = read(row)
    assert levels(report) == {}
    assert dict(report.unread.counts) == dict.fromkeys(LEVELS, 1)


def test_an_own_threshold_that_some_rows_lack_is_counted() -> None:
    """If a server knows the threshold that was asked for, then a row without it lacks something."""
    report = read(GOOD | {"service_level_40seg": "5%"}, GOOD | {"skill_id": "4001"}, own=40)
    assert dict(report.unread.counts) == {"service_level_40seg": 1}


def test_numbers_of_json_are_read_like_their_text() -> None:
    """If id and counts come as JSON numbers, then the id is text, and the same as elsewhere."""
    (skill,) = read(GOOD | {"skill_id": 4000, "calls_in_queue_now": 7}).skills
    assert (skill.id, skill.values["calls_in_queue_now"]) == ("4000", 7)


def test_of_a_skill_that_stands_twice_the_first_row_wins() -> None:
    """If an id stands on two rows, then the first is published, the other counted, and the id known to be ambiguous."""
    report = read(GOOD, GOOD | {"stat_inbound": "9"}, GOOD | {"skill_id": "4001"})
    assert [(skill.id, skill.values["stat_inbound"]) for skill in report.skills] == [("4000", 1412), ("4001", 1412)]
    assert dict(report.unread.counts) == {"skill_id": 1}
    assert report.ambiguous == {"4000"}


def test_blank_rows_say_nothing() -> None:
    """If all values of a row are blank, as in the documentation's example, then there is no skill and no complaint."""
    blank = dict.fromkeys(GOOD, "") | {"service_level_0seg": "0 %"}
    report = read(blank, GOOD, dict.fromkeys(GOOD))
    assert [skill.id for skill in report.skills] == ["4000"]
    assert dict(report.unread.counts) == {}
    assert read(blank).skills == read().skills == ()


@pytest.mark.parametrize("row", [None, "text", [], {}, 7, GOOD | {"skill_id": ""}, GOOD | {"skill_id": ["4000"]}])
def test_a_row_without_an_id_is_left_out_and_counted(row: object) -> None:
    """If a row is no object or has no id, then the others are published; if there are no others, it is no report."""
    report = read(row, GOOD)
    assert [skill.id for skill in report.skills] == ["4000"]
    assert report.unread.counts["skill_id"] == 1
    with pytest.raises(ApiError) as caught:
        read(row, row)
    assert caught.value.reason is Reason.UNEXPECTED_SHAPE


@pytest.mark.parametrize("body", [[GOOD], GOOD, {"data": GOOD}, {"code": 200, "data": [GOOD]}])
def test_every_shape_of_a_report_is_read(body: object) -> None:
    """If the report is a bare list, or its data are one object, then it is read all the same."""
    assert [skill.id for skill in skills.read(Answer(200, json.dumps(body).encode())).skills] == ["4000"]


def test_no_data_is_a_failure() -> None:
    """If the server says 404, then that is no empty list."""
    with pytest.raises(ApiError) as caught:
        skills.read(Answer(404, b'{"code": "404", "error": "Not Found", "msg": "Validate dates entered"}'))
    assert caught.value.reason is Reason.HTTP


def test_skills_may_be_so_long_together_and_no_longer() -> None:
    """If ids and names of all skills have more than six million characters, then the answer is refused."""
    rows = [{"skill_id": f"{number:04}", "skill_name": "A" * 996} for number in range(6000)]
    assert len(read(*rows).skills) == 6000
    with pytest.raises(ApiError) as caught:
        read(*rows, {"skill_id": "x"})
    assert caught.value.reason is Reason.TOO_LARGE
