"""What is known of an operation now. Everything here is immutable: a poll makes a new snapshot, swapped in whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field

from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.api.reports.agents import Agents
from wolkvox_exporter.api.reports.campaigns import Campaign
from wolkvox_exporter.polling.counters import Totals
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.skills import PublishedSkills
from wolkvox_exporter.polling.today import Day, Today
from wolkvox_exporter.runtime.serializable import Instant, Table

_NOTHING: Mapping[str, float] = MappingProxyType({})
_NO_CALLS: Mapping[str, int] = MappingProxyType({})
_NO_LABELS: Mapping[str, str] = MappingProxyType({})
_NO_TOTALS: Totals = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a report brings no data at the moment, for people."""

    reason: Reason
    detail: str
    remedy: str
    at: float
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The cost of one poll, whatever came of it."""

    ended: float
    """Seconds since the epoch."""
    duration: float
    """Seconds since the turn was obtained."""
    requests: Mapping[str, int]
    """Calls to the API by HTTP status, or `none`."""


@dataclass(frozen=True, slots=True)
class ReportState:
    """How the polling of one report of an operation has gone so far."""

    interval: float
    failures: Table[str, int]
    unreadable: Table[str, int]
    requests: Table[str, int] = field(default_factory=lambda: _NO_CALLS)
    polls: int = 0
    up: bool | None = None
    duration: float | None = None
    last_success: float | None = None
    """Seconds since the epoch."""
    lifetime: float = 0.0
    """Seconds for which good data are shown."""
    read_at: Instant | None = None
    """When the last good data came."""
    trouble: Trouble | None = None
    next_poll: float | None = None
    """Seconds since the epoch; for people, so it may be off by a clock step."""
    last_attempt: float | None = None
    """Seconds since the epoch: when a call for it was last begun."""
    held: str | None = None
    """Why it is not asked although it is enabled: `token`, `quota`, `reserve` or `idle`."""

    @classmethod
    def initial(cls, interval: float, lifetime: float, fields: Iterable[str]) -> Self:
        """Return the state before the first poll: every reason and every field stands at 0."""
        unreadable = MappingProxyType(dict.fromkeys(fields, 0))
        return cls(interval, MappingProxyType(dict.fromkeys(Reason, 0)), unreadable, lifetime=lifetime)

    @property
    def fresh_until(self) -> Instant | None:
        """When the last good data are too old to be shown."""
        return None if self.read_at is None else self.read_at + self.lifetime

    def read(self, unreadable: Mapping[str, int], now: Instant) -> Self:
        """Return the state after an answer that brought data, be it a part of what was asked for."""
        return replace(self, read_at=now, unreadable=_sum(self.unreadable, unreadable))

    def succeeded(self, attempt: Attempt) -> Self:
        """Return the state after a poll that brought all it asked for."""
        return replace(self._polled(attempt), up=True, last_success=attempt.ended, trouble=None)

    def failed(self, attempt: Attempt, trouble: Trouble) -> Self:
        """Return the state after a poll that brought none; the last good data stay as fresh as they were."""
        failures = _sum(self.failures, {trouble.reason: 1})
        return replace(self._polled(attempt), up=False, failures=failures, trouble=trouble)

    def begun(self, now: float) -> Self:
        """Return the state once a call goes out at `now`, in seconds since the epoch."""
        return replace(self, last_attempt=now, held=None)

    def rests(self, why: str, trouble: Trouble | None) -> Self:
        """Return the state while it is not asked; with `trouble` where a poll is left out that was due."""
        return replace(self, held=why) if trouble is None else replace(self, held=why, up=False, trouble=trouble)

    def asked(self, requests: Mapping[str, int]) -> Self:
        """Return the state after calls that are part of a poll that is counted already."""
        return replace(self, requests=_sum(self.requests, requests))

    def resumed(self, initial: Self, now: float, monotonic: Instant) -> Self:
        """Return the state as polling goes on from it, from `initial` as it would be without a past.

        `now`, seconds since the epoch, and `monotonic` bound what a clock that was wrong has left behind.
        """
        return replace(
            self,
            interval=initial.interval,
            lifetime=initial.lifetime,
            failures=MappingProxyType({**initial.failures, **self.failures}),
            unreadable=MappingProxyType({**initial.unreadable, **self.unreadable}),
            last_success=None if self.last_success is None else min(self.last_success, now),
            last_attempt=None if self.last_attempt is None else min(self.last_attempt, now),
            read_at=None if self.read_at is None else min(self.read_at, monotonic),
            trouble=None if self.trouble is None else replace(self.trouble, at=min(self.trouble.at, now)),
        )

    def _polled(self, attempt: Attempt) -> Self:
        requests = _sum(self.requests, attempt.requests)
        return replace(self, polls=self.polls + 1, duration=attempt.duration, requests=requests)


@dataclass(frozen=True, slots=True)
class Detections:
    """The AMD total of one campaign; name and skill are empty for an id that the campaigns report never showed."""

    id: str
    name: str
    skill: str
    total: float
    fresh_until: Instant
    """Until when it is shown."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is published of one operation."""

    operation: str
    reports: Table[ReportName, ReportState]
    campaigns: tuple[Campaign, ...] = ()
    detections: tuple[Detections, ...] = ()
    activity: Totals = field(default_factory=lambda: _NO_TOTALS)
    """Of the campaigns of the last good report."""
    today: Today = field(default_factory=Today)
    """Of these and of others; of which day it is shown follows from `day`."""
    skills: PublishedSkills = field(default_factory=PublishedSkills)
    agents: Agents | None = None
    """None before there is a good answer."""
    quota: Table[str, float] = field(default_factory=lambda: _NOTHING)
    """Calls of the day by the API's key."""
    amd_window_start: float | None = None
    """Seconds since the epoch: midnight in the operation's zone."""
    token_valid: bool | None = None
    quota_exhausted: bool | None = None
    state_write_failures: int | None = None
    """None where no state is kept."""
    excluded: int | None = None
    """Rows of the last good campaigns report that the configuration leaves out; None before there is one."""

    labels: Annotated[Mapping[str, str], Field(exclude=True)] = field(default_factory=lambda: _NO_LABELS)
    """Those that the user gives the operation; of the configuration, and so nothing that is written down."""
    day: Annotated[Day | None, Field(exclude=True)] = None
    """The day that it is; of the clock and the configuration. None before that is known."""
    shows_counters: Annotated[bool, Field(exclude=True)] = True
    """False until a store that others share has said what was counted so far: to begin at 0 would be a fall.

    And while it says nothing: what stood still meanwhile would seem to rise at once, within an hour's window.
    """
    is_current: Annotated[bool, Field(exclude=True)] = True
    """Whether this process hears how polls go: makes them, or reads in a shared store how others did."""

    @property
    def selects_none(self) -> bool:
        """Whether the configuration leaves out every campaign of the last good report, which had some."""
        return bool(self.excluded) and not self.campaigns

    @property
    def right_until(self) -> Instant:
        """When the first of the detections, or of the skills, is too old to be shown, or the day ends."""
        ends = [row.fresh_until for row in self.detections]
        ends += [] if self.day is None else [self.day.until]
        return min((*ends, *(row.fresh_until for row in self.skills.rows)), default=float("inf"))

    def at(self, now: Instant) -> Self:
        """Return a snapshot without the detections and skills that are too old at `now`: each ages by itself.

        If the day is over, then it is one of the next day, of which nothing is counted yet.
        """
        fresh = tuple(row for row in self.detections if row.fresh_until > now)
        # the same object where nothing is too old, so that nothing need be rendered anew for it
        detections = self.detections if len(fresh) == len(self.detections) else fresh
        day = self.day.following() if self.day and self.day.until <= now else self.day
        return replace(self, detections=detections, skills=self.skills.without_stale(now), day=day)

    @property
    def rises_today(self) -> Totals:
        """By how much counters have risen since the day began, those that have."""
        return _NO_TOTALS if self.day is None else self.today.of(self.day.start)

    def dated(self, zone: ZoneInfo, now: Now) -> Self:
        """Return a snapshot of the day that it is in a zone; itself if it is one."""
        today = self.today.bounded(now.wall)
        day = self.day if self.day and self.day.is_right(now) else Day.of(zone, now)
        return self if day is self.day and today is self.today else replace(self, day=day, today=today)

    def with_report(self, name: ReportName, state: ReportState) -> Self:
        """Return a snapshot in which one report's state is another."""
        return replace(self, reports=MappingProxyType({**self.reports, name: state}))

    def content(self, name: ReportName) -> tuple[object, ...]:
        """Return what is published of a report's good answers: as long as all of it is the same, so are the samples."""
        return {
            ReportName.CAMPAIGNS: (self.campaigns, self.activity, self.excluded, self.today, self.day),
            ReportName.AMD: (self.detections, self.amd_window_start),
            ReportName.SKILLS: (self.skills,),
            ReportName.AGENTS: (self.agents,),
            ReportName.QUOTA: (self.quota,),
        }[name]

    def is_fresh(self, name: ReportName, now: float) -> bool:
        """Return whether the report's last good data may be shown at `now` on the monotonic clock."""
        state = self.reports.get(name)
        return state is not None and state.fresh_until is not None and now < state.fresh_until


def _sum(first: Mapping[str, int], second: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType({**first, **{key: first.get(key, 0) + number for key, number in second.items()}})
