"""The real-time agents report: how many agents are in which state, and never who."""

from dataclasses import replace

from wolkvox_exporter.api.fields import ReportName, Unread
from wolkvox_exporter.api.reports import agents as reader
from wolkvox_exporter.config import Operation, cost
from wolkvox_exporter.polling.reports.report import Exchange, Report
from wolkvox_exporter.polling.state import OperationState


def _taken(
    state: OperationState, _operation: Operation, _subject: str, exchange: Exchange
) -> tuple[OperationState, Unread]:
    report = reader.read(exchange.answer)
    return replace(state, published=replace(state.published, agents=report.agents)), report.unread


REPORT = Report(
    fields=reader.FIELDS,
    interval=lambda operation: cost.interval(operation, ReportName.AGENTS),
    call=lambda _operation, _subject, _now: reader.CALL,
    taken=_taken,
)
