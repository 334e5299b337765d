import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from types import MappingProxyType

import pytest

from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.api.reports.campaigns import Campaign
from wolkvox_exporter.polling.snapshot import Attempt, ReportState, Snapshot, Trouble
from wolkvox_exporter.web.landing import Overview, render

NOW = 1_772_625_600.0
"""2026-03-04 12:00:00 UTC."""
MONOTONIC = 50_000.0
INTERVAL = 300.0
STALE_AFTER = 900.0
VOID = {"meta", "link", "img", "br", "hr", "input"}
INLINE = {"a", "b", "code", "span", "time"}


class _Reader(HTMLParser):
    """Reads a page as a browser would: its elements, their text as people see it, and what is left open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.headings: list[str] = []
        self.feed(page)
        self.close()

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def values(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(attribute)) is not None]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.words += [] if tag in INLINE else [" "]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.words += [] if tag in INLINE else [" "]

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.words.append(data)
        if "h2" in self.open:
            self.headings.append(data)


def _state(age: float = 72.0, next_in: float = 180.0, unreadable: Mapping[str, int] | None = None) -> ReportState:
    attempt = Attempt(NOW - age, 1.24, MappingProxyType({"200": 1}))
    state = ReportState.initial(INTERVAL, STALE_AFTER, ("dial", "hits")).read(unreadable or {}, MONOTONIC - age)
    return replace(state.succeeded(attempt), next_poll=NOW + next_in)


def _failing(state: ReportState, reason: Reason = Reason.TOKEN, detail: str = "wolkvox answered 401") -> ReportState:
    trouble = Trouble(reason, detail, "replace the token", NOW - 130)
    return state.failed(Attempt(NOW - 130, 0.8, MappingProxyType({"401": 1})), trouble)


def _waiting() -> ReportState:
    return replace(ReportState.initial(INTERVAL, STALE_AFTER, ("dial",)), next_poll=NOW + 24)


def _operation(name: str, campaigns: ReportState | None = None, amd: ReportState | None = None) -> Snapshot:
    reports = {ReportName.CAMPAIGNS: campaigns or _state(), ReportName.AMD: amd or _state()}
    return Snapshot(name, MappingProxyType(reports), token_valid=True, quota_exhausted=False)


def _page(*snapshots: Snapshot, telemetry_path: str = "/metrics") -> str:
    return render(Overview("0.4.2", NOW, MONOTONIC, telemetry_path, snapshots))


def _read(*snapshots: Snapshot) -> _Reader:
    return _Reader(_page(*snapshots))


GOOD = _operation("ventas-co")
BAD = _operation("soporte-mx", _failing(_state()))
WAITING = _operation("cobranza-pe", _waiting(), _waiting())


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
    page = _page(*snapshots)

    assert f"<strong>{verdict}</strong>" in page
    assert f" {verdict} · wolkvox-exporter</title>" in page


def test_verdict_tells_of_the_others() -> None:
    """Where some operations are in trouble, the page also says how many wait and how many are fine."""
    assert (
        "1 of 3 operations needs attention 1 waiting for the first poll, 1 up to date" in _read(GOOD, WAITING, BAD).text
    )


def test_trouble_comes_first() -> None:
    """Operations in trouble stand at the top, then those that wait, and equals keep the order of the configuration."""
    other = _operation("encuestas")

    assert _read(GOOD, other, WAITING, BAD).headings == ["soporte-mx", "cobranza-pe", "ventas-co", "encuestas"]


def test_trouble_says_what_happened_and_what_to_do() -> None:
    """A failing report is shown with the time, the reason, what happened and the remedy."""
    text = _read(BAD).text

    assert "campaigns failed 2 min 10 s ago, reason token: wolkvox answered 401" in text
    assert "What to do: replace the token" in text
    assert "✕ Failing" in text
    assert "still published, withdrawn in 14 min" in text


def test_one_remedy_for_reports_that_fail_alike() -> None:
    """A remedy that helps both reports is read once."""
    text = _read(_operation("soporte-mx", _failing(_state()), _failing(_state(), detail="not asked"))).text

    assert text.count("What to do: replace the token") == 1
    assert "amd failed 2 min 10 s ago, reason token: not asked" in text


def test_stale_data_are_called_stale() -> None:
    """Data too old to be published are said to be withdrawn, also while no failure is known."""
    page = _read(_operation("soporte-mx", _state(age=3_700, next_in=-3_400)))

    assert "1 operation needs attention" in page.text
    assert "✕ Stale" in page.text
    assert "1 h 1 min ago ✕ stale, withdrawn" in page.text
    assert "campaigns: no poll has ended since the last good one" in page.text
    assert "due 57 min ago" in page.text
    assert "no campaigns published" in page.text


def test_failing_report_with_stale_data() -> None:
    """A report that has failed for long shows both facts: it fails, and its data are withdrawn."""
    text = _read(_operation("soporte-mx", _failing(_state(age=7_200)))).text

    assert "✕ Failing" in text
    assert "2 h ago ✕ stale, withdrawn" in text
    assert "no poll has ended" not in text


def test_waiting_is_said() -> None:
    """Before its first poll an operation is no failure: the page says that it waits, and until when."""
    snapshot = replace(WAITING, token_valid=None, quota_exhausted=None)
    text = _read(snapshot).text

    assert "… Waiting for first poll" in text
    assert "… Waiting" in text
    assert "none yet" in text
    assert "in 24 s" in text
    assert "token not checked yet" in text
    assert "What to do" not in text


def test_facts_of_an_operation() -> None:
    """The page counts what is published and what runs, without the list of campaigns."""
    campaigns = tuple(Campaign(str(state), "Renovaciones", "", (), {"status": state}) for state in (1.0, 0.0, 1.0))
    text = _read(replace(GOOD, campaigns=campaigns)).text

    assert "3 campaigns published, 2 started" in text
    assert "token accepted" in text
    assert "Renovaciones" not in text


def test_refused_token_and_exhausted_quota() -> None:
    """A refused token and a used-up quota need attention, each in words."""
    text = _read(replace(GOOD, token_valid=False, quota_exhausted=True)).text

    assert "1 operation needs attention" in text
    assert "✕ token refused" in text
    assert "✕ quota of the day exhausted" in text


def test_counts_of_a_report() -> None:
    """Duration, number of polls and number of failures stand beside the state, each under its name."""
    page = _page(_operation("ventas-co", _failing(replace(_state(), polls=12_344))))

    assert '<td data-label="Took">0.8 s</td>' in page
    assert '<td data-label="Polls">12,345</td>' in page
    assert '<td data-label="Failed">1</td>' in page


def test_unreadable_values_are_counted_by_field() -> None:
    """Values that could not be read are told by field, and they alone put no operation in trouble."""
    text = _read(_operation("ventas-ar", _state(unreadable={"dial": 12}))).text

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
    snapshot = replace(GOOD, reports={ReportName.CAMPAIGNS: replace(_state(), last_success=NOW - age)})

    assert f'<td data-label="Last good data">{words}</td>' in re.sub("</?time[^>]*>", "", _page(snapshot))


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
    page = _page(_operation("ventas-co", _state(next_in=seconds)))

    assert f'UTC">{words}</time></td><td data-label="Took">' in page


def test_absolute_times() -> None:
    """Behind each age stands the time in UTC, for comparing with a log."""
    page = _page(GOOD)

    assert '<time datetime="2026-03-04T11:58:48Z" title="2026-03-04 11:58:48 UTC">1 min 12 s ago</time>' in page
    assert "2026-03-04 12:00:00 UTC</time>" in page


HOSTILE = "<script>alert(1)</script> \"'& ñ $version"


def test_hostile_text_stays_text() -> None:
    """Whatever a name or an answer holds is shown to the letter and becomes no part of the page."""
    snapshot = _operation(HOSTILE, _failing(_state(), detail=f"<img src=x> {HOSTILE}"))
    page = _page(snapshot)
    reader = _Reader(page)

    assert "<script" not in page
    assert {"script", "img"}.isdisjoint(tag for tag, _ in reader.elements)
    assert reader.headings == [HOSTILE]
    assert f"<img src=x> {HOSTILE}" in reader.text


def test_half_a_surrogate_pair_can_be_sent() -> None:
    """An answer with a broken escape sequence does not cost the page."""
    snapshot = _operation("soporte-mx", _failing(_state(), detail="wolkvox answered \ud800"))

    assert b"wolkvox answered ?" in _page(snapshot).encode()


def test_nothing_from_elsewhere() -> None:
    """The page works under a strict policy: no script, no resource, no style attribute, no event handler."""
    page = _page(GOOD, BAD, WAITING)
    reader = _Reader(page)

    assert "http://" not in page
    assert "https://" not in page
    assert "url(" not in page
    assert reader.values("src") == reader.values("style") == []
    assert {"script", "link", "img", "iframe"}.isdisjoint(tag for tag, _ in reader.elements)
    assert not any(name.startswith("on") for _, attributes in reader.elements for name in attributes)


def test_links() -> None:
    """The page leads to the metrics, wherever they are, and to the probes, also below a proxy's prefix."""
    reader = _Reader(_page(GOOD, telemetry_path="/wolkvox metrics"))

    assert reader.values("href") == ["./wolkvox%20metrics", "./-/healthy", "./-/ready"]
    assert "/wolkvox metrics" in reader.text
    assert "0.4.2" in reader.text


def test_well_formed() -> None:
    """Assistive software finds a language, headings, a labelled table an operation and headers with a scope."""
    reader = _read(GOOD, BAD, WAITING, _operation("encuestas"), _operation("retención"), _operation("ventas-ar"))
    tags = [tag for tag, _ in reader.elements]
    ids = reader.values("id")

    assert reader.open == []
    assert ("html", {"lang": "en"}) in reader.elements
    assert (tags.count("h1"), tags.count("h2"), tags.count("table")) == (1, 6, 6)
    assert len(set(ids)) == len(ids)
    assert set(reader.values("aria-labelledby")) == set(ids)
    assert all("scope" in attributes for tag, attributes in reader.elements if tag == "th")
    assert ("meta", {"http-equiv": "refresh", "content": "15"}) in reader.elements


def test_report_that_is_off() -> None:
    """A report that is not polled is not shown."""
    snapshot = Snapshot("ventas-co", MappingProxyType({ReportName.CAMPAIGNS: _state()}), token_valid=True)

    assert " amd" not in _read(snapshot).text
