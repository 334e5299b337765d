"""The AMD report's rounds: which campaign is asked for next, and what an answer changes.

A round asks for all campaigns in one call, or for each in a call of its own. The mode `auto` asks for all; where that
shows nothing it asks once an hour for the campaign with most machine results, and from then on, until midnight, for
each, if that one has detections of its own.
"""

from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from wolkvox_exporter.api import windows
from wolkvox_exporter.api.client import Call
from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName, Unread
from wolkvox_exporter.api.reports import amd as reader
from wolkvox_exporter.config import AmdMode, Operation, cost
from wolkvox_exporter.polling import rounds
from wolkvox_exporter.polling.amd import Amd, Total
from wolkvox_exporter.polling.campaign_index import is_published
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.reports.report import Exchange, Report
from wolkvox_exporter.polling.rounds import ALL
from wolkvox_exporter.polling.snapshot import Detections
from wolkvox_exporter.polling.state import Failure, OperationState


def _first(state: OperationState, operation: Operation, now: Now) -> str | None:
    day = _day(operation, now)
    if not _asks_each(state.amd, operation, day):
        return ALL
    return rounds.least_recent(state.amd, _candidates(state, day))


def _following(state: OperationState, operation: Operation, now: Now) -> str | None:
    amd, progress = state.amd, state.progress[ReportName.AMD]
    if amd.round_of_all:
        return _probe(state, operation, now) if progress.calls == 1 else None
    day = _day(operation, now)
    if not _asks_each(amd, operation, day):
        return None
    return rounds.following(amd, _candidates(state, day), progress.calls, operation.amd_max_calls)


def _candidates(state: OperationState, day: datetime) -> tuple[str, ...]:
    # what failed is asked for again where nothing else would be, or it would stand as failed all night
    return state.index.started_on(day) or state.amd.failed


def _probe(state: OperationState, operation: Operation, now: Now) -> str | None:
    """Return the campaign that is to show whether `all` keeps something back.

    Those not asked for today come first. Once all were asked for they come again: the machines that a list shows at
    night are yesterday's, and answer nothing of today.
    """
    amd = state.amd
    if operation.amd is not AmdMode.AUTO or not rounds.may_probe(amd, now):
        return None
    machines = {key: number for key, number in state.index.machines.items() if number}
    return min(machines, key=lambda key: (amd.probes.get(key, 0), -machines[key]), default=None)


def _is_askable(state: OperationState, operation: Operation, subject: str, now: Now) -> bool:
    if subject == ALL:
        return operation.amd is not AmdMode.EACH
    return state.amd.round_of_all or subject in _candidates(state, _day(operation, now))


def _begun(state: OperationState, operation: Operation, subject: str, now: Now, *, begins: bool) -> OperationState:
    day = _day(operation, now)
    amd = rounds.begun(state.amd, subject, day, now, begins=begins, remembered=state.index.names)
    return replace(state, amd=amd)


def _failed(state: OperationState, subject: str) -> OperationState:
    return replace(state, amd=rounds.with_failed(state.amd, subject))


def _defers(state: OperationState, operation: Operation, failure: Failure, now: Now) -> bool:
    """Return whether a server that may not know `all` is asked for a single campaign next."""
    not_understood = failure.reason in (Reason.REQUEST, Reason.HTTP)
    return not_understood and state.amd.round_of_all and _following(state, operation, now) is not None


def _taken(
    state: OperationState, operation: Operation, subject: str, exchange: Exchange
) -> tuple[OperationState, Unread]:
    report, amd, day = reader.read(exchange.answer), state.amd, _day(operation, exchange.asked)
    lifetime = operation.stale_after * operation.amd_interval * _rounds(state, operation, day)
    found = {key: Total(value, exchange.came.monotonic + lifetime) for key, value in report.detections.items()}
    totals = dict(amd.totals) if amd.totals_day == day else {}
    if subject == ALL:
        totals, amd = found, replace(amd, all_answers=amd.all_answers or bool(found))
    elif amd.round_of_all:
        has_own = subject in found and found[subject].value > 0
        totals |= {subject: found[subject]} if has_own else {}
        amd = replace(amd, found_each=amd.found_each or has_own)
    else:
        totals = {key: total for key, total in totals.items() if key != subject}
        totals |= {subject: found[subject]} if subject in found else {}
    amd = rounds.without_failed(replace(amd, totals=MappingProxyType(totals), totals_day=day), (subject,))
    published = replace(state.published, amd_window_start=day.timestamp())
    return with_detections(replace(state, amd=amd, published=published), operation), report.unread


def with_detections(state: OperationState, operation: Operation) -> OperationState:
    """Return the state in which the totals are shown with the names and skills last known, less what is left out.

    Before the first good campaigns report no name is known that an exclusion could be about.
    """
    names, selection = state.index.names, operation.campaigns
    rows = (
        Detections(key, *names.get(key, ("", "")), total.value, total.fresh_until)
        for key, total in state.amd.totals.items()
    )
    is_known = state.index.day is not None or selection.is_everything
    shown = tuple(row for row in rows if is_known and selection.selects(row.id, row.name))
    return replace(state, published=replace(state.published, detections=shown))


def _day(operation: Operation, now: Now) -> datetime:
    return windows.today(now.wall, operation.time_zone).start


def _asks_each(amd: Amd, operation: Operation, day: datetime) -> bool:
    return operation.amd is AmdMode.EACH or (operation.amd is AmdMode.AUTO and rounds.asks_each(amd, day))


def _rounds(state: OperationState, operation: Operation, day: datetime) -> int:
    """Return how many rounds it takes until each campaign was asked for."""
    if not _asks_each(state.amd, operation, day):
        return 1
    return rounds.needed(len(state.index.started_on(day)), operation.amd_max_calls)


def _reconfigured(state: OperationState, operation: Operation) -> OperationState:
    """Return what stays known under other settings: nothing of campaigns that are published no longer."""
    selection, published = operation.campaigns, state.published
    gone = {key for key in state.amd.failed if not is_published(state.index, selection, key)}
    shown = tuple(row for row in published.detections if selection.selects(row.id, row.name))
    amd = rounds.without_failed(state.amd, gone)
    return replace(state, amd=amd, published=replace(published, detections=shown))


def _call(operation: Operation, subject: str, now: Now) -> Call:
    return reader.call(windows.today(now.wall, operation.time_zone), subject)


REPORT = Report(
    fields=reader.FIELDS,
    interval=lambda operation: cost.interval(operation, ReportName.AMD),
    call=_call,
    taken=_taken,
    first=_first,
    following=_following,
    is_askable=_is_askable,
    begun=_begun,
    failed=_failed,
    defers=_defers,
    makes_up=lambda state: state.amd.found_each,
    reconfigured=_reconfigured,
)
