"""The polls: what each report asks of the API and what its answer changes in the operation's snapshot.

A new report is a class with the interface of `Poll`, an entry in `for_operation`, and its reader in `wolkvox`.
"""

from dataclasses import replace
from datetime import datetime

from exporter.activity import Activity
from exporter.config import AmdMode, Operation
from exporter.polling.amd import AmdPoll
from exporter.polling.known import Known
from exporter.polling.poll import Asker, Outcome, Poll
from exporter.polling.threads import in_thread
from exporter.wolkvox import campaigns, quota, window
from exporter.wolkvox.body import Answer
from exporter.wolkvox.report import ReportName


class CampaignsPoll:
    """The real-time campaign report."""

    fields: tuple[str, ...] = campaigns.FIELDS

    def __init__(self, operation: Operation, known: Known) -> None:
        self.interval = operation.interval
        self._operation = operation
        self._known = known
        self._activity = Activity()

    async def run(self, asker: Asker) -> Outcome:
        """See `Poll.run`."""
        day = window.today(asker.time(), self._operation.time_zone)
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


def for_operation(operation: Operation) -> dict[ReportName, Poll]:
    """Return the polls of an operation."""
    known = Known(operation.campaigns)
    polls: dict[ReportName, Poll] = {ReportName.CAMPAIGNS: CampaignsPoll(operation, known)}
    if operation.amd is not AmdMode.OFF:
        polls[ReportName.AMD] = AmdPoll(operation, known)
    if operation.quota_interval:
        polls[ReportName.QUOTA] = QuotaPoll(operation)
    return polls
