"""Operations overview: for the wall. All of it fits a screen of 1080 lines."""

from mixin.dashboards.colours import GREY, TEXT
from mixin.dashboards.model import Column, Dashboard, Panel, Query, Variable
from mixin.dashboards.shared import (
    BY_ID,
    CAMPAIGNS,
    IDENTITY,
    OF_JOB,
    OF_OPERATION,
    OPERATION,
    PLAIN,
    RESULTS,
    RUNNING,
    SEVERITY,
    above,
    below,
    firing,
    recycles,
    status_changes,
)
from mixin.promql import fold
from mixin.recording import HITS as HIT
from mixin.recording import RATIO, TO_EMPTY
from mixin.recording import RESULTS as RESULT
from mixin.rules import board_uid
from mixin.settings import Settings
from mixin.texts import Language

_STARTED = fold(f"wolkvox_campaign_started{{{CAMPAIGNS}}}")
_CLEAN = fold(f"wolkvox_campaign_records_clean{{{CAMPAIGNS}}}")
_RECORDS = fold(f"wolkvox_campaign_records{{{CAMPAIGNS}}}")
_CALLS = fold(f"wolkvox_campaign_calls_per_minute{{{CAMPAIGNS}}}")
_AGE = fold(f'wolkvox_report_last_success_timestamp_seconds{{{OPERATION}, report="campaigns"}}')


def dashboard(settings: Settings, language: Language) -> Dashboard:
    """Return the dashboard; its links depend on the settings."""
    return Dashboard(
        "operations",
        12,
        "1m",
        (
            OF_JOB,
            OF_OPERATION,
            Variable("skill", f"label_values(wolkvox_campaign_started{{{OPERATION}}}, skill)"),
            Variable("campaign", f'query_result(wolkvox_campaign_started{{{OPERATION}, skill=~"$skill"}})', BY_ID),
        ),
        (
            status_changes(CAMPAIGNS, shown=False),
            recycles(CAMPAIGNS, shown=False),
            firing('job=~"$job", operation=~"$operation|"'),
        ),
        (*_numbers(), _campaigns(language), _attention(settings), _timeline(), *_trends()),
    )


def _numbers() -> tuple[Panel, ...]:
    return (
        Panel(
            "running",
            "stat",
            (0, 0, 4, 3),
            (Query(f"sum({_STARTED})", "legend.running"), Query(f"count({_STARTED})", "legend.of", GREY)),
            steps=PLAIN,
            empty="empty.nothing",
        ),
        Panel("calls", "stat", (4, 0, 4, 3), (Query(f"sum({_CALLS})"),), "cpm", 0, steps=PLAIN, empty="empty.idle"),
        Panel(
            "answers",
            "stat",
            (8, 0, 4, 3),
            (_share("answer"),),
            "percentunit",
            1,
            steps=below(0.15, 0.1),
            empty="empty.idle",
        ),
        Panel(
            "machines",
            "stat",
            (12, 0, 4, 3),
            (_share("answer_machine"),),
            "percentunit",
            1,
            steps=above(0.35, 0.5),
            empty="empty.idle",
        ),
        Panel(
            "clean",
            "stat",
            (16, 0, 4, 3),
            (Query(f"sum({_CLEAN} and {_STARTED} == 1) / (sum({_RECORDS} and {_STARTED} == 1) > 0)"),),
            "percentunit",
            1,
            steps=below(0.25, 0.1),
            empty="empty.idle",
        ),
        Panel(
            "age",
            "stat",
            (20, 0, 4, 3),
            (Query(f"time() - min({_AGE})"),),
            "s",
            0,
            steps=above(600, 900),
            empty="empty.no_answer",
        ),
    )


def _share(result: str) -> Query:
    return Query(f"sum({_counted(result)}) / (sum({_counted('.+')}) > 0)")


def _counted(results: str) -> str:
    """Select the results of an hour, of the campaigns whose shares mean something."""
    selector = f'{CAMPAIGNS}, result=~"{results}"'
    return f"{RESULT}{{{selector}}} and {RATIO}{{{selector}}}"


def _campaigns(language: Language) -> Panel:
    link = (
        f"/d/{board_uid('campaign', language)}?${{datasource:queryparam}}&${{job:queryparam}}"
        "&var-operation=${__data.fields.operation}&var-campaign_id=${__data.fields.campaign_id}&${__url_time_range}"
    )
    return Panel(
        "campaigns",
        "table",
        (0, 3, 16, 15),
        (
            Query(f"max by ({IDENTITY}) ({_STARTED})"),
            Query(f"max by ({IDENTITY}) ({_CALLS})"),
            Query(
                f"max by ({IDENTITY}) ({fold(f'wolkvox_campaign_penetration_day_ratio{{{CAMPAIGNS}}}')})",
            ),
            Query(f"max by ({IDENTITY}) ({_CLEAN})"),
            Query(f"max by ({IDENTITY}) ({TO_EMPTY}{{{CAMPAIGNS}}} and {_STARTED} == 1)"),
            Query(f'max by ({IDENTITY}) ({RATIO}{{{CAMPAIGNS}, result="answer"}})'),
            Query(f'max by ({IDENTITY}) ({RATIO}{{{CAMPAIGNS}, result="answer_machine"}})'),
            Query(f"max by ({IDENTITY}) ({HIT}{{{CAMPAIGNS}}})"),
        ),
        "none",
        columns=(
            Column("campaign", "column.campaign", 250, link=link, link_title="link.campaign"),
            Column("campaign_id", "column.campaign_id", 60),
            Column("operation", "column.operation", 115),
            Column("skill", "column.skill", 75),
            Column("Value #A", "column.status", 85, "none", "background", states=RUNNING),
            Column("Value #B", "column.calls", 95, "short"),
            Column("Value #C", "column.penetration", 125, "percentunit", "gauge", steps=PLAIN),
            Column("Value #D", "column.clean", 85, "short"),
            Column("Value #E", "column.to_empty", 100, "dthms", "colour", steps=below(7200, 2700, TEXT)),
            Column("Value #F", "column.answer", 90, "percentunit"),
            Column("Value #G", "column.machine", 100, "percentunit", "colour", steps=above(0.35, 0.5, TEXT)),
            Column("Value #H", "column.hits", 70, "short"),
        ),
        order=("column.status", "column.calls"),
        empty="empty.nothing",
    )


def _attention(settings: Settings) -> Panel:
    alerts = [_alerts(*of) for of in (("critical", 3), ("warning", 2), ("info", 1))]
    return Panel(
        "attention",
        "table",
        (16, 3, 8, 5),
        (Query(" or ".join(alerts), rightly_empty="no alert fires while all is well"),),
        "none",
        columns=(
            Column("Value", "column.severity", 100, "none", "background", states=SEVERITY),
            Column(
                "alertname",
                "column.alert",
                240,
                link=f"{settings.runbook_url}/${{__data.fields.alertname}}.md",
                link_title="link.runbook",
            ),
            Column("operation", "column.operation", 110),
            Column("campaign", "column.campaign", 165),
        ),
        order=("column.severity",),
        empty="empty.no_alert",
    )


def _alerts(severity: str, rank: int) -> str:
    selector = (
        f'alertstate="firing", alertname=~"Wolkvox.+", severity="{severity}", job=~"$job", operation=~"$operation|"'
    )
    return f"{rank} * max by (alertname, operation, campaign) (ALERTS{{{selector}}})"


def _timeline() -> Panel:
    ran = f"max_over_time(wolkvox_campaign_started{{{CAMPAIGNS}}}[$__range] @ end()) == 1"
    query = Query(f"max by (operation, campaign) ({_STARTED} and {fold(ran)})", "{{campaign}}")
    return Panel("timeline", "timeline", (16, 8, 8, 10), (query,), "none", states=RUNNING)


def _trends() -> tuple[Panel, ...]:
    return (
        Panel(
            "results",
            "series",
            (0, 18, 12, 7),
            (Query(f"sum by (result) ({RESULT}{{{CAMPAIGNS}}})", "{{result}}"),),
            series=RESULTS,
            stacked=True,
        ),
        Panel(
            "pace",
            "series",
            (12, 18, 12, 7),
            (Query(f"sum by (operation) ({_CALLS})", "{{operation}}"),),
            "cpm",
            stepped=True,
        ),
    )
