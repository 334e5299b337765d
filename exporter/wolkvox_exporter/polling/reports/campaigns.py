"""The real-time campaign report."""

from dataclasses import replace

from wolkvox_exporter.api import windows
from wolkvox_exporter.api.fields import Unread
from wolkvox_exporter.api.reports import campaigns as reader
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling import campaign_index, counters
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
    excluded = len(report.campaigns) - len(selected)
    published = replace(state.published, campaigns=selected, excluded=excluded, activity=activity)
    state = replace(state, index=index, counters=counted, published=published)
    # their names and skills may have changed
    return with_detections(state, operation), report.unread


REPORT = Report(
    fields=reader.FIELDS,
    interval=lambda operation: operation.interval,
    call=lambda _operation, _subject, _now: reader.CALL,
    taken=_taken,
    below_reserve=True,
)
