"""All that is known of an operation between two calls: one value that nobody changes.

A restart, a reload or another worker goes on from the value itself. Nothing in it says when something is due: that
follows from starts and settings, see `polling.timing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.polling.amd import Amd
from wolkvox_exporter.polling.campaign_index import CampaignIndex
from wolkvox_exporter.polling.counters import Counters
from wolkvox_exporter.polling.quota import Spending
from wolkvox_exporter.polling.skills import Skills
from wolkvox_exporter.polling.snapshot import ReportState, Snapshot
from wolkvox_exporter.polling.token_gate import TokenState
from wolkvox_exporter.runtime.serializable import Instant, Table


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that brought no data, as a value; see `ApiError`."""

    reason: Reason
    detail: str
    remedy: str
    code: str
    reset: bool

    @classmethod
    def of(cls, error: ApiError) -> "Failure":
        """Return what an exception says."""
        return cls(error.reason, error.detail, error.remedy, error.code, error.reset)


@dataclass(frozen=True, slots=True)
class Result:
    """How a call ended: with or without data, and how many values of its answer could not be read, by field."""

    code: str
    """The HTTP status, or `none`."""
    failure: Failure | None = None
    unreadable: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


class Step(StrEnum):
    """What a call is to its report."""

    FIRST = "first"
    """It begins a round; most reports are rounds of one call."""
    LATER = "later"
    """It goes on with a round."""
    RETRY = "retry"
    """It repeats the call of the round that failed last."""


@dataclass(frozen=True, slots=True)
class Question:
    """A call that may go out: of an operation, for a report; `subject` is a campaign, a skill or `all`, or nothing."""

    operation: str
    report: ReportName
    subject: str
    step: Step


@dataclass(frozen=True, slots=True)
class Begun:
    """A call that went out at the instant `at`, and cannot last longer than until `ends`."""

    question: Question
    at: Instant
    ends: Instant


@dataclass(frozen=True, slots=True)
class PendingRetry:
    """A call that failed at the instant `at` in passing, and is to be repeated within its interval."""

    subject: str
    at: Instant
    reason: Reason


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the polling of one report has come."""

    since: Instant
    """From when on it is wanted."""
    started: Instant | None = None
    """When its last round began."""
    delay: float = 0.0
    """Seconds by which its next rounds are to be put off, a little each, until those of a fleet lie evenly."""
    calls: int = 0
    """Made in that round, repetitions not counted."""
    failures: int = 0
    """Calls of that round that failed for good."""
    resets: int = 0
    """Repetitions after a reset connection that the call under way has had."""
    concurrencies: int = 0
    """Repetitions after `concurrency` that the call under way has had."""
    retry: PendingRetry | None = None
    poll_began: Instant | None = None
    """When the first call went out that is not told of in the snapshot yet."""
    requests: Table[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Those calls by HTTP status."""
    refused: bool = False
    """Whether it was left without a token, or with one that was refused: another is used at once."""
    looked: Instant | None = None
    """When it was due and there was no token to ask with."""
    deferred: Failure | None = None
    """Why the question for all was not understood, until it is known whether that matters."""


@dataclass(frozen=True, slots=True)
class OperationState:
    """An operation as it stands between two calls."""

    published: Snapshot
    progress: Table[ReportName, Progress]
    """Of every report that was ever on."""
    off: Table[ReportName, ReportState] = field(default_factory=lambda: MappingProxyType({}))
    """How the polling of reports went that are off now, and may be on again."""
    served: Instant | None = None
    """When a call of it last began."""
    spending: Spending = field(default_factory=Spending)
    index: CampaignIndex = field(default_factory=CampaignIndex)
    counters: Counters = field(default_factory=Counters)
    skills: Skills = field(default_factory=Skills)
    amd: Amd = field(default_factory=Amd)
    calling: Begun | None = None
    """The call that has begun and not ended."""
    token: TokenState = field(default_factory=TokenState)
    """What was known of its token, when it was last used."""
    token_fingerprint: Annotated[str | None, Field(exclude=True)] = field(default=None, repr=False)
    """Which token that is; of the token, and so nothing that is written down."""
    unsaved: Annotated[tuple[Begun, ...], Field(exclude=True)] = ()
    """The calls that went out since the value was last written down."""

    def rows(self) -> list[object]:
        """Return what there is of each campaign."""
        counters, published = self.counters, self.published
        tables = (counters.standings, counters.sums, published.activity, published.today.rises)
        rows: list[object] = [*published.campaigns]
        for table in tables:
            rows.extend(table.values())
        return rows
