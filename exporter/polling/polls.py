"""The polls: what each report asks of the API and what its answer changes in the operation's snapshot.

A new report is a class here with the interface of `Poll`, an entry in `for_operation`, and its reader in `wolkvox`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from exporter.config import AmdMode, Operation
from exporter.snapshot import Detections, Snapshot
from exporter.wolkvox import amd, campaigns, window
from exporter.wolkvox.body import Answer
from exporter.wolkvox.campaigns import Campaign
from exporter.wolkvox.client import Call
from exporter.wolkvox.report import ReportName, Unread

Ask = Callable[[Call], Awaitable[Answer]]
Change = Callable[[Snapshot], Snapshot]


class Poll(Protocol):
    """One report of one operation."""

    interval: float
    """Seconds."""
    fields: tuple[str, ...]
    """The API's keys, for the count of unreadable values."""

    async def run(self, ask: Ask, now: float) -> tuple[Change, Unread]:
        """Ask at `now`, seconds since the epoch; returns what it changes. Raises `ApiError`."""


@dataclass(slots=True)
class Known:
    """What outlives single answers: names and skills by campaign id, and the last detections."""

    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    detections: Mapping[str, float] = field(default_factory=dict)

    def learn(self, reported: tuple[Campaign, ...]) -> None:
        """Remember name and skill by id; of rows that share an id the first counts."""
        self.names.update({campaign.id: (campaign.name, campaign.skill) for campaign in reversed(reported)})


class CampaignsPoll:
    """The real-time campaign report."""

    fields: tuple[str, ...] = campaigns.FIELDS

    def __init__(self, operation: Operation, known: Known) -> None:
        self.interval = operation.interval
        self._operation = operation
        self._known = known

    async def run(self, ask: Ask, now: float) -> tuple[Change, Unread]:  # noqa: ARG002 - this report knows no time
        """See `Poll.run`."""
        report = await asyncio.to_thread(campaigns.read, await ask(campaigns.CALL))
        self._known.learn(report.campaigns)
        selects = self._operation.campaigns.selects
        selected = tuple(campaign for campaign in report.campaigns if selects(campaign.id, campaign.name))
        detections = labelled(self._operation, self._known)
        return lambda snapshot: replace(snapshot, campaigns=selected, detections=detections), report.unread


class AmdPoll:
    """Detections of answering machines since the operation's midnight, all campaigns in one call."""

    fields: tuple[str, ...] = amd.FIELDS

    def __init__(self, operation: Operation, known: Known) -> None:
        self.interval = operation.amd_interval
        self._operation = operation
        self._known = known

    async def run(self, ask: Ask, now: float) -> tuple[Change, Unread]:
        """See `Poll.run`."""
        day = window.today(now, self._operation.time_zone)
        report = await asyncio.to_thread(amd.read, await ask(amd.call(day)))
        self._known.detections = report.detections
        detections, start = labelled(self._operation, self._known), day.start.timestamp()
        return lambda snapshot: replace(snapshot, detections=detections, amd_window_start=start), report.unread


def labelled(operation: Operation, known: Known) -> tuple[Detections, ...]:
    """Give the detections the names and skills last known, and leave out campaigns that are not selected."""
    named = ((key, *known.names.get(key, ("", "")), total) for key, total in known.detections.items())
    return tuple(Detections(*row) for row in named if operation.campaigns.selects(row[0], row[1]))


def for_operation(operation: Operation) -> dict[ReportName, Poll]:
    """Return the polls of an operation."""
    known = Known()
    polls: dict[ReportName, Poll] = {ReportName.CAMPAIGNS: CampaignsPoll(operation, known)}
    if operation.amd is AmdMode.ALL:
        polls[ReportName.AMD] = AmdPoll(operation, known)
    return polls
