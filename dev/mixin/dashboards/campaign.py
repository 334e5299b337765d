"""Campaign: one of them, for whoever has to decide what to do with it."""

from mixin.dashboards.colours import AMBER, BLUE, GREEN, GREY, PURPLE
from mixin.dashboards.model import Dashboard, Panel, Query, Step, Variable
from mixin.dashboards.shared import (
    BY_ID,
    CAMPAIGN,
    JOB,
    OF_JOB,
    OPERATION,
    PLAIN,
    RESULTS,
    RUNNING,
    below,
    firing,
    recycles,
    status_changes,
)
from mixin.promql import fold
from mixin.recording import DIALED, HITS, RATIO, TO_EMPTY, USUAL
from mixin.recording import RESULTS as RESULT

_RESTING = "nothing was dialled in the last hour, or the campaign is stopped"
_ANSWER = ', result="answer"'


def _value(metric: str, *, offset: str = "", more: str = "") -> str:
    # the newest name of a campaign that was renamed: its old series end
    return f"max({metric}{{{CAMPAIGN}{more}}}{offset})"


_NOW = (
    Panel(
        "status",
        "stat",
        (0, 0, 3, 4),
        (Query(_value("wolkvox_campaign_started")),),
        "none",
        states=RUNNING,
        empty="empty.not_reported",
    ),
    Panel(
        "calls",
        "stat",
        (3, 0, 3, 4),
        (Query(_value("wolkvox_campaign_calls_per_minute")),),
        "cpm",
        0,
        steps=PLAIN,
        empty="empty.not_reported",
    ),
    Panel(
        "speed",
        "stat",
        (6, 0, 3, 4),
        (Query(_value("wolkvox_campaign_speed_ratio")),),
        "percentunit",
        0,
        steps=(Step(None, BLUE), Step(1.5, AMBER)),
        empty="empty.not_reported",
    ),
    Panel(
        "penetration",
        "gauge",
        (9, 0, 6, 4),
        (
            Query(_value("wolkvox_campaign_penetration_day_ratio"), "legend.today"),
            Query(_value("wolkvox_campaign_penetration_now_ratio"), "legend.now"),
        ),
        "percentunit",
        0,
        most=1,
        steps=PLAIN,
        empty="empty.not_reported",
    ),
    Panel(
        "clean",
        "stat",
        (15, 0, 3, 4),
        (Query(_value("wolkvox_campaign_records_clean")),),
        steps=PLAIN,
        empty="empty.not_reported",
    ),
    Panel(
        "to_empty",
        "stat",
        (18, 0, 3, 4),
        (Query(f"{_value(TO_EMPTY)} and ({_value('wolkvox_campaign_started')} == 1)", rightly_empty=_RESTING),),
        "dthms",
        steps=below(7200, 2700),
        empty="empty.not_draining",
    ),
    Panel(
        "hits",
        "stat",
        (21, 0, 3, 4),
        (
            Query(_value("wolkvox_campaign_records_hit"), "legend.hits"),
            Query(_value("wolkvox_campaign_hit_ratio"), "legend.share", unit="percentunit"),
        ),
        steps=PLAIN,
        empty="empty.not_reported",
    ),
)

_ANSWERED = _value("wolkvox_campaign_records_result", more=_ANSWER)
_LIST = (
    Panel(
        "ran",
        "timeline",
        (0, 4, 24, 3),
        (Query(f"max by (campaign) ({fold(f'wolkvox_campaign_started{{{CAMPAIGN}}}')})", "{{campaign}}"),),
        "none",
        states=RUNNING,
        legend=False,
    ),
    Panel(
        "funnel",
        "bars",
        (0, 7, 6, 6),
        (
            Query(_value("wolkvox_campaign_records"), "legend.loaded"),
            Query(_value("wolkvox_campaign_records_dialed"), "legend.dialed"),
            Query(_ANSWERED, "legend.answered"),
            Query(_value("wolkvox_campaign_records_hit"), "legend.hits"),
        ),
        steps=PLAIN,
    ),
    Panel(
        "phones",
        "bars",
        (6, 7, 6, 6),
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
    Panel(
        "fuel",
        "series",
        (12, 7, 12, 6),
        (
            Query(_value("wolkvox_campaign_records_clean"), "legend.clean", BLUE),
            Query(
                f"clamp_min({_value('wolkvox_campaign_records_clean')} - 2 * {_value(DIALED)}, 0)",
                "legend.in_two_hours",
                AMBER,
                dashed=True,
            ),
        ),
    ),
)

_CALLS = "wolkvox_campaign_calls_per_minute"
_PACE = (
    Panel(
        "pace",
        "series",
        (0, 13, 12, 6),
        (
            Query(_value(_CALLS), "legend.today", BLUE),
            Query(
                _value(_CALLS, offset=" offset 1d"),
                "legend.yesterday",
                AMBER,
                dashed=True,
                rightly_empty="it was not reported yesterday",
            ),
            Query(
                _value(_CALLS, offset=" offset 1w"),
                "legend.week_ago",
                GREY,
                dashed=True,
                rightly_empty="it was not reported a week ago",
            ),
        ),
        "cpm",
        stepped=True,
    ),
    Panel(
        "results",
        "series",
        (12, 13, 12, 6),
        (Query(f"sum by (result) ({RESULT}{{{CAMPAIGN}}})", "{{result}}"),),
        series=RESULTS,
        stacked=True,
    ),
)

_SHARES = [Query(_value(RATIO, more=f', result="{series.name}"'), series.title, series.colour) for series in RESULTS]
_USUAL = Query(
    _value(USUAL, more=_ANSWER), "legend.usual", GREY, dashed=True, rightly_empty="it takes eight hours of dialling"
)
_RESULTS = (
    Panel("mix", "series", (0, 19, 8, 6), (*_SHARES, _USUAL), "percentunit"),
    Panel(
        "quality",
        "series",
        (8, 19, 6, 6),
        (
            Query(
                f"{_value(HITS)} / ({_value(RESULT, more=_ANSWER)} > 0)",
                "legend.hits_per_answer",
                GREEN,
            ),
        ),
        "percentunit",
    ),
)

_DAY = (
    Panel(
        "amd",
        "series",
        (14, 19, 5, 6),
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
    Panel(
        "recycles",
        "series",
        (19, 19, 5, 6),
        (Query(_value("wolkvox_campaign_recycles"), "legend.recycles", GREEN),),
        stepped=True,
    ),
)

DASHBOARD = Dashboard(
    "campaign",
    24,
    "5m",
    (
        OF_JOB,
        Variable("operation", f"label_values(wolkvox_campaign_started{{{JOB}}}, operation)", many=False),
        Variable(
            "campaign_id",
            f"query_result(wolkvox_campaign_started{{{OPERATION}}})",
            BY_ID,
            many=False,
        ),
    ),
    (status_changes(CAMPAIGN, shown=True), recycles(CAMPAIGN, shown=True), firing(CAMPAIGN)),
    (*_NOW, *_LIST, *_PACE, *_RESULTS, *_DAY),
)
