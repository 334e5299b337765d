"""Campaign: one of them, for whoever has to decide what to do with it."""

from mixin.dashboards.campaign_queries import (
    ANSWER,
    CALLING,
    CALLS,
    CLEAN,
    SPEED,
    SPEED_AGE,
    STATE_NOW,
    per_answer,
    per_call,
    rises,
    share,
    today,
    value,
)
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
from mixin.recording import HITS, RECYCLES, STATE, STATES, TO_EMPTY, USUAL
from mixin.recording import RESULTS as RESULT

_NO_YESTERDAY = "it was not reported yesterday"
_RESTING = "nothing was dialled in the last hour, or the campaign is not calling"


def _number(key: str, place: tuple[int, int, int, int], *queries: Query) -> Panel:
    return Panel(key, "stat", place, queries, "locale", steps=PLAIN, stacked=True, empty="empty.not_reported")


_WITHOUT_TIME = tuple(
    State(-1 - state.value, "empty.not_known" if STATES[state.value] == "calling" else state.word, state.colour)
    for state in STATES_OF_CAMPAIGN
)
"""What stands in place of a time to empty: the state, as a number that no time is."""
_NOW = (
    Panel(
        "status", "stat", (0, 0, 4, 4), (Query(STATE_NOW),), "none", states=STATES_OF_CAMPAIGN, empty="empty.no_state"
    ),
    Panel("calls", "stat", (4, 0, 3, 4), (Query(value(CALLS)),), "short", 0, steps=PLAIN, empty="empty.not_reported"),
    Panel(
        "speed",
        "stat",
        (7, 0, 3, 4),
        (Query(SPEED),),
        "percentunit",
        0,
        steps=(Step(None, BLUE), Step(1.5, AMBER)),
        empty="empty.not_reported",
    ),
    Panel(
        "speed_changed",
        "stat",
        (10, 0, 4, 4),
        (Query(SPEED_AGE, rightly_empty="it was not changed in a day"),),
        "dthms",
        steps=PLAIN,
        empty="empty.unchanged",
    ),
    _number("clean", (14, 0, 3, 4), Query(CLEAN)),
    Panel(
        "to_empty",
        "stat",
        (17, 0, 4, 4),
        (Query(f"{value(TO_EMPTY)} or -1 - {STATE_NOW}"),),
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
            Query(value("wolkvox_campaign_penetration_day_ratio"), "legend.today", unit=TIMES),
            Query(value("wolkvox_campaign_penetration_now_ratio"), "legend.now", unit=TIMES),
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


def _day(key: str, column: int, now: Query, yesterday: Query) -> Panel:
    queries = (now, yesterday)
    return Panel(key, "stat", (column, 8, 3, 5), queries, "locale", steps=PLAIN, stacked=True, empty="empty.none_today")


def _counted(key: str, column: int, metric: str, more: str = "") -> Panel:
    yesterday = Query(today(metric, more, " offset 1d"), "legend.yesterday_by_now", GREY, rightly_empty=_NO_YESTERDAY)
    return _day(key, column, Query(today(metric, more), "legend.today"), yesterday)


_TODAY = (
    _counted("dialed_today", 0, "wolkvox_campaign_dialed_today"),
    _counted("answered_today", 3, "wolkvox_campaign_results_today", ANSWER),
    _counted("hits_today", 6, "wolkvox_campaign_hits_today"),
    _day(
        "quality_today",
        9,
        Query(per_answer(), "legend.today", unit="percentunit", rightly_empty="nobody has answered today"),
        Query(
            per_answer(" offset 1d"),
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
            Query(value("wolkvox_campaign_records"), "legend.loaded"),
            Query(value("wolkvox_campaign_records_dialed"), "legend.dialed"),
            Query(value("wolkvox_campaign_records_result", more=ANSWER), "legend.answered"),
            Query(value("wolkvox_campaign_records_hit"), "legend.hits"),
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

_NOT_REDIALED = "there was no pass over another phone"
_MIX = (
    *(Query(share(series.name), series.title, series.colour, rightly_empty=_RESTING) for series in RESULTS),
    *(
        Query(per_call(result), legend, colour, dashed=True, rightly_empty=_NOT_REDIALED)
        for result, legend, colour in (
            ("answer", "legend.answer_per_call", GREEN),
            ("answer_machine", "legend.machine_per_call", PURPLE),
        )
    ),
    Query(
        value(USUAL, more=ANSWER), "legend.usual", GREY, dashed=True, rightly_empty="it takes eight hours of dialling"
    ),
)
_TRENDS = (
    Panel(
        "results",
        "series",
        (0, 13, 8, 6),
        (Query(f"sum by (result) {rises('wolkvox_campaign_results_today')}", "{{result}}"),),
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
            Query(value(CALLS), "legend.today", BLUE),
            Query(
                value(CALLS, offset=" offset 1d"),
                "legend.yesterday",
                AMBER,
                dashed=True,
                rightly_empty=_NO_YESTERDAY,
            ),
            Query(
                value(CALLS, offset=" offset 1w"),
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
            Query(CLEAN, "legend.clean", BLUE),
            Query(
                f"clamp_min({CLEAN} * (1 - 7200 / {value(TO_EMPTY)}), 0)",
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
                f"{value(HITS)} / ({value(RESULT, more=ANSWER)} > 0) and {CALLING}",
                "legend.hits_per_answer",
                GREEN,
                rightly_empty=_RESTING,
            ),
        ),
        "percentunit",
    ),
    Panel("speed_day", "series", (13, 19, 4, 6), (Query(SPEED, "legend.speed", BLUE),), "percentunit", stepped=True),
    Panel(
        "amd",
        "series",
        (17, 19, 4, 6),
        (
            Query(
                value("wolkvox_campaign_amd_detections"),
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
        Query(value(RECYCLES), "legend.times"),
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
