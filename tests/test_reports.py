"""What is read out of the rows of the reports."""

import json
from dataclasses import replace
from typing import cast

import pytest

from support.fields import READ, by_hand, good_row, said
from wolkvox_exporter.api import values
from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.fields import Field, Unread
from wolkvox_exporter.api.reports import amd, campaigns
from wolkvox_exporter.api.reports.amd import AmdReport
from wolkvox_exporter.api.reports.campaigns import CampaignsReport
from wolkvox_exporter.api.response import Answer

GOOD = good_row("campaigns")


def read(*rows: object) -> CampaignsReport:
    """Read a campaigns report of these rows."""
    return campaigns.read(Answer(200, json.dumps(rows).encode()))


def read_amd(*rows: object) -> AmdReport:
    """Read an AMD report of these rows."""
    return amd.read(Answer(200, json.dumps({"code": 200, "data": rows}).encode()))


def test_a_full_row_is_read_to_the_last_value() -> None:
    """If every value is good, then every value is there."""
    report = read(GOOD)
    (campaign,) = report.campaigns
    assert (campaign.id, campaign.name, campaign.skill, campaign.phones) == ("4875", "MORA", "VAGENT", (("tel1", 0.4),))
    assert said("campaigns", campaign.values) == by_hand("campaigns")
    assert not report.unread.counts


@pytest.mark.parametrize("field", [field for field in GOOD if field != campaigns.KEY])
def test_a_bad_value_costs_itself_alone(field: str) -> None:
    """If one text cannot be read, then its own sample is missing and counted, and all others are there."""
    report = read(GOOD | {field: ["?"]})
    (campaign,) = report.campaigns
    lost = set(READ["campaigns"][field].readers(field))
    assert dict(report.unread.counts) == {field: 1}
    assert set(campaign.values) == set(read(GOOD).campaigns[0].values) - lost
    assert campaign.skill == ("" if field == "skill_id" else "VAGENT")


@pytest.mark.parametrize("field", [field for field in GOOD if field != campaigns.KEY])
def test_an_absent_key_is_counted_and_a_blank_value_is_not(field: str) -> None:
    """If a documented key is gone, then the format has changed; if its value is blank, then there is nothing to say."""
    without = {key: value for key, value in GOOD.items() if key != field}
    assert dict(read(without).unread.counts) == ({} if READ["campaigns"][field].optional else {field: 1})
    for blank in ("", " ", None):
        report = read(GOOD | {field: blank})
        assert not report.unread.counts
        assert field not in report.campaigns[0].values


ABSENT_IN: dict[str, tuple[list[dict[str, object]], int]] = {
    "no row": ([{"a": "1"}, {"a": "2"}], 0),
    "any row": ([{}, {}, {}], 3),
    "the first": ([{}, {"a": "2"}], 1),
    "the first two": ([{}, {}, {"a": ""}], 2),
    "the last": ([{"a": None}, {}], 1),
    "one where another cannot be read": ([{}, {"a": "?"}], 2),
}
"""Where a field is absent, and how often it is counted if every server should have it."""


@pytest.mark.parametrize("where", ABSENT_IN)
@pytest.mark.parametrize("optional", [True, False])
def test_an_optional_field_may_be_absent_from_all_rows_and_not_from_some(where: str, *, optional: bool) -> None:
    """If a server does not have an optional field, then nothing is counted; if some rows lack it, then each of them."""
    fields = {"a": Field("0", values.count, optional=optional)}
    rows, counted = ABSENT_IN[where]
    expected = 0 if optional and where == "any row" else counted
    unread = Unread()
    for row in rows:
        unread.read_all(row, fields)
    assert unread.counts["a"] == expected
    assert ("a" in unread.examples) is (expected > 0)


def test_what_one_answer_lacks_is_not_held_against_the_next() -> None:
    """If a server gets an optional field, or loses it, then no row of the answers before or after is counted."""
    fields = {"a": Field("0", values.count, optional=True)}
    total = Unread()
    answers: list[dict[str, object]] = [{}, {"a": "1"}, {}]
    for row in answers:
        unread = Unread()
        unread.read_all(row, fields)
        total.merge(unread)
    assert not total.counts


@pytest.mark.parametrize("field", ["recycled", "skill_id"])
def test_any_field_of_campaigns_can_be_marked_optional(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a field is marked so in the report's table, then a server may lack it, be it a number or a text."""
    table = campaigns.NUMBERS if field in campaigns.NUMBERS else campaigns.TEXTS
    monkeypatch.setitem(cast("dict[str, Field]", table), field, replace(table[field], optional=True))
    without = {key: value for key, value in GOOD.items() if key != field}
    assert not read(without, without | {"campaign": "4876 - B"}).unread.counts
    assert dict(read(without, GOOD | {"campaign": "4876 - B"}).unread.counts) == {field: 1}


def test_numbers_of_json_are_read_like_their_text() -> None:
    """If a value comes as a JSON number, then its digits are read, and a sign or an exponent is not."""
    good = read(GOOD | {"dial": 12, "calls_x_min": 3.5})
    assert good.campaigns[0].values["dial"] == 12
    assert good.campaigns[0].values["calls_x_min"] == 3.5
    bad = campaigns.read(Answer(200, json.dumps([GOOD]).replace('"12,000"', "-1").replace('"340"', "1e5").encode()))
    assert dict(bad.unread.counts) == {"dial": 1, "clean": 1}


@pytest.mark.parametrize("row", [None, 5, "text", [], {}, GOOD | {"campaign": ""}, GOOD | {"campaign": []}])
def test_a_row_without_a_campaign_is_left_out_and_counted(row: object) -> None:
    """If a row is no object or names no campaign, then the others are published."""
    report = read(row, GOOD)
    assert [campaign.id for campaign in report.campaigns] == ["4875"]
    assert report.unread.counts["campaign"] == 1


def test_rows_that_all_lack_a_campaign_are_no_report() -> None:
    """If no row names a campaign, then the poll has failed: the format has changed, it is not an empty list."""
    for row in ({"campaign": ""}, {"campaign": None}, {"campaing": "4875 - A"}):
        with pytest.raises(ApiError) as caught:
            read(row, row)
        assert caught.value.reason is Reason.UNEXPECTED_SHAPE


def test_campaigns_may_be_so_long_together_and_no_longer() -> None:
    """If the texts of all campaigns exceed a hundred characters for each row allowed, then the answer is refused."""
    rows = [{"campaign": f"{number:04} - {'A' * 989}", "skill_id": "4000"} for number in range(5999)]
    last = {"campaign": "A" * (6_000_000 - 5999 * 1000), "skill_id": ""}
    assert len(read(*rows, last).campaigns) == 6000
    with pytest.raises(ApiError) as caught:
        read(*rows, last | {"skill_id": "4"})
    assert caught.value.reason is Reason.TOO_LARGE
    assert caught.value.detail == "the campaigns of the answer have more than 6000000 characters"


def test_of_two_rows_with_the_same_labels_the_first_wins() -> None:
    """If a campaign stands twice in the list, then its first row is published and the other counted."""
    report = read(GOOD, GOOD | {"dial": "1"}, GOOD | {"skill_id": "4000"})
    assert [(campaign.skill, campaign.values["dial"]) for campaign in report.campaigns] == [
        ("VAGENT", 12000),
        ("4000", 12000),
    ]
    assert dict(report.unread.counts) == {"campaign": 1}


def test_a_campaign_without_an_id_is_published_and_counted() -> None:
    """If the campaign string begins with no id, then the campaign is there under its name, with an empty id."""
    report = read(GOOD | {"campaign": "MORA - tel1 (40%)"})
    assert [(campaign.id, campaign.name) for campaign in report.campaigns] == [("", "MORA")]
    assert dict(report.unread.counts) == {"campaign": 1}


def test_an_empty_report_has_no_campaigns() -> None:
    """If the list is empty, then there are no campaigns, and nothing is wrong."""
    assert read().campaigns == ()


def test_detections_are_read_by_id() -> None:
    """If the id column carries the name too, then the digits in front are the id."""
    report = read_amd(good_row("amd"), good_row("amd", campaign_id="4876 - B", total_amd="0"))
    assert dict(report.detections) == {"4875": 1017, "4876": 0}
    assert not report.unread.counts


def test_a_blank_amd_row_says_nothing() -> None:
    """If both values are blank, as in the documented example, then there is no sample and no complaint."""
    report = read_amd(good_row("amd", campaign_id="", total_amd=""))
    assert (dict(report.detections), dict(report.unread.counts)) == ({}, {})


def test_bad_amd_rows_cost_themselves_alone() -> None:
    """If rows of the AMD report are damaged, then each is counted under its field, and the good one is there."""
    good = good_row("amd", total_amd="17")
    report = read_amd(
        good,
        good | {"total_amd": "18"},
        good | {"campaign_id": "NAME"},
        good | {"campaign_id": "4876", "total_amd": "many"},
        {key: value for key, value in good.items() if key != "total_amd"} | {"campaign_id": "4877"},
        7,
    )
    assert dict(report.detections) == {"4875": 17}
    assert dict(report.unread.counts) == {"campaign_id": 3, "total_amd": 2}


def test_no_data_is_an_empty_window() -> None:
    """If the API says to validate the dates, then nothing was detected yet."""
    body = b'{"code": "404","error": "Not Found","msg": "Validate dates entered"}'
    assert dict(amd.read(Answer(404, body)).detections) == {}
    with pytest.raises(ApiError):
        campaigns.read(Answer(404, body))
