"""Campaign: one of them, for whoever has to decide what to do with it."""

from mixin.dashboards.colours import AMBER, BLUE, GREEN, GREY, PURPLE
from mixin.dashboards.model import TIMES, Dashboard, Panel, Query, State, Step, Variable
from mixin.dashboards.shared import (
    BY_ID,
    CAMPAIGN,
    OF_JOB,
    OF_OPERATION,
    ONE_OPERATION,
    PLAIN,
    RESULTS,
    STATES_OF_CAMPAIGN,
    below,
    firing,
    other_phone,
    recycles,
    status_changes,
)
from mixin.promql import fold
from mixin.recording import HITS, RATIO, RECYCLES, STATE, STATES, TO_EMPTY, USUAL
from mixin.recording import RESULTS as RESULT

_ANSWER = ', result="answer"'
_NO_YESTERDAY = "it was not reported yesterday"
_RESTING = "nothing was dialled in the last hour, or the campaign is not calling"


def _value(metric: str, *, offset: str = "", more: str = "") -> str:
    # the newest name of a campaign that was renamed: its old series end
    return f"max({metric}{{{CAMPAIGN}{more}}}{offset})"


def _today(metric: str, more: str = "", ago: str = "") -> str:
    """Return what was counted since midnight, under all names and skills that the campaign had in the day."""
    day = f"max by (operation) (wolkvox_day_start_timestamp_seconds{{{ONE_OPERATION}}}"
    counted = fold(f"{metric}{{{CAMPAIGN}{more}}}")
    of_the_day = f"{counted} and on (operation) {day}) == {day} @ end(){ago})"
    return f"sum(last_over_time(({of_the_day})[1d:1m]{ago}))"


def _rises(metric: str) -> str:
    """Return by how much counts of the day have risen within a step of the graph, which is a whole number of polls.

    No increase() of the counter, which would estimate what two polls differ by. After midnight all is new.
    """
    now = fold(f"{metric}{{{CAMPAIGN}}}")
    before = fold(f"last_over_time({metric}{{{CAMPAIGN}}}[1h] offset $__interval)")
    return f"({now} - {before} >= 0 or {now} and {before})"


_STATE = _value(STATE)
_CALLING = f"{_STATE} > {STATES.index('stopped')} < {STATES.index('list_empty')}"
_CLEAN = _value("wolkvox_campaign_records_clean")
_SPEED = _value("wolkvox_campaign_speed_ratio")
_SPEED_CHANGED = f"{_SPEED} != {_value('wolkvox_campaign_speed_ratio', offset=' offset 1m')}"
_CALLS = "wolkvox_campaign_calls_per_minute"


def _number(key: str, place: tuple[int, int, int, int], *queries: Query) -> Panel:
    return Panel(key, "stat", place, queries, "locale", steps=PLAIN, stacked=True, empty="empty.not_reported")


_WITHOUT_TIME = tuple(
    State(-1 - state.value, "empty.not_known" if STATES[state.value] == "calling" else state.word, state.colour)
    for state in STATES_OF_CAMPAIGN
)
"""What stands in place of a time to empty: the state, as a number that no time is."""
_NOW = (
    Panel("status", "stat", (0, 0, 4, 4), (Query(_STATE),), "none", states=STATES_OF_CAMPAIGN, empty="empty.no_state"),
    Panel("calls", "stat", (4, 0, 3, 4), (Query(_value(_CALLS)),), "short", 0, steps=PLAIN, empty="empty.not_reported"),
    Panel(
        "speed",
        "stat",
        (7, 0, 3, 4),
        (Query(_SPEED),),
        "percentunit",
        0,
        steps=(Step(None, BLUE), Step(1.5, AMBER)),
        empty="empty.not_reported",
    ),
    Panel(
        "speed_changed",
        "stat",
        (10, 0, 4, 4),
        (
            Query(
                f"time() - max_over_time((0 * ({_SPEED_CHANGED}) + time())[1d:1m])",
                rightly_empty="it was not changed in a day",
            ),
        ),
        "dthms",
        steps=PLAIN,
        empty="empty.unchanged",
    ),
    _number("clean", (14, 0, 3, 4), Query(_CLEAN)),
    Panel(
        "to_empty",
        "stat",
        (17, 0, 4, 4),
        (Query(f"{_value(TO_EMPTY)} or -1 - {_STATE}"),),
        "dthms",
        steps=below(7200, 2700),
        states=_WITHOUT_TIME,
        empty="empty.no_state",
    ),
    Panel(
        "times",
        "stat",
        (21, 0, 3, 4),
        (
            Query(_value("wolkvox_campaign_penetration_day_ratio"), "legend.today", unit=TIMES),
            Query(_value("wolkvox_campaign_penetration_now_ratio"), "legend.now", unit=TIMES),
        ),
        "none",
        1,
        steps=PLAIN,
        empty="empty.not_reported",
    ),
)
_RAN = Panel(
    "ran",
    "timeline",
    (0, 4, 24, 4),
    (Query(f"max by (campaign) ({STATE}{{{CAMPAIGN}}})", "{{campaign}}"),),
    "none",
    states=STATES_OF_CAMPAIGN,
)


def _per_answer(ago: str = "") -> str:
    answered = _today("wolkvox_campaign_results_today", _ANSWER, ago)
    return f"{_today('wolkvox_campaign_hits_today', ago=ago)} / ({answered} > 0)"


def _day(key: str, column: int, now: Query, yesterday: Query) -> Panel:
    queries = (now, yesterday)
    return Panel(key, "stat", (column, 8, 3, 5), queries, "locale", steps=PLAIN, stacked=True, empty="empty.none_today")


def _counted(key: str, column: int, metric: str, more: str = "") -> Panel:
    yesterday = Query(_today(metric, more, " offset 1d"), "legend.yesterday_by_now", GREY, rightly_empty=_NO_YESTERDAY)
    return _day(key, column, Query(_today(metric, more), "legend.today"), yesterday)


_TODAY = (
    _counted("dialed_today", 0, "wolkvox_campaign_dialed_today"),
    _counted("answered_today", 3, "wolkvox_campaign_results_today", _ANSWER),
    _counted("hits_today", 6, "wolkvox_campaign_hits_today"),
    _day(
        "quality_today",
        9,
        Query(_per_answer(), "legend.today", unit="percentunit", rightly_empty="nobody has answered today"),
        Query(
            _per_answer(" offset 1d"),
            "legend.yesterday_by_now",
            GREY,
            unit="percentunit",
            rightly_empty="nobody had answered yesterday",
        ),
    ),
    Panel(
        "funnel",
        "bars",
        (12, 8, 6, 5),
        (
            Query(_value("wolkvox_campaign_records"), "legend.loaded"),
            Query(_value("wolkvox_campaign_records_dialed"), "legend.dialed"),
            Query(_value("wolkvox_campaign_records_result", more=_ANSWER), "legend.answered"),
            Query(_value("wolkvox_campaign_records_hit"), "legend.hits"),
        ),
        "locale",
        steps=PLAIN,
    ),
    Panel(
        "phones",
        "bars",
        (18, 8, 6, 5),
        (
            Query(
                f"max by (phone) (wolkvox_campaign_phone_dialed_ratio{{{CAMPAIGN}}})",
                "{{phone}}",
                rightly_empty="a campaign on a strategy or on autopilot names no phones",
            ),
        ),
        "percentunit",
        0,
        most=1,
        steps=PLAIN,
        label="phone",
        empty="empty.no_phones",
    ),
)


def _share(result: str) -> str:
    of_result = f', result="{result}"'
    return f"{_value(RATIO, more=of_result)} and {_CALLING}"


def _per_call(result: str) -> str:
    """Return how many calls of the hour brought a result, where shares of the results would mean nothing."""
    of_result = f', result="{result}"'
    calls = f"60 * {fold(f'avg_over_time({_CALLS}{{{CAMPAIGN}}}[61m])')}"
    found = f"{_value(RESULT, more=of_result)} / (max({calls}) > 0)"
    return f"{found} unless {_value(RATIO, more=of_result)} and {_STATE} == {STATES.index('other_phone')}"


_NOT_REDIALED = "there was no pass over another phone"
_MIX = (
    *(Query(_share(series.name), series.title, series.colour, rightly_empty=_RESTING) for series in RESULTS),
    *(
        Query(_per_call(result), legend, colour, dashed=True, rightly_empty=_NOT_REDIALED)
        for result, legend, colour in (
            ("answer", "legend.answer_per_call", GREEN),
            ("answer_machine", "legend.machine_per_call", PURPLE),
        )
    ),
    Query(
        _value(USUAL, more=_ANSWER), "legend.usual", GREY, dashed=True, rightly_empty="it takes eight hours of dialling"
    ),
)
_TRENDS = (
    Panel(
        "results",
        "series",
        (0, 13, 8, 6),
        (Query(f"sum by (result) {_rises('wolkvox_campaign_results_today')}", "{{result}}"),),
        series=RESULTS,
        stacked=True,
        bars=True,
    ),
    Panel("mix", "series", (8, 13, 8, 6), _MIX, "percentunit"),
    Panel(
        "pace",
        "series",
        (16, 13, 8, 6),
        (
            Query(_value(_CALLS), "legend.today", BLUE),
            Query(
                _value(_CALLS, offset=" offset 1d"),
                "legend.yesterday",
                AMBER,
                dashed=True,
                rightly_empty=_NO_YESTERDAY,
            ),
            Query(
                _value(_CALLS, offset=" offset 1w"),
                "legend.week_ago",
                GREY,
                dashed=True,
                rightly_empty="it was not reported a week ago",
            ),
        ),
        stepped=True,
    ),
    Panel(
        "fuel",
        "series",
        (0, 19, 8, 6),
        (
            Query(_CLEAN, "legend.clean", BLUE),
            Query(
                f"clamp_min({_CLEAN} * (1 - 7200 / {_value(TO_EMPTY)}), 0)",
                "legend.in_two_hours",
                AMBER,
                dashed=True,
                rightly_empty="a list that is not being dialled ends at no time",
            ),
        ),
    ),
    Panel(
        "quality",
        "series",
        (8, 19, 5, 6),
        (
            Query(
                f"{_value(HITS)} / ({_value(RESULT, more=_ANSWER)} > 0) and {_CALLING}",
                "legend.hits_per_answer",
                GREEN,
                rightly_empty=_RESTING,
            ),
        ),
        "percentunit",
    ),
    Panel("speed_day", "series", (13, 19, 4, 6), (Query(_SPEED, "legend.speed", BLUE),), "percentunit", stepped=True),
    Panel(
        "amd",
        "series",
        (17, 19, 4, 6),
        (
            Query(
                _value("wolkvox_campaign_amd_detections"),
                "legend.machines",
                PURPLE,
                rightly_empty="AMD can be off, and the day's first machine comes late",
            ),
        ),
        stepped=True,
    ),
    _number(
        "recycles",
        (21, 19, 3, 6),
        Query(_value(RECYCLES), "legend.times"),
        Query(
            f"round(sum({fold(f'increase(wolkvox_campaign_list_recycles_total{{{CAMPAIGN}}}[1d])')}))", "legend.in_all"
        ),
    ),
)

DASHBOARD = Dashboard(
    "campaign",
    24,
    "5m",
    (
        OF_JOB,
        Variable("operation", OF_OPERATION.query, many=False),
        Variable("skill", f"label_values(wolkvox_campaign_started{{{ONE_OPERATION}}}, skill)"),
        Variable(
            "campaign_id",
            "query_result(group by (campaign, campaign_id) "
            f'(wolkvox_campaign_started{{{ONE_OPERATION}, skill=~"$skill"}}))',
            BY_ID,
            many=False,
        ),
    ),
    (
        status_changes(CAMPAIGN, shown=True),
        recycles(CAMPAIGN, shown=True),
        other_phone(CAMPAIGN),
        firing(CAMPAIGN),
    ),
    (*_NOW, _RAN, *_TODAY, *_TRENDS),
)
