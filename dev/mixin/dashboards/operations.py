"""Operations overview: for the wall. What is now and what was today fits a screen of 1080 lines, the rest stands below.

However many campaigns there are, it asks for `$limit` rows of a table, and else for what is recorded by skill.
"""

from mixin.dashboards.colours import BLUE, GREY, VERMILLION
from mixin.dashboards.model import Annotation, Dashboard, Panel, Query, Variable
from mixin.dashboards.operations_tables import AGENTS, attention, by_operation, by_skill, campaigns, ending
from mixin.dashboards.operations_worst import WORST
from mixin.dashboards.shared import (
    FIRING,
    OF_JOB,
    OF_OPERATION,
    OF_SKILL,
    OPERATION,
    PLAIN,
    RESULTS,
    STATES_OF_CAMPAIGN,
    above,
    below,
)
from mixin.promql import fold
from mixin.recording import CALLS_BY_SKILL, DIALED_TODAY, HITS_TODAY, OF_STATE, RESULTS_TODAY, STATES
from mixin.recording import RESULTS_BY_SKILL as RESULT
from mixin.settings import Settings
from mixin.texts import Language

_ANSWER, _MACHINE = 'result="answer"', 'result="answer_machine"'
_NO_YESTERDAY = "it was not reported yesterday"
_TEN_OR_LESS = "ten operations have a line each"
_AGE = fold(f'wolkvox_report_last_success_timestamp_seconds{{{OPERATION}, report="campaigns"}}')
_WITH_AMD = f"sum by (job, operation) ({RESULT}{{{OPERATION}, {_MACHINE}}}) > 0"
"""The operations that have AMD: its result is 0 of all the others, which would only dilute it."""
_MACHINES = (
    f"sum({RESULT}{{{OF_SKILL}, {_MACHINE}}}) / (sum({RESULT}{{{OF_SKILL}}} and on (job, operation) {_WITH_AMD}) > 0)"
)
_ANSWERS = f"sum({RESULT}{{{OF_SKILL}, {_ANSWER}}}) / (sum({RESULT}{{{OF_SKILL}}}) > 0)"


def _of_state(state: str) -> str:
    """Count the campaigns in a state; none are 0 where any is published."""
    return f'sum({OF_STATE}{{{OF_SKILL}, state="{state}"}}) or 0 * sum({OF_STATE}{{{OPERATION}}})'


_NOW = (
    Panel(
        "states",
        "stat",
        (0, 0, 10, 3),
        tuple(
            Query(_of_state(STATES[state.value]), state.word, state.colour)
            for state in sorted(STATES_OF_CAMPAIGN, key=lambda each: -each.value)
        ),
        "locale",
        steps=PLAIN,
        sizes=(13, 32),
        empty="empty.nothing",
    ),
    Panel(
        "calls",
        "stat",
        (10, 0, 3, 3),
        (Query(f"sum({CALLS_BY_SKILL}{{{OF_SKILL}}})"),),
        "locale",
        0,
        steps=PLAIN,
        empty="empty.idle",
    ),
    Panel(
        "answers",
        "stat",
        (13, 0, 4, 3),
        (Query(_ANSWERS),),
        "percentunit",
        1,
        steps=below(0.15, 0.1),
        empty="empty.idle",
    ),
    Panel(
        "machines",
        "stat",
        (17, 0, 4, 3),
        (Query(_MACHINES, rightly_empty="an operation may have no AMD"),),
        "percentunit",
        1,
        steps=above(0.35, 0.5),
        empty="empty.no_amd",
    ),
    Panel(
        "age",
        "stat",
        (21, 0, 3, 3),
        (Query(f"time() - min({_AGE})"),),
        "s",
        0,
        steps=above(600, 900),
        empty="empty.no_answer",
    ),
)


def _counted(metric: str, ago: str, also: str = "") -> str:
    return f"sum({metric}{{{OF_SKILL}{also}}}{ago})"


def _answered(ago: str) -> str:
    return _counted(RESULTS_TODAY, ago, f", {_ANSWER}")


def _answer_rate(ago: str) -> str:
    return f"{_answered(ago)} / ({_counted(RESULTS_TODAY, ago)} > 0)"


def _hits(ago: str) -> str:
    return _counted(HITS_TODAY, ago)


def _per_answer(ago: str) -> str:
    return f"{_hits(ago)} / ({_answered(ago)} > 0)"


_TODAY = tuple(
    Panel(
        key,
        "stat",
        (column, 3, width, 4),
        (
            Query(of_day(""), "legend.today", BLUE),
            Query(of_day(" offset 1d"), "legend.yesterday_by_now", GREY, rightly_empty=_NO_YESTERDAY),
        ),
        "percentunit" if is_ratio else "locale",
        1 if is_ratio else 0,
        steps=PLAIN,
        stacked=True,
        empty="empty.none_today",
    )
    for key, column, width, of_day, is_ratio in (
        ("dialed_today", 0, 5, lambda ago: _counted(DIALED_TODAY, ago), False),
        ("answered_today", 5, 5, _answered, False),
        ("answers_today", 10, 5, _answer_rate, True),
        ("hits_today", 15, 5, _hits, False),
        ("quality_today", 20, 4, _per_answer, True),
    )
)

_CALLS = f"sum by (operation) ({CALLS_BY_SKILL}{{{OF_SKILL}}})"
_MOST = f"topk(10, sum by (operation) (avg_over_time({CALLS_BY_SKILL}{{{OF_SKILL}}}[$__range] @ end())))"
_TRENDS = (
    Panel(
        "results",
        "series",
        (0, 25, 10, 8),
        (
            Query(f"sum by (result) ({RESULT}{{{OF_SKILL}}})", "{{result}}"),
            Query(_ANSWERS, "legend.answer_rate", VERMILLION, unit="percentunit", line=True),
        ),
        series=RESULTS,
        stacked=True,
        bars=True,
        hourly=True,
    ),
    Panel(
        "pace",
        "series",
        (10, 25, 10, 8),
        (
            Query(f"{_CALLS} and on (operation) {_MOST}", "{{operation}}"),
            Query(
                f"sum({_CALLS} unless on (operation) {_MOST})",
                "legend.other_operations",
                GREY,
                dashed=True,
                rightly_empty=_TEN_OR_LESS,
            ),
        ),
        "locale",
        stepped=True,
    ),
)


def dashboard(settings: Settings, language: Language) -> Dashboard:
    """Return the dashboard; its links depend on the settings."""
    return Dashboard(
        "operations",
        12,
        "1m",
        (
            OF_JOB,
            OF_OPERATION,
            Variable("skill", f"label_values({DIALED_TODAY}{{{OPERATION}}}, skill)"),
            Variable("limit", many=False, values=("25", "50", "200")),
            WORST,
        ),
        (
            Annotation(
                "annotation.alerts",
                f"count by (alertname, operation) (ALERTS{{{FIRING}}})",
                "{{alertname}} {{operation}}",
                VERMILLION,
                shown=False,
            ),
        ),
        (
            *_NOW,
            *_TODAY,
            campaigns(language),
            attention(settings),
            ending(language),
            *_TRENDS,
            AGENTS,
            by_operation(language),
            by_skill(language),
        ),
    )
