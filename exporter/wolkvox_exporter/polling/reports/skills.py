"""The real-time skills report: all skills in one call, or one by one where the server does not take them together.

The question for all comes first each day. Where it is not understood, and never was answered, it is followed at most
once an hour by one for a single skill; if that brings data, skills are asked for one by one until midnight.
"""

from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from wolkvox_exporter.api import windows
from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName, Unread
from wolkvox_exporter.api.reports import skills as reader
from wolkvox_exporter.config import Operation, cost
from wolkvox_exporter.config import skills as selection
from wolkvox_exporter.polling import counters, rounds
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.reports.report import Exchange, Report
from wolkvox_exporter.polling.rounds import ALL
from wolkvox_exporter.polling.skills import PublishedSkill, PublishedSkills
from wolkvox_exporter.polling.state import Failure, OperationState

NOT_FOUND = "404"
VIRTUAL_AGENT = "VAGENT"
"""What campaigns name as their skill that have no agents, and so no queue."""


def _first(state: OperationState, operation: Operation, now: Now) -> str | None:
    if not rounds.asks_each(state.skills, _day(operation, now)):
        return ALL
    return rounds.least_recent(state.skills, _candidates(state, operation))


def _following(state: OperationState, operation: Operation, now: Now) -> str | None:
    skills, progress = state.skills, state.progress[ReportName.SKILLS]
    if skills.round_of_all:
        return _probe(state, operation, now) if progress.deferred else None
    if not rounds.asks_each(skills, _day(operation, now)):
        return None
    return rounds.following(skills, _candidates(state, operation), progress.calls, operation.amd_max_calls)


def _candidates(state: OperationState, operation: Operation) -> tuple[str, ...]:
    """Return the skills that can be asked for one by one: those of the configuration, or those that campaigns name."""
    if isinstance(operation.skills, tuple):
        return operation.skills
    return tuple(dict.fromkeys(row.skill for row in state.published.campaigns if row.skill not in ("", VIRTUAL_AGENT)))


def _probe(state: OperationState, operation: Operation, now: Now) -> str | None:
    """Return the skill that is to show whether single ones have an answer, as the second call of a round of all."""
    skills = state.skills
    if state.progress[ReportName.SKILLS].calls != 1 or not rounds.may_probe(skills, now):
        return None
    return min(_candidates(state, operation), key=lambda key: skills.probes.get(key, 0), default=None)


def _is_askable(state: OperationState, operation: Operation, subject: str, _now: Now) -> bool:
    return subject == ALL or subject in _candidates(state, operation)


def _begun(state: OperationState, operation: Operation, subject: str, now: Now, *, begins: bool) -> OperationState:
    wanted = frozenset(_candidates(state, operation))
    day = _day(operation, now)
    return replace(state, skills=rounds.begun(state.skills, subject, day, now, begins=begins, remembered=wanted))


def _defers(state: OperationState, operation: Operation, failure: Failure, now: Now) -> bool:
    """Return whether a server that may not know `all` is asked for a single skill next."""
    # not after any failure, as AMD: one by one costs many calls, which a server in trouble must not bring about
    not_understood = failure.reason is Reason.REQUEST or (failure.reason is Reason.HTTP and failure.code == NOT_FOUND)
    return not_understood and state.skills.round_of_all and _probe(state, operation, now) is not None


def _taken(
    state: OperationState, operation: Operation, subject: str, exchange: Exchange
) -> tuple[OperationState, Unread]:
    report, is_all = reader.read(exchange.answer, operation.service_level_seconds), subject == ALL
    found = tuple(
        row for row in report.skills if selection.takes(operation.skills, row.id) and (is_all or row.id == subject)
    )
    counted, activity = counters.counted(state.skills.counters, found, report.ambiguous, reader.COUNTED)
    skills, before = replace(state.skills, counters=counted), state.published.skills
    until = exchange.came.monotonic + _lifetime(state, operation, 1 if is_all else len(_candidates(state, operation)))
    rows = tuple(PublishedSkill(row, until) for row in found)
    if is_all:
        skills = replace(skills, all_answers=True)
        published = PublishedSkills(rows, activity, len(report.skills) - len(found))
    else:
        if skills.round_of_all and found:
            # so that nothing keeps the next day from finding out again
            skills = replace(skills, found_each=True, probed=None)
        kept = before.without_stale(exchange.came.monotonic)
        kept = kept.of(row for row in kept.rows if row.skill.id != subject)
        published = PublishedSkills((*kept.rows, *rows), MappingProxyType({**kept.activity, **activity}))
    return replace(state, skills=skills, published=replace(state.published, skills=published)), report.unread


def _lifetime(state: OperationState, operation: Operation, number: int) -> float:
    """Return for how many seconds an answer about one of so many subjects is shown."""
    each = rounds.needed(number, operation.amd_max_calls) if not state.skills.round_of_all else 1
    return operation.stale_after * operation.skills_interval * each


def _reconfigured(state: OperationState, operation: Operation) -> OperationState:
    """Return what stays known under other settings: skills that are still wanted, and their service levels."""
    past, wanted = state.published.skills, reader.numbers(operation.service_level_seconds)
    kept = past.of(
        replace(row, skill=reader.with_values(row.skill, wanted))
        for row in past.rows
        if selection.takes(operation.skills, row.skill.id)
    )
    # what was left out before is no longer there to be looked at
    excluded = None if past.excluded is None else past.excluded + len(past.rows) - len(kept.rows)
    return replace(state, published=replace(state.published, skills=replace(kept, excluded=excluded)))


def _day(operation: Operation, now: Now) -> datetime:
    return windows.today(now.wall, operation.time_zone).start


REPORT = Report(
    fields=reader.FIELDS,
    interval=lambda operation: cost.interval(operation, ReportName.SKILLS),
    call=lambda operation, subject, _now: reader.call(operation.service_level_seconds, subject),
    taken=_taken,
    first=_first,
    following=_following,
    is_askable=_is_askable,
    begun=_begun,
    defers=_defers,
    makes_up=lambda state: state.skills.found_each,
    reconfigured=_reconfigured,
    idle="no campaign names a skill",
)
