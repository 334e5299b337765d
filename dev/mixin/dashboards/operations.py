"""Operations overview: for the wall. All of it fits a screen of 1080 lines."""

from mixin.dashboards.colours import GREY, TEXT
from mixin.dashboards.model import Column, Dashboard, Panel, Query, State, Variable
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
from mixin.rulefiles import alerts
from mixin.rules import board_uid
from mixin.settings import Settings
from mixin.texts import Language

_STARTED = fold(f"wolkvox_campaign_started{{{CAMPAIGNS}}}")
_CLEAN = fold(f"wolkvox_campaign_records_clean{{{CAMPAIGNS}}}")
_RECORDS = fold(f"wolkvox_campaign_records{{{CAMPAIGNS}}}")
_CALLS = fold(f"wolkvox_campaign_calls_per_minute{{{CAMPAIGNS}}}")
_AGE = fold(f'wolkvox_report_last_success_timestamp_seconds{{{OPERATION}, report="campaigns"}}')
_PENETRATION = fold(f"wolkvox_campaign_penetration_day_ratio{{{CAMPAIGNS}}}")
_TO_EMPTY = f"{TO_EMPTY}{{{CAMPAIGNS}}} and {_STARTED} == 1"
_ANSWERS = f'{RATIO}{{{CAMPAIGNS}, result="answer"}}'
_MACHINES = f'{RATIO}{{{CAMPAIGNS}, result="answer_machine"}}'
_RAN = fold(f"max_over_time(wolkvox_campaign_started{{{CAMPAIGNS}}}[$__range] @ end()) == 1")
_ALL_WELL = "no alert fires while all is well"
_ALERTS = 'alertstate="firing", alertname=~"Wolkvox.+", job=~"$job", operation=~"$operation|"'


def _share(result: str) -> Query:
    return Query(f"sum({_counted(result)}) / (sum({_counted('.+')}) > 0)")


def _counted(results: str) -> str:
    """Select the results of an hour, of the campaigns whose shares mean something."""
    selector = f'{CAMPAIGNS}, result=~"{results}"'
    return f"{RESULT}{{{selector}}} and {RATIO}{{{selector}}}"


def _each(expression: str) -> Query:
    """Ask for a value of each campaign."""
    return Query(f"max by ({IDENTITY}) ({expression})")


_NUMBERS = (
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

_COLUMNS = (
    Column("column.campaign_id", 60, "campaign_id"),
    Column("column.operation", 115, "operation"),
    Column("column.skill", 75, "skill"),
    Column("column.status", 85, None, _each(_STARTED), "none", "background", RUNNING),
    Column("column.calls", 95, None, _each(_CALLS), "short"),
    Column("column.penetration", 125, None, _each(_PENETRATION), "percentunit", "gauge", steps=PLAIN, decimals=0),
    Column("column.clean", 85, None, _each(_CLEAN), "short"),
    Column("column.to_empty", 100, None, _each(_TO_EMPTY), "dthms", "colour", steps=below(7200, 2700, TEXT)),
    Column("column.answer", 90, None, _each(_ANSWERS), "percentunit"),
    Column("column.machine", 100, None, _each(_MACHINES), "percentunit", "colour", steps=above(0.35, 0.5, TEXT)),
    Column("column.hits", 70, None, _each(f"round({HIT}{{{CAMPAIGNS}}})"), "short"),
)
"""After the campaign's name; a new column is one entry here."""


def _campaigns(language: Language) -> Panel:
    link = (
        f"/d/{board_uid('campaign', language)}?${{datasource:queryparam}}&${{job:queryparam}}"
        "&var-operation=${__data.fields.operation}&var-campaign_id=${__data.fields.campaign_id}&${__url_time_range}"
    )
    name = Column("column.campaign", 255, "campaign", link=link, link_title="link.campaign")
    return Panel(
        "campaigns",
        "table",
        (0, 3, 16, 16),
        (),
        "none",
        columns=(name, *_COLUMNS),
        order=("column.status", "column.calls"),
        paged=True,
        empty="empty.nothing",
    )


def _attention(settings: Settings) -> Panel:
    ranked = " or ".join(map(_ranked, SEVERITY))
    runbook = f"{settings.runbook_url}/${{__data.fields.alertname}}.md"
    words = tuple((alert.name, f"alert.{alert.name}.title") for alert in alerts(settings))
    return Panel(
        "attention",
        "table",
        (16, 3, 8, 6),
        (),
        "none",
        columns=(
            Column(
                "column.severity",
                95,
                None,
                Query(ranked, rightly_empty=_ALL_WELL),
                "none",
                "background",
                SEVERITY,
            ),
            Column("column.alert", 165, "alertname", words=words, link=runbook, link_title="link.runbook"),
            Column("column.operation", 110, "operation"),
            Column("column.campaign", 185, "campaign", wraps=True),
            Column("column.skill", 63, "skill"),
        ),
        order=("column.severity",),
        empty="empty.no_alert",
    )


def _ranked(severity: State) -> str:
    name = severity.word.removeprefix("state.")
    selected = f'ALERTS{{{_ALERTS}, severity="{name}"}}'
    return f"{severity.value} * max by (alertname, operation, campaign, skill) ({selected})"


_TIMELINE = Panel(
    "timeline",
    "timeline",
    (16, 9, 8, 10),
    (Query(f"max by (operation, campaign) ({_STARTED} and {_RAN})", "{{campaign}}"),),
    "none",
    states=RUNNING,
)
_TRENDS = (
    Panel(
        "results",
        "series",
        (0, 19, 12, 6),
        (Query(f"sum by (result) ({RESULT}{{{CAMPAIGNS}}})", "{{result}}"),),
        series=RESULTS,
        stacked=True,
    ),
    Panel(
        "pace",
        "series",
        (12, 19, 12, 6),
        (Query(f"sum by (operation) ({_CALLS})", "{{operation}}"),),
        "cpm",
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
            Variable("skill", f"label_values(wolkvox_campaign_started{{{OPERATION}}}, skill)"),
            Variable("campaign", f'query_result(wolkvox_campaign_started{{{OPERATION}, skill=~"$skill"}})', BY_ID),
        ),
        (
            status_changes(CAMPAIGNS, shown=False),
            recycles(CAMPAIGNS, shown=False),
            firing('job=~"$job", operation=~"$operation|"'),
        ),
        (*_NUMBERS, _campaigns(language), _attention(settings), _TIMELINE, *_TRENDS),
    )
