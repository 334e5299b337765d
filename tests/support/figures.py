"""The numbers that supervisors act on: how each is asked for, what is true, and by how much it may differ."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mixin import recording
from mixin.promql import fold
from support.truth import RESULTS, Campaign, View

Names = tuple[str, ...]
"""Values of labels."""
BY_ID = ("operation", "campaign_id")
OPENING = 3_600
"""Seconds of work from which on what is said of today has to be right."""


@dataclass(frozen=True)
class Tolerance:
    """By which share of the truth a number may differ, and in which share of cases it has to be within that.

    `least` is a difference that nobody minds, however small the number.
    """

    share: float
    cases: float = 1.0
    least: float = 0.0

    def admits(self, found: float | None, true: float) -> bool:
        """Return whether a number is near enough; one that is not there is 0."""
        return abs((found or 0.0) - true) <= max(self.share * abs(true), self.least)


EXACT = Tolerance(0.0)
INSTANT = Tolerance(0.02)
HOURLY = 240.0
"""Seconds after which the figures of an hour are worked out again."""
QUIET_HOUR = Tolerance(0.02, least=2)
ANY_HOUR = Tolerance(0.04, cases=0.85, least=2)
REDIALLED_HOUR = Tolerance(0.04, cases=0.6, least=2)
"""Of results that a call to another phone takes back: the report, and so the counter, forgets the former one."""
DAY = Tolerance(0.04)
DAY_OF_ONE = Tolerance(0.04, cases=0.98, least=2)


@dataclass(frozen=True)
class Figure:
    """A number of each campaign, or the sum over those with the same labels.

    `true` says it of a campaign; None where there is nothing to be said of it. `known` whether the case is one at all.
    """

    name: str
    query: str
    labels: Names
    true: Callable[[Campaign], float | None]
    tolerance: Tolerance
    known: Callable[[View, Campaign], bool] = lambda _, each: each.oddity is None and each.is_settled
    """Of sums whether each of their campaigns is such a case."""
    late: float = 0.0
    """By how many seconds it may be worked out later than it is known."""

    def truth(self, view: View) -> Mapping[Names, float]:
        """Return the number by labels."""
        sums: dict[Names, float] = defaultdict(float)
        left_out = set[Names]()
        for each in view.campaigns.values():
            labels = tuple(_LABELS[label](each) for label in self.labels)
            if not self.known(view, each):
                # which skill it had before does not matter: no sum of the operation is a case
                left_out.add(labels if "campaign_id" in self.labels else labels[:1])
            elif (value := self.true(each)) is not None:
                sums[labels] += value
        return {labels: value for labels, value in sums.items() if left_out.isdisjoint((labels, labels[:1]))}


_LABELS: Mapping[str, Callable[[Campaign], str]] = {
    "operation": lambda each: each.operation,
    "campaign_id": lambda each: each.id,
    "skill": lambda each: each.now.skill,
}


def _now() -> Iterator[Figure]:
    """Yield what the last report says."""

    def by_id(metric: str) -> str:
        return f"max by (operation, campaign_id) ({metric})"

    yield Figure("state", by_id(recording.STATE), BY_ID, lambda each: each.state, EXACT)
    for number, state in enumerate(recording.STATES):
        yield Figure(
            f"campaigns: {state}",
            f'sum by (operation) ({recording.OF_STATE}{{state="{state}"}})',
            ("operation",),
            lambda each, wanted=number: each.state == wanted,  # type: ignore[misc]
            EXACT,
        )
    yield Figure(
        "calls per minute", by_id("wolkvox_campaign_calls_per_minute"), BY_ID, lambda each: each.now.calls, INSTANT
    )
    yield Figure(
        "calls per minute of an operation",
        f"sum by (operation) ({recording.CALLS_BY_SKILL})",
        ("operation",),
        lambda each: each.now.calls,
        INSTANT,
    )
    yield Figure(
        "calls per minute of a skill",
        f"sum by (operation, skill) ({recording.CALLS_BY_SKILL})",
        ("operation", "skill"),
        lambda each: each.now.calls,
        INSTANT,
    )
    yield Figure("clean", by_id("wolkvox_campaign_records_clean"), BY_ID, lambda each: each.now.clean, INSTANT)
    yield Figure("loaded", by_id("wolkvox_campaign_records"), BY_ID, lambda each: each.now.records, INSTANT)
    yield Figure(
        "dialled in this pass", by_id("wolkvox_campaign_records_dialed"), BY_ID, lambda each: each.now.dial, INSTANT
    )
    yield Figure("hits in this pass", by_id("wolkvox_campaign_records_hit"), BY_ID, lambda each: each.now.hits, INSTANT)
    yield Figure("speed", by_id("wolkvox_campaign_speed_ratio"), BY_ID, lambda each: each.now.speed / 100, INSTANT)
    yield Figure(
        "dialable campaigns of a skill",
        f"sum by (operation, skill) ({recording.DIALABLE})",
        ("operation", "skill"),
        lambda each: 1 if each.now.started and (each.now.clean or each.now.calls) else None,
        EXACT,
    )


def _quiet(_: View, each: Campaign) -> bool:
    """Hold that no list was recycled in that hour, no report was odd, and no name changed."""
    return each.is_quiet


def _any(_: View, __: Campaign) -> bool:
    """Take every case: the figures of an hour and a day are there whatever a report says."""
    return True


def _hour() -> Iterator[Figure]:
    """Yield what was done between the last report and that of an hour before."""
    counted: dict[str, tuple[str, Callable[[Campaign], float]]] = {
        "dialled": (recording.DIALED, lambda each: each.hour.dialed),
        "hits": (recording.HITS, lambda each: each.hour.hits),
    }
    for result, label in RESULTS.items():
        counted[label] = (
            f'{recording.RESULTS}{{result="{label}"}}',
            lambda each, wanted=result: each.hour.results[wanted],  # type: ignore[misc]
        )
    for name, (metric, true) in counted.items():
        latest = f"last_over_time({metric}[5m])"
        query = f"sum by (operation, campaign_id) ({latest})"
        yield Figure(f"{name}, last hour, list not recycled in it", query, BY_ID, true, QUIET_HOUR, _quiet, HOURLY)
        any_hour = REDIALLED_HOUR if name in ("no_answer", "busy_congestion_failed") else ANY_HOUR
        yield Figure(f"{name}, last hour, any list", query, BY_ID, true, any_hour, _any, HOURLY)
        yield Figure(
            f"{name}, last hour, operation",
            f"sum by (operation) ({latest})",
            ("operation",),
            true,
            any_hour,
            _any,
            HOURLY,
        )


def _today() -> Iterator[Figure]:
    """Yield what was done since the operation's midnight."""

    def opened(view: View, each: Campaign) -> bool:
        return view.worked(each.operation) > OPENING

    counted: dict[str, tuple[str, str, Callable[[Campaign], float]]] = {
        "dialled": (recording.DIALED_TODAY, "wolkvox_campaign_dialed_today", lambda each: each.today.dialed),
        "hits": (recording.HITS_TODAY, "wolkvox_campaign_hits_today", lambda each: each.today.hits),
        "answered": (
            f'{recording.RESULTS_TODAY}{{result="answer"}}',
            'wolkvox_campaign_results_today{result="answer"}',
            lambda each: each.today.results["answer"],
        ),
        "machines": (
            f'{recording.RESULTS_TODAY}{{result="answer_machine"}}',
            'wolkvox_campaign_results_today{result="answer_machine"}',
            lambda each: each.today.results["machine"],
        ),
    }
    for name, (of_skills, own, true) in counted.items():
        # every two minutes
        latest = f"sum by (operation) (last_over_time({of_skills}[2m]))"
        yield Figure(f"{name} today, operation", latest, ("operation",), true, DAY, opened)
        yield Figure(
            f"{name} today, campaign", f"sum by (operation, campaign_id) ({fold(own)})", BY_ID, true, DAY_OF_ONE, opened
        )


FIGURES = (*_now(), *_hour(), *_today())
