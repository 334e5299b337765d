"""The calls of the day."""

from dataclasses import replace

from wolkvox_exporter.api.fields import ReportName, Unread
from wolkvox_exporter.api.reports import quota as reader
from wolkvox_exporter.config import Operation, cost
from wolkvox_exporter.polling import quota
from wolkvox_exporter.polling.reports.report import Exchange, Report
from wolkvox_exporter.polling.state import OperationState


def _taken(
    state: OperationState, _operation: Operation, _subject: str, exchange: Exchange
) -> tuple[OperationState, Unread]:
    report = reader.read(exchange.answer)
    spending = quota.reported(report.calls, exchange.asked.wall)
    return replace(state, spending=spending, published=replace(state.published, quota=report.calls)), report.unread


REPORT = Report(
    fields=reader.FIELDS,
    interval=lambda operation: cost.interval(operation, ReportName.QUOTA),
    call=lambda _operation, _subject, _now: reader.CALL,
    taken=_taken,
    below_reserve=True,
)
