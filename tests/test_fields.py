"""Every field is written down by hand once, with what it says."""

import json
from collections.abc import Callable, Mapping
from typing import Protocol

import pytest

from support.fields import BY_HAND, READ, WRITTEN, by_hand, good_row, said
from wolkvox_exporter.api.fields import Unread
from wolkvox_exporter.api.reports import agents, amd, campaigns, quota, skills
from wolkvox_exporter.api.response import Answer


class Read(Protocol):
    """What was read of a report."""

    @property
    def unread(self) -> Unread: ...  # noqa: D102


def answer(report: str) -> Answer:
    """Return an answer of one good row."""
    return Answer(200, json.dumps([good_row(report)]).encode())


@pytest.mark.parametrize("report", READ)
def test_every_field_that_is_read_is_written_by_hand(report: str) -> None:
    """If a field is added to the table of its report, then this says where a person writes down what it says."""
    assert set(READ[report]) == set(WRITTEN[report]), BY_HAND


def test_every_field_says_what_is_written_by_hand() -> None:
    """If every value of a row is good, then each is read as a person reads it."""
    (campaign,) = campaigns.read(answer("campaigns")).campaigns
    assert said("campaigns", campaign.values) == by_hand("campaigns")
    (skill,) = skills.read(answer("skills")).skills
    assert said("skills", skill.values) == by_hand("skills")
    totals = agents.read(answer("agents")).agents
    assert said("agents", {**totals.sums, "time_state_now": totals.longest["ready"]}) == by_hand("agents")
    assert said("quota", quota.read(answer("quota")).calls) == by_hand("quota")
    assert dict(amd.read(answer("amd")).detections) == {"4875": by_hand("amd")["total_amd"]}


@pytest.mark.parametrize("report", READ)
def test_every_documented_example_can_be_read(report: str) -> None:
    """If the documentation's examples make a row, then nothing in it is unreadable."""
    row = {key: field.example for key, field in READ[report].items()}
    read: Mapping[str, Callable[[Answer], Read]] = {
        "campaigns": campaigns.read,
        "skills": skills.read,
        "agents": agents.read,
        "amd": amd.read,
        "quota": quota.read,
    }
    assert not read[report](Answer(200, json.dumps([row]).encode())).unread.counts
