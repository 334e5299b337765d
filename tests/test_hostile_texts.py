"""Texts made to be slow to read: whatever an answer is made of, reading it takes as long as it is large."""

import json
from collections.abc import Callable

import pytest

from support.growth import LINEAR, growth
from wolkvox_exporter.api import response
from wolkvox_exporter.api.campaign_name import campaign_name
from wolkvox_exporter.api.reports import agents, campaigns, skills
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.cli.masking import without_names

GOOD: dict[str, object] = {**dict.fromkeys(campaigns.FIELDS), "campaign": "4875 - A"}


@pytest.mark.parametrize(
    ("before", "piece", "after", "size"),
    [
        ("4875 - A😀", " -strategy()", "", 200_000),
        ("4875 - A", " - tel1 ()", "", 40_000),
        ("4875 - A", " tel1()", "", 40_000),
        ("4875 - A", " - tel1 () - Autopilot (x)", "", 40_000),
        ("4875 - A - tel1 ()", " ", "tel1 ()", 40_000),
        ("4875 - A - strategy (", "(a)", ")", 40_000),
        ("4875 - A - strategy (", "(a)", "))", 40_000),
        ("4875 - A - tel", "1", " (5%)", 40_000),
        ("4", "8", "x", 40_000),
        ("4875", " ", "x", 40_000),
        ("4875 - A", " -", "", 40_000),
        ("4875 - A", "()", "", 40_000),
    ],
)
def test_a_campaign_string_of_any_length_is_read_once(before: str, piece: str, after: str, size: int) -> None:
    """If a campaign's name is made of suffixes, spaces or parentheses, then it is read in time linear in its length."""
    assert growth(campaign_name, piece, size, before=before, after=after) < LINEAR


@pytest.mark.parametrize(
    ("before", "piece", "after"),
    [
        (b'["', rb"\"", b""),
        (b'["', rb"\\", b""),
        (b'["', b"a", b""),
        (b"[", b'"",', b""),
        (b'[""', b" ", b""),
        (b"<", b"<a", b""),
        (b"", b"tel1 ", b""),
        (b'["', rb"\u00e9", b'"]'),
    ],
)
def test_a_reply_of_any_length_is_masked_once(before: bytes, piece: bytes, after: bytes) -> None:
    """If a reply that is kept is no JSON, or one long string, then masking it takes time linear in its length."""
    assert growth(without_names, piece, 20_000, before=before, after=after) < LINEAR


@pytest.mark.parametrize(
    ("before", "piece", "after"),
    [
        (b'[{"agent_id": ', b'["7",', b""),
        (b'[{"agent_id": ', b'{"a": 7,', b""),
        (b"[", b'{"agent_name": "A 7"},', b"{}]"),
        (b'["', rb"\u0061", b'"]'),
        (b"[", b"77,", b"7]"),
        (b'{"inbound": "', b"7,", b'"}'),
    ],
)
def test_a_reply_about_people_is_masked_once(before: bytes, piece: bytes, after: bytes) -> None:
    """If a reply about people is nested, or one long text, then masking it takes time linear in its length."""

    def mask(body: bytes) -> str:
        return without_names(body, about_people=True)

    assert growth(mask, piece, 20_000, before=before, after=after) < LINEAR


@pytest.mark.parametrize(
    ("read", "before", "piece", "after"),
    [
        (skills.read, b"[", b'{"skill_id": "4000"},', b'{"skill_id": "4001"}]'),
        (skills.read, b"[", b'{"skill_id": ""},', b'{"skill_id": "4001"}]'),
        (agents.read, b"[", b'{"agent_status": "Pausa", "login_time": "1:00:00"},', b'{"agent_status": "A"}]'),
        (agents.read, b"[", b'{"agent_status": "", "login_time": "?"},', b'{"agent_status": "A"}]'),
    ],
)
def test_rows_of_skills_and_agents_are_read_once(
    read: Callable[[Answer], object], before: bytes, piece: bytes, after: bytes
) -> None:
    """If an answer has many rows of the same skill, or without one, then reading it takes time linear in its size."""
    assert growth(lambda body: read(Answer(200, body)), piece, 20_000, before=before, after=after) < LINEAR


def test_many_states_are_read_once() -> None:
    """If every agent has a state of its own, then reading takes as long as there are agents, but for sorting them."""

    def answer(number: int) -> Answer:
        return Answer(200, json.dumps([{"agent_status": f"Pausa {place}"} for place in range(number)]).encode())

    assert len(agents.read(answer(20_000)).agents.statuses) == 4 + 50 + 1


@pytest.mark.parametrize(
    ("before", "piece", "after"),
    [
        (b"[", b'{"campaign": "4875 - A"},', b"{}]"),
        (b"[", b"{},", b"{}"),
        (b"[", b'"\\"\\"\\"",', b'""]'),
        (b"", b" ", b"[]"),
        (b"[", b" ", b"]"),
        (b"[]", b" ", b""),
        (b"[]", b" ", b"x"),
        (b"x", b"{ ", b""),
        (b"x{", b" ", b""),
        (b"", b"[", b""),
        (b"{", b'"data": [],', b'"x": 1}'),
        (b'["', rb"\ud83d", b'"]'),
    ],
)
def test_an_answer_of_any_size_is_read_once(before: bytes, piece: bytes, after: bytes) -> None:
    """If an answer is made of many rows, spaces, brackets or escapes, then reading it takes time linear in its size."""

    def read(body: bytes) -> object:
        return response.read(Answer(200, body), list, "campaign")

    assert growth(read, piece, 150_000, before=before, after=after) < LINEAR


TOO_LONG = {
    "campaign": (f"4875 - {'A' * 994}", {"campaign": 1}, [("4876", "B")]),
    "skill_id": ("9" * 1001, {"skill_id": 1}, [("4875", "A"), ("4876", "B")]),
    "dial": ("0" * 1000 + "7", {"dial": 1}, [("4875", "A"), ("4876", "B")]),
}
"""By field: a text of 1,001 characters, what is counted, and what is published."""


@pytest.mark.parametrize("field", TOO_LONG)
def test_a_text_longer_than_any_name_is_unreadable_and_never_cut(field: str) -> None:
    """If a text has one character more than a thousand, then it is counted and left out; at the limit it is read."""
    text, counted, published = TOO_LONG[field]
    for written, unread in ((text, counted), (text[:-1], {})):
        rows = [GOOD | {field: written}, GOOD | {"campaign": "4876 - B"}]
        report = campaigns.read(Answer(200, json.dumps(rows).encode()))
        assert dict(report.unread.counts) == unread
        assert unread == {} or [(row.id, row.name) for row in report.campaigns] == published
        assert field in unread or len(report.campaigns) == 2
