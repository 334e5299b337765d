"""What a single value of the API is worth."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wolkvox_exporter.api import values

LOOSE_TEXTS = [
    "-1",
    "+1",
    "nan",
    "inf",
    "Infinity",
    "1e5",
    "1_000",
    "0x10",
    "1.",
    ".5",
    "1..2",
    "1.2.3",
    "12,34",
    "1,2345",
    ",123",
    "0,500",
    "012,345",
    "1,23.4",
    "1 000",
    "٣",
    "½",
    "five",
    "1%",
    "$1",
    "9" * 400,
]


@pytest.mark.parametrize(
    ("written", "number"),
    [("0", 0.0), ("1", 1.0), ("1,234", 1234.0), ("12,345,678.5", 12345678.5), ("0042", 42.0), (" 7 ", 7.0)],
)
def test_counts_are_read_as_the_api_writes_them(written: str, number: float) -> None:
    """A count is digits, with commas between groups of three and one point."""
    assert number == values.count(written)


@pytest.mark.parametrize(
    ("written", "ratio"),
    [("0.00 %", 0.0), ("110%", 1.1), ("9,336.00 %", 93.36), ("15,233.33 %", 152.3333), ("12.34%", 0.1234)],
)
def test_percentages_become_unclamped_ratios(written: str, ratio: float) -> None:
    """A percentage is divided by a hundred and may exceed 1, with or without the space."""
    assert ratio == values.percentage(written)


@pytest.mark.parametrize("blank", ["", " ", "\t\n", None])
@pytest.mark.parametrize(
    "reader", [values.count, values.percentage, values.count_of_pair, values.share_of_pair, values.state]
)
def test_blank_values_are_missing_and_not_zero(reader: values.Reader, blank: str | None) -> None:
    """A blank value gives no number, and no complaint."""
    assert reader(blank) is None


@pytest.mark.parametrize("written", LOOSE_TEXTS)
def test_loose_texts_are_no_counts(written: str) -> None:
    """Whatever the API does not document is refused rather than guessed."""
    with pytest.raises(values.Unreadable):
        values.count(written)


@pytest.mark.parametrize("written", ["110", "1 % %", "%", "-1%", "1e2%", "nan%", "1,2%", "5 percent", "1  %"])
def test_a_percentage_needs_its_sign(written: str) -> None:
    """`110` might be 1.1 or 110, so it is neither."""
    with pytest.raises(values.Unreadable):
        values.percentage(written)


@pytest.mark.parametrize("value", [True, 1.5, 3, [], {}, ["1"]])
def test_only_text_is_read(value: object) -> None:
    """Numbers arrive as the text they were; anything else is unreadable."""
    with pytest.raises(values.Unreadable):
        values.count(value)


def test_hits_are_a_count_and_a_share() -> None:
    """`1,012 (3.50 %)` is 1012 hits and a share of 0.035."""
    assert values.count_of_pair("1,012 (3.50 %)") == 1012.0
    assert values.share_of_pair("1,012 (3.50 %)") == 0.035


@pytest.mark.parametrize("written", ["12", "12 (3.5)", "(3.5 %)", "12 3.5 %", "12 (3.5 %) x", "-1 (0.00 %)"])
def test_half_a_pair_is_no_pair(written: str) -> None:
    """Hits without their share, or the reverse, are unreadable as a whole."""
    for reader in (values.count_of_pair, values.share_of_pair):
        with pytest.raises(values.Unreadable):
            reader(written)


@pytest.mark.parametrize(
    ("written", "state"),
    [
        ("started", 1),
        ("Started", 1),
        ("STARTED", 1),
        (" started ", 1),
        ("stopped", 0),
        ("Stopped\n", 0),
        ("sTOPPED", 0),
    ],
)
def test_a_state_is_read_in_any_letter_case(written: str, state: float) -> None:
    """If a campaign is `Started`, as the vendor's own pages write it, then it is started."""
    assert values.state(written) == state


@pytest.mark.parametrize(
    "written", ["paused", "start", "started!", "not started", "\u017ftarted", "1", "true", "s tarted"]
)
def test_only_two_states_are_known(written: str) -> None:
    """If the word is a new one, or not quite one of the two, then it has no sample."""
    with pytest.raises(values.Unreadable):
        values.state(written)


BEYOND = {"by one": 10**15 + 1, "by a digit": 10**16 - 1, "finite, and infinite twice": 17 * 10**307}


@pytest.mark.parametrize("number", BEYOND.values(), ids=BEYOND)
def test_a_number_that_no_list_can_reach_is_unreadable(number: int) -> None:
    """If a count is beyond 10^15, or a share is, then it is none: a counter of such would never be right again."""
    for reader, text in (
        (values.count, f"{number}"),
        (values.count, f"{number:,}"),
        (values.count, f"{number}.00"),
        (values.percentage, f"{100 * number:,} %"),
        (values.count_of_pair, f"{number} (0.00 %)"),
        (values.share_of_pair, f"0 ({100 * number}.00 %)"),
    ):
        with pytest.raises(values.Unreadable):
            reader(text)


def test_the_largest_number_is_read() -> None:
    """If a count is 10^15, then it is read, and so is a share."""
    assert values.count("1,000,000,000,000,000") == 1e15
    assert values.percentage("100,000,000,000,000,000.00 %") == 1e15


def test_text_that_no_label_can_carry_is_mended() -> None:
    """Half a surrogate pair, which JSON can spell, does not break the exposition."""
    assert values.text("a\ud800b") == "a?b"


@given(st.integers(min_value=0, max_value=10**12), st.integers(min_value=0, max_value=6), st.booleans())
def test_every_documented_way_to_write_a_number_is_read_exactly(units: int, decimals: int, grouped: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """Grouped or not, whole or with decimals: the nearest float to what was written, also as a percentage."""
    exact = Fraction(units, 10**decimals)
    whole, rest = divmod(units, 10**decimals)
    written = f"{whole:,}" if grouped else str(whole)
    if decimals:
        written += f".{rest:0{decimals}}"
    assert float(exact) == values.count(written)
    assert float(exact / 100) == values.percentage(f"{written} %")


@given(st.text())
def test_no_text_makes_a_reader_fail_otherwise(written: str) -> None:
    """Any text is a finite number from 0 up, missing, or unreadable."""
    for reader in (values.count, values.percentage, values.count_of_pair, values.share_of_pair, values.state):
        try:
            number = reader(written)
        except values.Unreadable:
            continue
        assert number is None or (number >= 0 and math.isfinite(number))
