import re
from dataclasses import replace
from types import MappingProxyType

import pytest

from support.landing import BAD, GOOD, NOW, WAITING, failing, operation, polled, read, rendered
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.api.reports.campaigns import Campaign
from wolkvox_exporter.polling.snapshot import Snapshot


@pytest.mark.parametrize(
    ("snapshots", "verdict"),
    [
        ((), "No operations are configured"),
        ((GOOD,), "1 operation up to date"),
        ((GOOD, GOOD, GOOD), "All 3 operations up to date"),
        ((BAD,), "1 operation needs attention"),
        ((GOOD, BAD, GOOD), "1 of 3 operations needs attention"),
        ((BAD, BAD, GOOD), "2 of 3 operations need attention"),
        ((GOOD, WAITING), "1 of 2 operations waiting for the first poll"),
    ],
)
def test_verdict(snapshots: tuple[Snapshot, ...], verdict: str) -> None:
    """One line, also in the browser's tab, says whether anything needs a person."""
    page = rendered(*snapshots)

    assert f"<strong>{verdict}</strong>" in page
    assert f" {verdict} · wolkvox-exporter</title>" in page


def test_verdict_tells_of_the_others() -> None:
    """Where some operations are in trouble, the page also says how many wait and how many are fine."""
    assert (
        "1 of 3 operations needs attention 1 waiting for the first poll, 1 up to date" in read(GOOD, WAITING, BAD).text
    )


def test_trouble_comes_first() -> None:
    """Operations in trouble stand at the top, then those that wait, and equals keep the order of the configuration."""
    other = operation("encuestas")

    assert read(GOOD, other, WAITING, BAD).headings == ["soporte-mx", "cobranza-pe", "ventas-co", "encuestas"]


def test_trouble_says_what_happened_and_what_to_do() -> None:
    """A failing report is shown with the time, the reason, what happened and the remedy."""
    text = read(BAD).text

    assert "campaigns failed 2 min 10 s ago, reason token: wolkvox answered 401" in text
    assert "What to do: replace the token" in text
    assert "✕ Failing" in text
    assert "still published, withdrawn in 14 min" in text


def test_one_remedy_for_reports_that_fail_alike() -> None:
    """A remedy that helps both reports is read once."""
    text = read(operation("soporte-mx", failing(polled()), failing(polled(), detail="not asked"))).text

    assert text.count("What to do: replace the token") == 1
    assert "amd failed 2 min 10 s ago, reason token: not asked" in text


def test_stale_data_are_called_stale() -> None:
    """Data too old to be published are said to be withdrawn, also while no failure is known."""
    page = read(operation("soporte-mx", polled(age=3_700, next_in=-3_400)))

    assert "1 operation needs attention" in page.text
    assert "✕ Stale" in page.text
    assert "1 h 1 min ago ✕ stale, withdrawn" in page.text
    assert "campaigns: no poll has ended since the last good one" in page.text
    assert "due 57 min ago" in page.text
    assert "no campaigns published" in page.text


def test_failing_report_with_stale_data() -> None:
    """A report that has failed for long shows both facts: it fails, and its data are withdrawn."""
    text = read(operation("soporte-mx", failing(polled(age=7_200)))).text

    assert "✕ Failing" in text
    assert "2 h ago ✕ stale, withdrawn" in text
    assert "no poll has ended" not in text


def test_waiting_is_said() -> None:
    """Before its first poll an operation is no failure: the page says that it waits, and until when."""
    snapshot = replace(WAITING, token_valid=None, quota_exhausted=None)
    text = read(snapshot).text

    assert "… Waiting for first poll" in text
    assert "… Waiting" in text
    assert "none yet" in text
    assert "in 24 s" in text
    assert "token not checked yet" in text
    assert "What to do" not in text


def test_facts_of_an_operation() -> None:
    """The page counts what is published and what runs, without the list of campaigns."""
    campaigns = tuple(Campaign(str(state), "Renovaciones", "", (), {"status": state}) for state in (1.0, 0.0, 1.0))
    text = read(replace(GOOD, campaigns=campaigns)).text

    assert "3 campaigns published, 2 started" in text
    assert "token accepted" in text
    assert "Renovaciones" not in text


def test_refused_token_and_exhausted_quota() -> None:
    """A refused token and a used-up quota need attention, each in words."""
    text = read(replace(GOOD, token_valid=False, quota_exhausted=True)).text

    assert "1 operation needs attention" in text
    assert "✕ token refused" in text
    assert "✕ quota of the day exhausted" in text


def test_counts_of_a_report() -> None:
    """Duration, number of polls and number of failures stand beside the state, each under its name."""
    page = rendered(operation("ventas-co", failing(replace(polled(), polls=12_344))))

    assert '<td data-label="Took">800 ms</td>' in page
    assert '<td data-label="Polls">12,345</td>' in page
    assert '<td data-label="Failed">1</td>' in page


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "1 ms"), (0.0004, "1 ms"), (0.0118, "12 ms"), (0.9994, "999 ms"), (0.9996, "1.0 s"), (64.96, "65.0 s")],
)
def test_how_long_a_poll_took(seconds: float, words: str) -> None:
    """A fast answer is told in milliseconds, so that none seems to have taken no time."""
    page = rendered(operation("ventas-co", replace(polled(), duration=seconds)))

    assert f'<td data-label="Took">{words}</td>' in page


def test_unreadable_values_are_counted_by_field() -> None:
    """Values that could not be read are told by field, and they alone put no operation in trouble."""
    text = read(operation("ventas-ar", polled(unreadable={"dial": 12}))).text

    assert "! campaigns: 12 unreadable values left out since the start (dial: 12); the log shows examples" in text
    assert "1 operation up to date" in text


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (-3, "just now"),
        (4.9, "just now"),
        (5, "5 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (130, "2 min 10 s ago"),
        (10_800, "3 h ago"),
        (11_130, "3 h 5 min ago"),
        (187_200, "2 d 4 h ago"),
    ],
)
def test_ages(age: float, words: str) -> None:
    """An age is read without arithmetic: the largest unit and the one below."""
    snapshot = replace(GOOD, reports={ReportName.CAMPAIGNS: replace(polled(), last_success=NOW - age)})

    assert f'<td data-label="Last good data">{words}</td>' in re.sub("</?time[^>]*>", "", rendered(snapshot))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (172_800, "in 2 d"),
        (7_200, "in 2 h"),
        (180, "in 3 min"),
        (89, "in 89 s"),
        (0.4, "now"),
        (-60, "now"),
        (-600, "due 10 min ago"),
    ],
)
def test_next_poll(seconds: float, words: str) -> None:
    """The next poll is told roughly, and one that is long overdue as such."""
    page = rendered(operation("ventas-co", polled(next_in=seconds)))

    assert f'UTC">{words}</time></td><td data-label="Took">' in page


def test_report_that_is_off() -> None:
    """A report that is not polled is not shown."""
    snapshot = Snapshot("ventas-co", MappingProxyType({ReportName.CAMPAIGNS: polled()}), token_valid=True)

    assert " amd" not in read(snapshot).text
