"""The page for people, made of states and read as a browser reads it."""

from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from types import MappingProxyType

from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.polling.snapshot import Attempt, ReportState, Snapshot, Trouble
from wolkvox_exporter.web.landing import Overview, render

NOW = 1_772_625_600.0
"""2026-03-04 12:00:00 UTC."""
MONOTONIC = 50_000.0
INTERVAL = 300.0
STALE_AFTER = 900.0
VOID = {"meta", "link", "img", "br", "hr", "input"}
INLINE = {"a", "b", "code", "span", "time"}


class Reader(HTMLParser):
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
        """The words as people see them."""
        return " ".join("".join(self.words).split())

    def values(self, attribute: str) -> list[str]:
        """Return the values of an attribute, in the order of the page."""
        return [value for _, attributes in self.elements if (value := attributes.get(attribute)) is not None]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the beginning of an element."""
        self.elements.append((tag, dict(attrs)))
        self.words += [] if tag in INLINE else [" "]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Take the end of the element that was begun last."""
        assert self.open.pop() == tag
        self.words += [] if tag in INLINE else [" "]

    def handle_data(self, data: str) -> None:
        """Take text, but that of the style sheet."""
        if "style" in self.open:
            return
        self.words.append(data)
        if "h2" in self.open:
            self.headings.append(data)


def polled(age: float = 72.0, next_in: float = 180.0, unreadable: Mapping[str, int] | None = None) -> ReportState:
    """Return a report whose last poll was good."""
    attempt = Attempt(NOW - age, 1.24, MappingProxyType({"200": 1}))
    state = ReportState.initial(INTERVAL, STALE_AFTER, ("dial", "hits")).read(unreadable or {}, MONOTONIC - age)
    return replace(state.succeeded(attempt), next_poll=NOW + next_in)


def failing(
    state: ReportState,
    reason: Reason = Reason.TOKEN,
    detail: str = "wolkvox answered 401",
    remedy: str = "replace the token",
) -> ReportState:
    """Return it after a poll that failed."""
    trouble = Trouble(reason, detail, remedy, NOW - 130)
    return state.failed(Attempt(NOW - 130, 0.8, MappingProxyType({"401": 1})), trouble)


def waiting() -> ReportState:
    """Return a report that was not polled yet."""
    return replace(ReportState.initial(INTERVAL, STALE_AFTER, ("dial",)), next_poll=NOW + 24)


def operation(name: str, campaigns: ReportState | None = None, amd: ReportState | None = None) -> Snapshot:
    """Return an operation of two reports, good ones unless others are given."""
    reports = {ReportName.CAMPAIGNS: campaigns or polled(), ReportName.AMD: amd or polled()}
    return Snapshot(name, MappingProxyType(reports), token_valid=True, quota_exhausted=False)


def rendered(*snapshots: Snapshot, telemetry_path: str = "/metrics") -> str:
    """Return the page."""
    return render(Overview("0.4.2", NOW, MONOTONIC, telemetry_path, snapshots))


def read(*snapshots: Snapshot) -> Reader:
    """Return the page as a browser reads it."""
    return Reader(rendered(*snapshots))


GOOD = operation("ventas-co")
BAD = operation("soporte-mx", failing(polled()))
WAITING = operation("cobranza-pe", waiting(), waiting())
