"""The real-time campaign report."""

from dataclasses import replace
from types import MappingProxyType

from wolkvox_exporter.api import windows
from wolkvox_exporter.api.fields import ReportName, Unread
from wolkvox_exporter.api.reports import campaigns as reader
from wolkvox_exporter.config import Operation, cost
from wolkvox_exporter.polling import campaign_index, counters, today
from wolkvox_exporter.polling.reports.amd import with_detections
from wolkvox_exporter.polling.reports.report import Exchange, Report
from wolkvox_exporter.polling.state import OperationState


def _taken(
    state: OperationState, operation: Operation, _subject: str, exchange: Exchange
) -> tuple[OperationState, Unread]:
    report, selects = reader.read(exchange.answer), operation.campaigns.selects
    selected = tuple(row for row in report.campaigns if selects(row.id, row.name))
    day = windows.today(exchange.asked.wall, operation.time_zone).start
    index = campaign_index.learned(state.index, report.campaigns, selected, day)
    counted, activity = counters.counted(state.counters, selected, report.ambiguous)
    risen = today.counted(state.published.today, state.counters, counted, activity, day.timestamp())
    excluded = len(report.campaigns) - len(selected)
    published = replace(state.published, campaigns=selected, excluded=excluded, activity=activity, today=risen)
    state = replace(state, index=index, counters=counted, published=published)
    # their names and skills may have changed
    return with_detections(state, operation), report.unread


def _reconfigured(state: OperationState, operation: Operation) -> OperationState:
    """Return what stays known under other settings: of the index and what is shown, the campaigns now selected."""
    past, selection = state.published, operation.campaigns
    selected = tuple(row for row in past.campaigns if selection.selects(row.id, row.name))
    # what was left out before is no longer there to be looked at
    excluded = None if past.excluded is None else past.excluded + len(past.campaigns) - len(selected)
    activity = {labels: totals for labels, totals in past.activity.items() if selection.selects(labels[1], labels[0])}
    rises = {labels: totals for labels, totals in past.today.rises.items() if selection.selects(labels[1], labels[0])}
    published = replace(
        past,
        campaigns=selected,
        excluded=excluded,
        activity=MappingProxyType(activity),
        today=replace(past.today, rises=MappingProxyType(rises)),
    )
    return replace(state, index=campaign_index.published_only(state.index, selection), published=published)


REPORT = Report(
    fields=reader.FIELDS,
    interval=lambda operation: cost.interval(operation, ReportName.CAMPAIGNS),
    call=lambda _operation, _subject, _now: reader.CALL,
    taken=_taken,
    below_reserve=True,
    reconfigured=_reconfigured,
)
