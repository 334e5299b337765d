"""The referee's book of one operation: what was asked, what was answered, and what may be asked next."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from fuzz.course import Terms
from fuzz.faults import Fault
from fuzz.promise import BrokenError, Promise
from fuzz.refusals import Moment, Standing, api_day
from fuzz.wolkvox import LIMIT, Reply
from wolkvox_exporter.polling.snapshot import Snapshot

DELAYS = (5.0, 10.0, 20.0)
"""Seconds before each retry after `concurrency`."""
_MOST_FAILURES = 2
_PROBE_EVERY = 3600.0
_MOVE = 0.1
ALL = "all"
Day = tuple[date, str]


@dataclass(frozen=True)
class Round:
    """How far a report has come: a round has one call, or one for each campaign."""

    since: float
    """From when on it is wanted."""
    apart: float = 0.0
    """Seconds by which it is to move away from the others that began with it, a tenth of the interval at a time."""
    started: float | None = None
    asked: tuple[str, ...] = ()
    """What was asked for in it, repetitions not counted."""
    failed: int = 0
    """Calls that failed for good."""
    repeated: tuple[int, int] = (0, 0)
    """How often the call under way was repeated after a reset, and after `concurrency`."""
    again: tuple[str, float] | None = None
    """What is to be repeated, and from when on."""
    is_refused: bool = False
    """Whether another token is to be used at once."""
    is_missed: bool = False
    """Whether there was no token when it was due."""
    success: float | None = None
    """When it succeeded last, as it is shown."""
    good: int = 0
    """Answers that brought data since then."""


class Option(NamedTuple):
    """What a report would ask next, from when on, and what stands in the way."""

    name: str
    report: str
    step: str
    subjects: frozenset[str]
    ready: float
    is_later: bool
    deadline: float
    served: float
    blocked: str
    """Why it must not be asked, if it must not."""
    blocked_until: float


@lru_cache(maxsize=4096)
def _date(quarter: int, zone: str) -> date:
    # no zone's midnight is elsewhere than at a full quarter of an hour
    return datetime.fromtimestamp(quarter * 900.0, ZoneInfo(zone)).date()


def day_of(wall: float, zone: str) -> Day:
    """Return the calendar day of a time of day; days of two zones are never the same."""
    return _date(int(wall // 900.0), zone), zone


@dataclass
class Book:
    """What is known of an operation. Copies share nothing that is changed in place."""

    terms: Terms
    rounds: dict[str, Round] = field(default_factory=dict)
    served: float = float("-inf")
    left: tuple[int, float] | None = None
    """The API's day of the last quota report, and the calls that were left by then, less those made since."""
    day: Day | None = None
    """Of the last campaigns report."""
    started: tuple[str, ...] = ()
    machines: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    """The campaigns whose last question brought no answer."""
    order: tuple[str, ...] = ()
    """All campaigns that were asked for, the latest last."""
    each_day: Day | None = None
    """The day on which `auto` found that campaigns have to be asked for one by one."""
    all_answers: bool = False
    probed: float = float("-inf")
    waited_for: float = float("-inf")
    """Until when a call of it can last that was noted by a process that was killed."""
    standing: Standing = field(default_factory=Standing)
    """What was known of the token when an answer for this operation last came."""

    def copy(self) -> "Book":
        """Return a copy."""
        found = copy(self)
        found.rounds = dict(self.rounds)
        return found

    def options(self, standing: Standing, now: Moment) -> Iterator[Option]:
        """Return what each report would ask next."""
        for report, interval in self.terms.intervals.items():
            this, due = self.rounds[report], self.due(report)
            step, subjects, ready, is_later = self._next(report, this, due, now)
            pause = standing.pause(report, interval, now)
            deadline = this.since + interval if this.started is None else this.started + 2 * interval
            blocked, until = (str(pause[0]), pause[1]) if pause else (self._blocked(report, subjects, now), 0.0)
            yield Option(
                self.terms.name, report, step, subjects, ready, is_later, deadline, self.served, blocked, until
            )

    def due(self, report: str) -> float:
        """Return when the next round of a report begins."""
        this, interval = self.rounds[report], self.terms.intervals[report]
        if this.started is None:
            return this.since
        return max(this.since, this.started + interval + min(this.apart, _MOVE * interval))

    def _next(self, report: str, this: Round, due: float, now: Moment) -> tuple[str, frozenset[str], float, bool]:
        """Return step, subjects, when it is due, and whether it goes on with a round."""
        if this.started is None or due <= now.instant:
            return "first", self._first(report, now), due, False
        if this.again and self._is_wanted(this.again[0], now):
            subject, ready = this.again
            if ready < due:
                return "retry", frozenset({subject}), ready, len(this.asked) > 1
        elif this.failed < _MOST_FAILURES and (subjects := self._following(report, now)):
            return "later", subjects, now.instant, True
        return "first", frozenset({"?"}), due, False

    def _blocked(self, report: str, subjects: frozenset[str], now: Moment) -> str:
        if not subjects:
            return "idle"
        return "" if report != "amd" or self._has_room(now) else "reserve"

    def _has_room(self, now: Moment) -> bool:
        if self.left is None or api_day(now.wall) > self.left[0]:
            return True
        return self.left[1] >= self.terms.reserve * LIMIT

    def _asks_each(self, now: Moment) -> bool:
        today = day_of(now.wall, self.terms.zone)
        return self.terms.mode == "each" or (self.terms.mode == "auto" and self.each_day == today)

    def candidates(self, now: Moment) -> tuple[str, ...]:
        """Return the campaigns that are asked for one by one: those started today, else those that failed."""
        today = self.started if self.day == day_of(now.wall, self.terms.zone) else ()
        return today or tuple(self.failed)

    def _least_recent(self, campaigns: tuple[str, ...]) -> frozenset[str]:
        fresh = frozenset(campaigns) - frozenset(self.order)
        return fresh or frozenset(next(((key,) for key in self.order if key in campaigns), ()))

    def _first(self, report: str, now: Moment) -> frozenset[str]:
        if report != "amd":
            return frozenset({""})
        return self._least_recent(self.candidates(now)) if self._asks_each(now) else frozenset({ALL})

    def _following(self, report: str, now: Moment) -> frozenset[str]:
        this = self.rounds[report]
        if report != "amd" or not this.asked:
            return frozenset()
        if this.asked[0] == ALL:
            may_probe = self.terms.mode == "auto" and not self.all_answers and len(this.asked) == 1
            return self.machines if may_probe and now.instant - self.probed >= _PROBE_EVERY else frozenset()
        if len(this.asked) >= self.terms.most or not self._asks_each(now):
            return frozenset()
        return self._least_recent(tuple(key for key in self.candidates(now) if key not in this.asked))

    def _is_wanted(self, subject: str, now: Moment) -> bool:
        if subject == "":
            return True
        if subject == ALL:
            return self.terms.mode != "each"
        return self.rounds["amd"].asked[:1] == (ALL,) or subject in self.candidates(now)

    def begins(self, report: str, subject: str, step: str, at: Moment) -> None:
        """Write a call down that goes out."""
        this = self.rounds[report]
        if step == "first":
            moved = 0.0 if this.started is None else min(this.apart, _MOVE * self.terms.intervals[report])
            this = replace(this, asked=(subject,), failed=0, repeated=(0, 0), apart=this.apart - moved)
        elif step == "later":
            this = replace(this, asked=(*this.asked, subject), repeated=(0, 0))
        moves = step == "first" or (step == "retry" and len(this.asked) == 1)
        started = at.instant if moves else this.started
        self.rounds[report] = replace(this, started=started, again=None, is_refused=False, is_missed=False)
        self.served = at.instant
        if self.left:
            self.left = self.left[0], self.left[1] - 1
        if report == "amd" and subject != ALL:
            if self.rounds[report].asked[0] == ALL:
                self.probed = at.instant
            else:
                self.order = (*(key for key in self.order if key != subject), subject)

    def ends(self, report: str, subject: str, reply: Reply, asked: Moment, now: Moment) -> None:
        """Write down how a call ended that went out at `asked`."""
        this, fault = self.rounds[report], reply.fault
        resets, concurrencies = this.repeated
        if fault is None:
            self._answered(report, subject, reply, asked)
            self.rounds[report] = replace(self.rounds[report], repeated=(0, 0), good=this.good + 1)
            return
        if fault is Fault.RESET and not resets:
            this = replace(this, again=(subject, now.instant), repeated=(1, concurrencies))
        elif fault is Fault.CONCURRENCY and concurrencies < len(DELAYS):
            ready = now.instant + DELAYS[concurrencies]
            this = replace(this, again=(subject, ready), repeated=(resets, concurrencies + 1))
        else:
            this = replace(this, failed=this.failed + 1, is_refused=fault is Fault.TOKEN)
        self.rounds[report] = this
        self.fails(subject)

    def fails(self, subject: str) -> None:
        """Write down that a question brought no answer."""
        if subject not in ("", ALL):
            self.failed |= {subject}

    def _answered(self, report: str, subject: str, reply: Reply, asked: Moment) -> None:
        today = day_of(asked.wall, self.terms.zone)
        if report == "campaigns":
            before = self.started if self.day == today else ()
            started = tuple(key for key, is_started, _ in reply.listed if is_started)
            self.started = tuple(dict.fromkeys((*before, *started)))
            self.day, self.machines = today, frozenset(key for key, _, machines in reply.listed if machines)
        elif report == "quota":
            self.left = api_day(asked.wall), reply.left
        elif subject == ALL:
            self.all_answers |= reply.detected
        else:
            self.failed -= {subject}
            if self.rounds[report].asked[0] == ALL and reply.detected:
                self.each_day = today

    def renewed(self, now: float) -> None:
        """Write down that there is another token: what was refused is due at once, and what was missed, when due."""
        for report, this in self.rounds.items():
            if this.is_refused:
                started = this.started if this.is_missed else None
                self.rounds[report] = replace(
                    this, started=started, since=now, again=None, is_refused=False, is_missed=False
                )

    def missed(self, report: str, subject: str) -> None:
        """Write down that there was no token for a call that was due."""
        self.rounds[report] = replace(self.rounds[report], again=None, is_refused=True, is_missed=True)
        self.fails(subject)

    def shows_success(self, published: Snapshot, now: Moment) -> None:
        """Check that a success is shown only where an answer has brought data since the one before."""
        for name, report in published.reports.items():
            this, at = self.rounds[name.value], report.last_success
            if at is not None and at > (this.success or 0.0) and not this.good:
                words = f"{name.value} of {self.terms.name}: success at {at}"
                raise BrokenError(Promise.NOTHING_MADE_UP, now.instant, words)
            if at != this.success:
                self.rounds[name.value] = replace(this, success=at, good=0)
