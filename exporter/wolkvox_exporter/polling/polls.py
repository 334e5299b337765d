"""The polls: what each report asks of the API and what its answer changes in the operation's snapshot.

A new report is a class with the interface of `Poll`, an entry in `Polls`, and its reader in `wolkvox`.
"""

from dataclasses import replace
from datetime import datetime

from wolkvox_exporter.api import windows
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.api.reports import campaigns, quota
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.config import AmdMode, Operation
from wolkvox_exporter.polling.amd import AmdMemory, AmdPoll
from wolkvox_exporter.polling.counters import Activity, ActivityMemory
from wolkvox_exporter.polling.known import Known, KnownMemory
from wolkvox_exporter.polling.memory import Memory
from wolkvox_exporter.polling.poll import Asker, Outcome, Poll
from wolkvox_exporter.polling.threads import in_thread


class CampaignsPoll:
    """The real-time campaign report."""

    fields: tuple[str, ...] = campaigns.FIELDS

    def __init__(self, operation: Operation, known: Known, activity: Activity) -> None:
        self.interval = operation.interval
        self._operation = operation
        self._known = known
        self._activity = activity

    async def run(self, asker: Asker) -> Outcome:
        """See `Poll.run`."""
        day = windows.today(asker.time(), self._operation.time_zone)
        return await in_thread(self._digest, await asker.ask(campaigns.CALL), day.start)

    def _digest(self, answer: Answer, day: datetime) -> Outcome:
        report = campaigns.read(answer)
        selects = self._operation.campaigns.selects
        selected = tuple(row for row in report.campaigns if selects(row.id, row.name))
        self._known.learn(report.campaigns, selected, day)
        activity = self._activity.observe(tuple(row for row in selected if row.id not in report.ambiguous))
        detections = self._known.labelled()
        return Outcome(
            lambda snapshot: replace(snapshot, campaigns=selected, activity=activity, detections=detections),
            report.unread,
        )


class QuotaPoll:
    """The calls of the day."""

    fields: tuple[str, ...] = quota.FIELDS

    def __init__(self, operation: Operation) -> None:
        self.interval = operation.quota_interval

    async def run(self, asker: Asker) -> Outcome:
        """See `Poll.run`."""
        report = await in_thread(quota.read, await asker.ask(quota.CALL))
        return Outcome(lambda snapshot: replace(snapshot, quota=report.calls), report.unread)


class Polls:
    """The polls of an operation by their report, and what they know together."""

    def __init__(self, operation: Operation, memory: Memory | None = None) -> None:
        self._known = Known(operation.campaigns)
        self._activity = Activity(memory.activity if memory else None)
        self._amd = None if operation.amd is AmdMode.OFF else AmdPoll(operation, self._known)
        # while AMD is off, for the day that it is on again
        self._amd_before = memory.amd if memory else None
        self.by_report: dict[ReportName, Poll] = {
            ReportName.CAMPAIGNS: CampaignsPoll(operation, self._known, self._activity)
        }
        if self._amd:
            self.by_report[ReportName.AMD] = self._amd
        if operation.quota_interval:
            self.by_report[ReportName.QUOTA] = QuotaPoll(operation)
        if memory:
            self._known.resume(memory.known)
        if self._amd and memory and memory.amd:
            self._amd.resume(memory.amd)

    def memory(self) -> tuple[KnownMemory, ActivityMemory, AmdMemory | None]:
        """Return what later polls of the operation resume."""
        return self._known.memory(), self._activity.memory(), self._amd.memory() if self._amd else self._amd_before
