"""The AMD report's rounds: which campaign is asked for next, and what an answer changes.

A round asks for all campaigns in one call, or for each in a call of its own. The mode `auto` asks for all; where that
shows nothing it asks once an hour for the campaign with most machine results, and from then on, until midnight, for
each, if that one has detections of its own.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from wolkvox_exporter.api import windows
from wolkvox_exporter.api.client import Call
from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName, Unread
from wolkvox_exporter.api.reports import amd as reader
from wolkvox_exporter.api.reports.amd import ALL_CAMPAIGNS
from wolkvox_exporter.config import AmdMode, Operation
from wolkvox_exporter.polling.amd import Amd, Total
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.reports.report import Exchange, Report
from wolkvox_exporter.polling.snapshot import Detections
from wolkvox_exporter.polling.state import Failure, OperationState

MOST_FAILED = 100
"""Campaigns whose last question failed that are remembered."""
PROBE_INTERVAL = 3600.0
"""Seconds between two questions whether single campaigns have detections where `all` has none."""


def _first(state: OperationState, operation: Operation, now: Now) -> str | None:
    day = _day(operation, now)
    if not _asks_each(state.amd, operation, day):
        return ALL_CAMPAIGNS
    return _least_recent(state.amd, _candidates(state, day))


def _following(state: OperationState, operation: Operation, now: Now) -> str | None:
    amd, progress = state.amd, state.progress[ReportName.AMD]
    if amd.round_of_all:
        return _probe(state, operation, now) if progress.calls == 1 else None
    day = _day(operation, now)
    if progress.calls >= operation.amd_max_calls or not _asks_each(amd, operation, day):
        return None
    candidates = _candidates(state, day)
    return _least_recent(amd, (key for key in candidates if amd.asked.get(key, 0) <= amd.asked_before))


def _candidates(state: OperationState, day: datetime) -> tuple[str, ...]:
    # what failed is asked for again where nothing else would be, or it would stand as failed all night
    return state.index.started_on(day) or state.amd.failed


def _least_recent(amd: Amd, candidates: Iterable[str]) -> str | None:
    return min(candidates, key=lambda key: amd.asked.get(key, 0), default=None)


def _probe(state: OperationState, operation: Operation, now: Now) -> str | None:
    """Return the campaign that is to show whether `all` keeps something back.

    Those not asked for today come first. Once all were asked for they come again: the machines that a list shows at
    night are yesterday's, and answer nothing of today.
    """
    amd = state.amd
    recently = amd.probed is not None and now.monotonic - amd.probed < PROBE_INTERVAL
    if operation.amd is not AmdMode.AUTO or amd.all_answers or recently:
        return None
    machines = {key: number for key, number in state.index.machines.items() if number}
    return min(machines, key=lambda key: (amd.probes.get(key, 0), -machines[key]), default=None)


def _is_askable(state: OperationState, operation: Operation, subject: str, now: Now) -> bool:
    if subject == ALL_CAMPAIGNS:
        return operation.amd is not AmdMode.EACH
    return state.amd.round_of_all or subject in _candidates(state, _day(operation, now))


def _begun(state: OperationState, operation: Operation, subject: str, now: Now, *, begins: bool) -> OperationState:
    amd, day = state.amd, _day(operation, now)
    if day != amd.day:
        # what was chosen belongs to the day before
        amd = replace(amd, day=day, found_each=False, probes=MappingProxyType({}))
    latest = max(amd.asked.values(), default=0)
    if begins:
        amd = replace(amd, round_of_all=subject == ALL_CAMPAIGNS, asked_before=latest)
    # before the answer: one that always fails must not block the others
    if subject != ALL_CAMPAIGNS and amd.round_of_all:
        probes = {**amd.probes, subject: amd.probes.get(subject, 0) + 1}
        amd = replace(amd, probed=now.monotonic, probes=MappingProxyType(probes))
    elif subject != ALL_CAMPAIGNS:
        asked = {key: at for key, at in amd.asked.items() if key in state.index.names or key in amd.failed}
        amd = replace(amd, asked=MappingProxyType({**asked, subject: latest + 1}))
    return replace(state, amd=amd)


def _failed(state: OperationState, subject: str) -> OperationState:
    if subject == ALL_CAMPAIGNS or subject in state.amd.failed:
        return state
    return replace(state, amd=replace(state.amd, failed=(*state.amd.failed, subject)[-MOST_FAILED:]))


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
    if subject == ALL_CAMPAIGNS:
        totals, amd = found, replace(amd, all_answers=amd.all_answers or bool(found))
    elif amd.round_of_all:
        has_own = subject in found and found[subject].value > 0
        totals |= {subject: found[subject]} if has_own else {}
        amd = replace(amd, found_each=amd.found_each or has_own)
    else:
        totals = {key: total for key, total in totals.items() if key != subject}
        totals |= {subject: found[subject]} if subject in found else {}
    failed = tuple(key for key in amd.failed if key != subject)
    amd = replace(amd, totals=MappingProxyType(totals), totals_day=day, failed=failed)
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
    return operation.amd is AmdMode.EACH or (operation.amd is AmdMode.AUTO and amd.found_each and amd.day == day)


def _rounds(state: OperationState, operation: Operation, day: datetime) -> int:
    """Return how many rounds it takes until each campaign was asked for."""
    if not _asks_each(state.amd, operation, day):
        return 1
    return max(1, -(-len(state.index.started_on(day)) // operation.amd_max_calls))


def _interval(operation: Operation) -> float:
    return 0.0 if operation.amd is AmdMode.OFF else operation.amd_interval


def _call(operation: Operation, subject: str, now: Now) -> Call:
    return reader.call(windows.today(now.wall, operation.time_zone), subject)


REPORT = Report(
    fields=reader.FIELDS,
    interval=_interval,
    call=_call,
    taken=_taken,
    first=_first,
    following=_following,
    is_askable=_is_askable,
    begun=_begun,
    failed=_failed,
    defers=_defers,
    makes_up=lambda state: state.amd.found_each,
)
