"""What the page says of when reports were last asked, and why they are not."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from support.landing import GOOD, INTERVAL, NOW, failing, operation, polled, read, rendered, waiting
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.polling.snapshot import ReportState

LATE = "look in the exporter's log for what takes so long"


def asked(state: ReportState, ago: float | None, held: str | None = None) -> ReportState:
    """Return a report whose last call began so many seconds ago."""
    return replace(state, last_attempt=None if ago is None else NOW - ago, held=held)


def test_an_attempt_since_the_last_success_is_shown() -> None:
    """If a report was asked since its last good data, then the page says when, with the time in UTC behind it."""
    page = rendered(operation("soporte-mx", asked(failing(polled(age=400)), 131)))

    last = '<time datetime="2026-03-04T11:57:49Z" title="2026-03-04 11:57:49 UTC">2 min 11 s ago</time>'
    assert page.count("last attempt") == 1
    assert f"<small>last attempt {last}</small>" in page


def test_an_attempt_without_any_success_is_shown() -> None:
    """If a report never brought data, then the page says when it was last asked."""
    assert "none yet last attempt 2 min 11 s ago" in read(operation("nueva", asked(failing(waiting()), 131))).text


def test_the_attempt_that_succeeded_is_no_news() -> None:
    """If the last call is the one that brought the data, then their age says it all."""
    assert "last attempt" not in read(operation("ventas-co", asked(polled(age=72), 73.24))).text


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ("token", "not asked: token refused or missing"),
        ("quota", "not asked: the day's calls are used up"),
        ("reserve", "not asked: the calls that are left today are kept for others (quota_reserve)"),
        ("idle", "nothing to ask: no campaign was started today"),
        ("<b>", "not asked: <b>"),
    ],
)
def test_why_a_report_is_not_asked(held: str, words: str) -> None:
    """If a report is held back, then the page says why in words, once for all that are held back alike."""
    one = read(operation("ventas-co", None, asked(polled(), 73.24, held))).text
    both = read(operation("ventas-co", asked(polled(), 73.24, held), asked(polled(), 73.24, held))).text

    assert f" amd: {words} " in one
    assert f" campaigns, amd: {words} " in both
    assert both.count(words) == 1


@pytest.mark.parametrize("state", [waiting(), polled(age=36_000)], ids=["never asked", "asked yesterday"])
def test_nothing_to_ask_is_no_trouble(state: ReportState) -> None:
    """If there is nothing to ask, then the operation neither waits nor needs attention, however old the data are."""
    page = read(operation("encuestas", None, asked(state, None, "idle")))

    assert "1 operation up to date" in page.text
    assert "✓ Idle" in page.text
    assert "✕" not in page.text
    assert "What to do" not in page.text


def test_nothing_to_ask_hides_no_failure() -> None:
    """If a report failed and has nothing to ask since, then it is still shown as failing."""
    text = read(operation("encuestas", None, asked(failing(polled()), 131, "idle"))).text

    assert "1 operation needs attention" in text
    assert "✕ Failing" in text


def test_fresh_data_are_up_while_there_is_nothing_to_ask() -> None:
    """If there is nothing to ask and the last data are still shown, then the report is up."""
    assert "✓ Idle" not in read(operation("encuestas", None, asked(polled(), 73.24, "idle"))).text


@pytest.mark.parametrize(
    ("interval", "ago", "words"),
    [
        (300, 720, None),
        (300, 721, "12 min 1 s"),
        (300, 7_800, "2 h 10 min"),
        (3_600, 7_320, None),
        (3_600, 7_321, "2 h 2 min"),
        (300, -3_600, None),
    ],
)
def test_a_report_that_is_not_asked_although_due(interval: float, ago: float, words: str | None) -> None:
    """If a report was last asked more than two intervals and two minutes ago, then that needs attention."""
    text = read(operation("ventas-co", asked(replace(polled(), interval=interval), ago))).text

    assert (f"campaigns: not asked for {words} although due What to do: {LATE}" in text) == bool(words)
    assert ("1 operation needs attention" in text, "✕ Not asked" in text) == (bool(words), bool(words))


@pytest.mark.parametrize("held", ["token", "quota", "reserve", "idle"])
def test_what_is_held_back_is_not_late(held: str) -> None:
    """If a report is held back, then it is not said to be late, however long that takes."""
    text = read(operation("ventas-co", asked(polled(), 90_000, held))).text

    assert "although due" not in text
    assert "Not asked" not in text


@pytest.mark.parametrize(("overdue", "is_late"), [(-24, False), (420, False), (421, True)])
def test_a_report_that_is_never_asked(overdue: float, *, is_late: bool) -> None:
    """If a report was never asked, an interval and two minutes after its first poll was due, then the page says so."""
    state = replace(waiting(), interval=INTERVAL, next_poll=NOW - overdue)
    text = read(operation("nueva", state)).text

    assert ("campaigns: not asked yet although due" in text) == is_late
    assert ("1 operation needs attention" in text) == is_late
    assert ("1 operation waiting for the first poll" in text) != is_late


def test_late_reports_are_shown_together() -> None:
    """If several reports are late, then the remedy is read once, and stands in for that of data grown stale."""
    state = asked(polled(age=3_700), 3_702)
    text = read(operation("ventas-co", state, asked(state, 900))).text

    assert "campaigns: not asked for 1 h 1 min although due amd: not asked for 15 min although due" in text
    assert text.count("What to do") == 1
    assert "no poll has ended" not in text


def test_late_and_failed_is_shown_as_both() -> None:
    """If a report failed and was not asked since, then the page says both, each with what to do."""
    text = read(operation("soporte-mx", asked(failing(polled()), 900))).text

    assert "campaigns failed 2 min 10 s ago" in text
    assert "campaigns: not asked for 15 min although due" in text
    assert "✕ Failing" in text


def test_attempts_that_nobody_noted_are_not_guessed() -> None:
    """If a state of an earlier version says nothing of attempts, then the page does not guess."""
    old = replace(GOOD, reports=MappingProxyType({ReportName.CAMPAIGNS: polled(age=800, next_in=-3_400)}))

    assert "1 operation up to date" in read(old).text
    assert "although due" not in read(old).text
