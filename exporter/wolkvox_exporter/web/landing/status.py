"""How reports and operations are doing, in the one word that the page has for it."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.web.landing.parts import Badge


class Mark(NamedTuple):
    """How an operation is doing: its rank on the page, the class of its colour, its sign and its word."""

    rank: int
    tone: str
    sign: str
    word: str

    def badge(self, word: str | None = None) -> Badge:
        """Return what shows it, with another word if there is one."""
        return Badge(self.tone, self.sign, word or self.word)


BAD = Mark(0, "bad", "✕", "Needs attention")
WAIT = Mark(1, "wait", "…", "Waiting for first poll")
GOOD = Mark(2, "good", "✓", "Up to date")


class Status(Enum):
    """How a report is doing, and what that makes of its operation."""

    FAILING = "Failing", BAD
    STALE = "Stale", BAD
    WAITING = "Waiting", WAIT
    UP = "Up", GOOD

    @property
    def badge(self) -> Badge:
        """What shows it."""
        word, mark = self.value
        return mark.badge(word)


def status(snapshot: Snapshot, name: ReportName, monotonic: float) -> Status:
    """Return how a report is doing at this instant of the monotonic clock."""
    up = snapshot.reports[name].up
    if up is False:
        return Status.FAILING
    if is_stale(snapshot, name, monotonic):
        return Status.STALE
    return Status.WAITING if up is None else Status.UP


def is_stale(snapshot: Snapshot, name: ReportName, monotonic: float) -> bool:
    """Return whether a report's last good data are too old to be published."""
    return snapshot.reports[name].last_success is not None and not snapshot.is_fresh(name, monotonic)


def mark(snapshot: Snapshot, monotonic: float) -> Mark:
    """Return how an operation is doing: as its worst report, and badly without a token or calls."""
    if snapshot.token_valid is False or snapshot.quota_exhausted:
        return BAD
    return min((status(snapshot, name, monotonic).value[1] for name in snapshot.reports), default=GOOD)


def verdict(marks: Sequence[Mark]) -> str:
    """Return in one line whether anything needs a person."""
    number, bad, waiting = len(marks), marks.count(BAD), marks.count(WAIT)
    total = f" of {number} operations" if number > 1 else " operation"
    if bad:
        return f"{bad}{total} {'needs' if bad == 1 else 'need'} attention"
    if waiting:
        return f"{waiting}{total} waiting for the first poll"
    if not number:
        return "No operations are configured"
    return f"All {number} operations up to date" if number > 1 else "1 operation up to date"


def others(marks: Sequence[Mark]) -> str:
    """Return what the verdict leaves open where the operations differ."""
    waiting, good = marks.count(WAIT), marks.count(GOOD)
    parts = [f"{waiting} waiting for the first poll"] if waiting and BAD in marks else []
    parts += [f"{good} up to date"] if 0 < good < len(marks) else []
    return ", ".join(parts)
