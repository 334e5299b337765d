"""A small share of `make fuzz`, and whether it would notice."""

from collections.abc import Iterator

import pytest

from fuzz import oracle, runs
from fuzz.oracle import UNREADABLE, Labels
from support.canary import debug_log


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Give the log back as it was: a run of its own configures it."""
    with debug_log("logfmt"):
        yield


def test_no_answer_breaks_the_pipeline_or_makes_it_lie() -> None:
    """If the API answers with anything, then what is published stands in the answer, or the poll has failed once."""
    assert runs.bodies(500, start=1) > 400


@pytest.mark.parametrize(
    ("value", "how", "said"),
    [
        ("1,234.5", "count", 1234.5),
        ("9,336.00 %", "ratio", 93.36),
        ("110%", "ratio", 1.1),
        ("12 (3.50 %)", "hits", 12.0),
        ("12 (3.50 %)", "hit share", 0.035),
        ("stopped", "state", 0.0),
        (" Started", "state", 1.0),
        ("halted", "state", UNREADABLE),
        ("1" + "0" * 15, "count", 1e15),
        ("1" + "0" * 14 + "1", "count", UNREADABLE),
        ("1" + "0" * 17 + " %", "ratio", 1e15),
        ("1" + "0" * 1000, "count", UNREADABLE),
        (" ", "count", None),
        (None, "ratio", None),
        *(
            (text, "count", UNREADABLE)
            for text in ("-1", "nan", "1e5", "1_000", "12,34", "0,500", "1%", "٣", "9" * 400)
        ),
        *((text, "ratio", UNREADABLE) for text in ("110", "1 % %", "1,2%")),
        *((text, "hits", UNREADABLE) for text in ("12", "12 (3.5)", "(3.5 %)")),
        (True, "count", UNREADABLE),
    ],
)
def test_the_second_reading_reads_as_documented(value: object, how: str, said: float | str | None) -> None:
    """If a value is written as documented, then the oracle reads it, and otherwise it does not."""
    assert said == oracle.reading(value, how)


@pytest.mark.parametrize(
    ("campaign", "labels", "allowed"),
    [
        ("4875 - A - tel1 (100%)", Labels("A", "4875", ""), True),
        ("4875 - A - B", Labels("A - B", "4875", ""), True),
        ("4875 - A - B", Labels("A", "4875", ""), False),
        ("4875 - A", Labels("A", "487", ""), False),
        ("4875 - A", Labels("4875 - A", "", ""), False),
        ("Cobranza", Labels("Cobranza", "", ""), True),
    ],
)
def test_a_label_must_stand_in_its_row(campaign: str, labels: Labels, *, allowed: bool) -> None:
    """If something was cut off a campaign that is neither id nor suffix, then the oracle says so."""
    assert allowed == oracle.may_be_labelled({"campaign": campaign}, labels)
