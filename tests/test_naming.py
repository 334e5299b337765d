"""What the campaign string of the report says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wolkvox_exporter.api.campaign_name import CampaignName, campaign_name, leading_id
from wolkvox_exporter.api.values import Unreadable


def named(identity: str, name: str, *phones: tuple[str, float], unreadable: bool = False) -> CampaignName:
    """Return what a campaign string is expected to say."""
    return CampaignName(identity, name, phones, unreadable)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("4875 - MY CAMPAIGN - tel1 (100%)", named("4875", "MY CAMPAIGN", ("tel1", 1.0))),
        ("4875 - MY CAMPAIGN", named("4875", "MY CAMPAIGN")),
        ("4875 - A - Strategy (best hour, 3 tries)", named("4875", "A")),
        ("4875 - A - Strategy (a - b (c))", named("4875", "A")),
        ("4875 - A - Autopilot (nivel 2)", named("4875", "A")),
        ("4875 - A - AUTOPILOT (x) - tel1 (5%)", named("4875", "A", ("tel1", 0.05))),
        ("4875 - A - tel1 (60%) - tel2 (40.5 %)", named("4875", "A", ("tel1", 0.6), ("tel2", 0.405))),
        ("4875 - A - tel1 (60%), tel2 (40%)", named("4875", "A", ("tel1", 0.6), ("tel2", 0.4))),
        ("4875 - A - tel1 (60%) tel10 (9,336.00 %)", named("4875", "A", ("tel1", 0.6), ("tel10", 93.36))),
        ("4875 - Norte - Sur - tel1 (0%)", named("4875", "Norte - Sur", ("tel1", 0.0))),
        ('10234 - Mora (30+) "VIP" ñ|x - tel1 (7%)', named("10234", 'Mora (30+) "VIP" ñ|x', ("tel1", 0.07))),
        ("4875 - línea uno\nlínea dos - tel1 (1%)", named("4875", "línea uno\nlínea dos", ("tel1", 0.01))),
        ("4875 - zona (50%) - tel1 (1%)", named("4875", "zona (50%)", ("tel1", 0.01))),
        ("4875 - tel1 (50%) de paso - tel1 (1%)", named("4875", "tel1 (50%) de paso", ("tel1", 0.01))),
        ("4875 - 2026 - 11 - tel1 (1%)", named("4875", "2026 - 11", ("tel1", 0.01))),
        ("4875 - tel1 (100%)", named("4875", "", ("tel1", 1.0))),
        ("4875 -  - tel1 (100%)", named("4875", "", ("tel1", 1.0))),
        ("4875", named("4875", "")),
        ("4875 - A - tel1 ()", named("4875", "A")),
    ],
)
def test_id_name_and_phones_are_told_apart(written: str, expected: CampaignName) -> None:
    """The id stands in front, the suffixes at the end, and the name is all between, whatever it holds."""
    assert expected == campaign_name(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Cobranza - tel1 (5%)", named("", "Cobranza", ("tel1", 0.05), unreadable=True)),
        ("2026 Cobranza", named("", "2026 Cobranza", unreadable=True)),
        ("15-30 días - tel1 (5%)", named("", "15-30 días", ("tel1", 0.05), unreadable=True)),
        ("٤٨٧٥ - A", named("", "٤٨٧٥ - A", unreadable=True)),
        ("4875 - A - tel1 (1e2%)", named("4875", "A", unreadable=True)),
        ("4875 - A - tel1 (100)", named("4875", "A", unreadable=True)),
        ("4875 - A - tel1 (5%) tel1 (6%)", named("4875", "A", ("tel1", 0.05), unreadable=True)),
    ],
)
def test_what_is_missing_is_said_and_not_made_up(written: str, expected: CampaignName) -> None:
    """Without an id the text stays the name; a phone whose share cannot be read has no sample; both are told."""
    assert expected == campaign_name(written)


def test_an_id_column_may_carry_the_name_too() -> None:
    """Of `4875 - NAME` the id is the leading digits, and a column without digits has none."""
    assert leading_id("4875 - NAME") == "4875"
    with pytest.raises(Unreadable):
        leading_id("NAME")


PHONES = st.lists(st.tuples(st.integers(1, 10), st.integers(0, 10_000)), unique_by=lambda phone: phone[0], max_size=10)
NAMES = st.text(alphabet=st.sampled_from("aé ñ-()|\"'%,.0123456789\n"), max_size=40).map(str.strip)


@given(st.integers(1, 99_999), NAMES.filter(lambda name: "tel" not in name), PHONES)
def test_any_name_comes_back_unchanged(number: int, name: str, phones: list[tuple[int, int]]) -> None:
    """Whatever a supervisor calls a campaign: id, name and phones are those that were put together."""
    suffix = "".join(f" - tel{column} ({percent / 100:.2f}%)" for column, percent in phones)
    shares = tuple((f"tel{column}", float(f"{percent}e-4")) for column, percent in phones)
    read = campaign_name(f"{number} - {name}{suffix}")
    assert (str(number), shares, False) == (read.id, read.phones, read.unreadable)
    assert name.removeprefix("-").strip() == read.name.removeprefix("-").strip()


@given(st.text())
def test_any_text_has_a_name(written: str) -> None:
    """No text breaks the reader, and no phone gets a share below zero."""
    read = campaign_name(written)
    assert all(share >= 0 for _, share in read.phones)
    assert read.unreadable or read.id.isdigit()
