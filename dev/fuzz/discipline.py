"""The discipline of calls as it was promised, held against what the API saw. Nothing of the exporter is used here."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fuzz.scripted import Call, Fault

HOUR, DAY = 3600.0, 86400.0
BOGOTA = -5 * HOUR
FIRST_PAUSE, LONGEST_PAUSE = 300.0, 1800.0
SOME_SECONDS = 5.0
"""Seconds that at least pass before a retry after `concurrency`, of which there are three."""
RETRIES = 3
RESERVE = 0.1
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Terms:
    """What was configured of one operation: seconds between two polls of each report, and AMD calls in an interval."""

    intervals: Mapping[str, float]
    one_by_one: bool = False
    most: int = 1


def to_midnight(at: float) -> float:
    """Return the seconds from a Unix time to the next midnight in Bogota."""
    return DAY - (at + BOGOTA) % DAY


def check(
    calls: list[Call], terms: Mapping[str, Terms], excused: Sequence[float] = (), restarts: Sequence[float] = ()
) -> None:
    """Check every promise about calls; `excused` are instants across which nobody can know that a token was refused."""
    by_report: dict[tuple[str, str], list[Call]] = defaultdict(list)
    by_token: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        by_report[call.operation, call.report].append(call)
        by_token[call.token].append(call)
    for (operation, report), log in by_report.items():
        if report == "amd" and terms[operation].one_by_one:
            few_in_an_interval(log, terms[operation])
        else:
            never_early(log, terms[operation].intervals[report], calls, excused)
    for log in by_token.values():
        one_at_a_time(log)
        refusals_pause(log, excused, restarts)
        exhaustion_pauses(log)
    for operation in terms:
        reserve_is_kept([call for call in calls if call.operation == operation])


def one_at_a_time(log: list[Call]) -> None:
    """Check that no call of a token begins before the one before has ended."""
    for first, second in pairwise(log):
        assert (first.ended or first.started) <= second.started, (first, second)


def never_early(log: list[Call], interval: float, calls: list[Call], excused: Sequence[float]) -> None:
    """Check that a report is asked one interval after it was asked last; earlier come only the named retries."""
    retried = concurrencies = 0
    for first, second in pairwise(log):
        gap = second.started - first.started
        assert first.ended is not None
        if gap >= interval - _ROUNDING:
            retried = concurrencies = 0
            continue
        concurrencies = concurrencies + 1 if first.fault is Fault.CONCURRENCY else 0
        if first.fault is Fault.RESET and not retried:
            retried = 1
        elif first.fault is Fault.CONCURRENCY and concurrencies <= RETRIES:
            assert second.started - first.ended >= SOME_SECONDS - _ROUNDING, (first, second)
            retried = 0
        else:
            assert another_token(first, second, calls, excused), (gap, first, second)


def another_token(first: Call, second: Call, calls: list[Call], excused: Sequence[float]) -> bool:
    """Tell whether a token was refused meanwhile and another is used now, as far as can be known."""
    return any(
        call.fault is Fault.TOKEN
        and (call.token != second.token or any(call.started <= instant <= second.started for instant in excused))
        for call in calls
        if first.started <= call.started and (call.ended or call.started) <= second.started
    )


def few_in_an_interval(log: list[Call], terms: Terms) -> None:
    """Check that, campaign by campaign, no more calls are made in an interval than allowed, but for repeated ones.

    Rounds keep their own interval, which may lie across the one that is looked at, so two rounds can touch it.
    """
    for place, call in enumerate(log):
        within = [other for other in log[place:] if other.started < call.started + terms.intervals["amd"]]
        repeated = sum(other.fault in (Fault.RESET, Fault.CONCURRENCY) for other in within)
        assert len(within) <= 2 * terms.most + repeated, within


def _next_with(log: list[Call], fault: Fault) -> Iterator[tuple[Call, Call]]:
    return ((first, second) for first, second in pairwise(log) if first.fault is fault)


def refusals_pause(log: list[Call], excused: Sequence[float], restarts: Sequence[float]) -> None:
    """Check that a refused token is asked with growing pauses, whoever uses it.

    Each operation remembers over a restart what itself has seen: another with the same token may be the first to ask.
    """
    refusals = 0
    for first, second in pairwise(log):
        strangers = restarts if first.operation != second.operation else ()
        if any(first.started <= instant <= second.started for instant in (*excused, *strangers)):
            refusals = 0
        elif first.fault is Fault.TOKEN:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**refusals)
            assert second.started - (first.ended or 0.0) >= pause - _ROUNDING, (refusals, first, second)
            refusals += 1
        elif first.fault in (None, Fault.QUOTA) or refusals:
            # only an answer that was taken ends the row of refusals for sure
            refusals = 0


def exhaustion_pauses(log: list[Call]) -> None:
    """Check that one probe an hour, and one at midnight in Bogota, follow after the day's calls are used up."""
    for first, second in _next_with(log, Fault.QUOTA):
        ended = first.at + (first.ended or first.started) - first.started
        assert second.started - (first.ended or 0.0) >= min(HOUR, to_midnight(ended)) - 1, (first, second)


def reserve_is_kept(log: list[Call]) -> None:
    """Check that AMD is not asked for where less than the reserve is left, as far as today's figures tell."""
    reported: Call | None = None
    spent = 0
    for call in log:
        today = reported is not None and call.at < reported.at + to_midnight(reported.at)
        if call.report == "amd" and reported is not None and today:
            assert reported.limit - reported.used - spent >= RESERVE * reported.limit, (spent, reported, call)
        spent += 1
        if call.report == "quota" and call.fault is None and call.ended is not None:
            reported, spent = call, 0
