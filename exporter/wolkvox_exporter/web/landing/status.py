"""How reports and operations are doing, in the one word that the page has for it."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.polling.snapshot import ReportState, Snapshot
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
_GRACE = 120.0
"""Seconds that a call may be late without a word: it waits for those before it."""
_IDLE = "idle"


class Now(NamedTuple):
    """One moment on two clocks."""

    time: float
    """Seconds since the epoch."""
    monotonic: float


class Status(Enum):
    """How a report is doing, and what that makes of its operation."""

    FAILING = "Failing", BAD
    STALE = "Stale", BAD
    LATE = "Not asked", BAD
    WAITING = "Waiting", WAIT
    IDLE = "Idle", GOOD
    UP = "Up", GOOD

    @property
    def badge(self) -> Badge:
        """What shows it."""
        word, mark = self.value
        return mark.badge(word)


def status(snapshot: Snapshot, name: ReportName, now: Now) -> Status:
    """Return how a report is doing."""
    state, stale = snapshot.reports[name], is_stale(snapshot, name, now)
    if state.up is False:
        return Status.FAILING
    if state.held == _IDLE and (stale or state.up is None):
        return Status.IDLE
    if stale:
        return Status.STALE
    if is_late(state, now):
        return Status.LATE
    return Status.WAITING if state.up is None else Status.UP


def is_stale(snapshot: Snapshot, name: ReportName, now: Now) -> bool:
    """Return whether a report's last good data are too old to be published."""
    return snapshot.reports[name].last_success is not None and not snapshot.is_fresh(name, now.monotonic)


def is_late(state: ReportState, now: Now) -> bool:
    """Return whether a report should have been asked long ago and nothing holds it back."""
    latest = _latest(state)
    return state.held is None and latest is not None and now.time - latest > _GRACE


def _latest(state: ReportState) -> float | None:
    """Return by when a report is to be asked, in seconds since the epoch; None where nothing says so."""
    if state.last_attempt is not None:
        return state.last_attempt + 2 * state.interval
    # the next poll is the first one, then
    return state.next_poll + state.interval if state.up is None and state.next_poll is not None else None


def mark(snapshot: Snapshot, now: Now) -> Mark:
    """Return how an operation is doing: as its worst report, and badly without a token or calls."""
    if snapshot.token_valid is False or snapshot.quota_exhausted:
        return BAD
    return min((status(snapshot, name, now).value[1] for name in snapshot.reports), default=GOOD)


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
