"""The referee's book of one operation: what was asked, what was answered, and what may be asked next."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from fuzz.course import VIRTUAL, Terms, skill_of
from fuzz.faults import Fault
from fuzz.promise import BrokenError, Promise
from fuzz.refusals import Moment, Standing, api_day
from fuzz.rounds import Asked, Day, Round
from fuzz.wolkvox import LIMIT, Reply
from wolkvox_exporter.polling.snapshot import Snapshot

DELAYS = (5.0, 10.0, 20.0)
"""Seconds before each retry after `concurrency`."""
_MOST_FAILURES = 2
_PROBE_EVERY = 3600.0
ALL = "all"


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
    named: tuple[str, ...] = ()
    """The skills that the campaigns of the last report name, but for that of the virtual agent."""
    failed: frozenset[str] = frozenset()
    """The campaigns whose last question brought no answer."""
    asked: dict[str, Asked] = field(default_factory=lambda: {"amd": Asked(), "skills": Asked()})
    waited_for: float = float("-inf")
    """Until when a call of it can last that was noted by a process that was killed."""
    standing: Standing = field(default_factory=Standing)
    """What was known of the token when an answer for this operation last came."""

    def copy(self) -> "Book":
        """Return a copy."""
        found = copy(self)
        found.rounds, found.asked = dict(self.rounds), dict(self.asked)
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
        this = self.rounds[report]
        return this.since if this.started is None else max(this.since, this.started + self.terms.intervals[report])

    def _next(self, report: str, this: Round, due: float, now: Moment) -> tuple[str, frozenset[str], float, bool]:
        """Return step, subjects, when it is due, and whether it goes on with a round."""
        if this.started is None or due <= now.instant:
            return "first", self._first(report, now), due, False
        if this.again and self._is_wanted(report, this.again[0], now):
            subject, ready = this.again
            if ready < due:
                return "retry", frozenset({subject}), ready, len(this.asked) > 1
        elif this.failed < _MOST_FAILURES and (subjects := self._following(report, now)):
            return "later", subjects, now.instant, True
        return "first", frozenset({"?"}), due, False

    def _blocked(self, report: str, subjects: frozenset[str], now: Moment) -> str:
        if not subjects:
            return "idle"
        return "" if report in ("campaigns", "quota") or self._has_room(now) else "reserve"

    def _has_room(self, now: Moment) -> bool:
        if self.left is None or api_day(now.wall) > self.left[0]:
            return True
        return self.left[1] >= self.terms.reserve * LIMIT

    def _asks_each(self, report: str, now: Moment) -> bool:
        if report == "amd" and self.terms.mode != "auto":
            return self.terms.mode == "each"
        return self.asked[report].each_day == day_of(now.wall, self.terms.zone)

    def candidates(self, report: str, now: Moment) -> tuple[str, ...]:
        """Return what is asked for one by one: campaigns started today, else those that failed; skills."""
        if report == "skills":
            return self.terms.chosen or self.named
        today = self.started if self.day == day_of(now.wall, self.terms.zone) else ()
        return today or tuple(self.failed)

    def _least_recent(self, report: str, subjects: tuple[str, ...]) -> frozenset[str]:
        order = self.asked[report].order
        fresh = frozenset(subjects) - frozenset(order)
        return fresh or frozenset(next(((key,) for key in order if key in subjects), ()))

    def _first(self, report: str, now: Moment) -> frozenset[str]:
        if report not in self.asked:
            return frozenset({""})
        each = self._asks_each(report, now)
        return self._least_recent(report, self.candidates(report, now)) if each else frozenset({ALL})

    def _following(self, report: str, now: Moment) -> frozenset[str]:
        this = self.rounds[report]
        if report not in self.asked or not this.asked:
            return frozenset()
        if this.asked[0] == ALL:
            return self._probes(report, now) if len(this.asked) == 1 else frozenset()
        if len(this.asked) >= self.terms.most or not self._asks_each(report, now):
            return frozenset()
        candidates = self.candidates(report, now)
        return self._least_recent(report, tuple(key for key in candidates if key not in this.asked))

    def _probes(self, report: str, now: Moment) -> frozenset[str]:
        """Return the subjects of which one may be asked for after all in one call."""
        asked = self.asked[report]
        if asked.all_answers or now.instant - asked.probed < _PROBE_EVERY:
            return frozenset()
        if report == "skills":
            return frozenset(self.candidates(report, now)) if self.rounds[report].is_not_understood else frozenset()
        return self.machines if self.terms.mode == "auto" else frozenset()

    def _is_wanted(self, report: str, subject: str, now: Moment) -> bool:
        if subject == "":
            return True
        if subject == ALL:
            return report == "skills" or self.terms.mode != "each"
        is_probe = report == "amd" and self.rounds["amd"].asked[:1] == (ALL,)
        return is_probe or subject in self.candidates(report, now)

    def begins(self, report: str, subject: str, step: str, at: Moment) -> None:
        """Write a call down that goes out."""
        this = self.rounds[report]
        if step == "first":
            this = replace(this, asked=(subject,), failed=0, repeated=(0, 0), is_not_understood=False)
        elif step == "later":
            this = replace(this, asked=(*this.asked, subject), repeated=(0, 0))
        moves = step == "first" or (step == "retry" and len(this.asked) == 1)
        started = at.instant if moves else this.started
        self.rounds[report] = replace(this, started=started, again=None, is_refused=False, is_missed=False)
        self.served = at.instant
        if self.left:
            self.left = self.left[0], self.left[1] - 1
        if report not in self.asked:
            return
        asked, today = self.asked[report], day_of(at.wall, self.terms.zone)
        if asked.day != today:
            # what was found out belongs to the day before, also where that day comes again
            asked = self.asked[report] = replace(asked, day=today, each_day=None)
        if subject != ALL:
            if self.rounds[report].asked[0] == ALL:
                self.asked[report] = replace(asked, probed=at.instant)
            else:
                order = (*(key for key in asked.order if key != subject), subject)
                self.asked[report] = replace(asked, order=order)

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
        self.fails(report, subject)
        if report == "skills" and subject == ALL and fault is Fault.REQUEST:
            self.rounds[report] = replace(this, is_not_understood=True)
            # only if there is one that may be asked for by then
            self.rounds[report] = replace(this, is_not_understood=bool(self._probes(report, now)))

    def fails(self, report: str, subject: str) -> None:
        """Write down that a question brought no answer."""
        if report == "amd" and subject != ALL:
            self.failed |= {subject}

    def _answered(self, report: str, subject: str, reply: Reply, asked: Moment) -> None:
        today = day_of(asked.wall, self.terms.zone)
        if report == "campaigns":
            before = self.started if self.day == today else ()
            started = tuple(key for key, is_started, _ in reply.listed if is_started)
            self.started = tuple(dict.fromkeys((*before, *started)))
            self.day, self.machines = today, frozenset(key for key, _, machines in reply.listed if machines)
            skills = dict.fromkeys(skill_of(key) for key, _, _ in reply.listed)
            self.named = tuple(skill for skill in skills if skill not in ("", VIRTUAL))
        elif report == "quota":
            self.left = api_day(asked.wall), reply.left
        elif report in self.asked:
            self._found(report, subject, today, detected=reply.detected)

    def _found(self, report: str, subject: str, today: Day, *, detected: bool) -> None:
        asked = self.asked[report]
        if subject == ALL:
            self.asked[report] = replace(asked, all_answers=asked.all_answers or detected)
            return
        if report == "amd":
            self.failed -= {subject}
        if self.rounds[report].asked[0] == ALL and detected:
            probed = asked.probed if report == "amd" else float("-inf")
            self.asked[report] = replace(asked, each_day=today, probed=probed)

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
        self.fails(report, subject)

    def shows_success(self, published: Snapshot, now: Moment) -> None:
        """Check that a success is shown only where an answer has brought data since the one before."""
        for name, report in published.reports.items():
            this, at = self.rounds[name.value], report.last_success
            if at is not None and at > (this.success or 0.0) and not this.good:
                words = f"{name.value} of {self.terms.name}: success at {at}"
                raise BrokenError(Promise.NOTHING_MADE_UP, now.instant, words)
            if at != this.success:
                self.rounds[name.value] = replace(this, success=at, good=0)
