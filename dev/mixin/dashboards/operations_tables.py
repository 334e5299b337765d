"""The tables of the operations overview: each has a bounded number of rows, and all its columns ask for the same."""

from mixin.dashboards.colours import TEXT
from mixin.dashboards.model import Column, Panel, Query, State
from mixin.dashboards.operations_worst import COLUMNS
from mixin.dashboards.shared import (
    FIRING,
    OF_SKILL,
    OPERATION,
    SEVERITY,
    below,
)
from mixin.promql import fold
from mixin.recording import (
    CALLS_BY_SKILL,
    DIALED_TODAY,
    HITS_TODAY,
    OF_STATE,
    RESULTS_TODAY,
    TO_EMPTY,
)
from mixin.rulefiles import alerts
from mixin.rules import board_uid
from mixin.settings import Settings
from mixin.texts import Language

_ALL_WELL = "no alert fires while all is well"
_NOT_POLLED = "skills are asked for only where the configuration says so"
_ANSWER = ', result="answer"'
_AT_WORK = (("ready", "agents.ready"), ("talk", "agents.talk"), ("ring", "agents.ring"), ("acw", "agents.acw"))


def _link(board: str, *fields: str) -> str:
    # a name holds anything, also what parts an address
    chosen = "".join(f"&var-{field}=${{__data.fields.{field}:percentencode}}" for field in fields)
    return f"/d/{board}?${{datasource:queryparam}}&${{job:queryparam}}{chosen}&${{__url_time_range}}"


def _campaign(language: Language, width: int) -> Column:
    link = _link(board_uid("campaign", language), "operation", "campaign_id")
    return Column("column.campaign", width, "campaign", link=link, link_title="link.campaign")


def _narrower(language: Language, title: str, width: int, *fields: str) -> Column:
    """Return the column of the last of the fields, by which the same dashboard is narrowed down."""
    link = f"{_link(board_uid('operations', language), *fields)}&${{limit:queryparam}}"
    return Column(title, width, fields[-1], link=link, link_title="link.narrow")


def campaigns(language: Language) -> Panel:
    """Return the table of the campaigns that need eyes."""
    return Panel(
        "campaigns",
        "table",
        (0, 7, 16, 18),
        (),
        "none",
        columns=(_campaign(language, 0), *COLUMNS),
        order=("column.state",),
        least_first=("column.to_empty",),
        paged=True,
        empty="empty.nothing",
    )


def _ranked(severity: State) -> str:
    name = severity.word.removeprefix("state.")
    return f'{severity.value} * max by (alertname, operation) (ALERTS{{{FIRING}, severity="{name}"}})'


def attention(settings: Settings) -> Panel:
    """Return the table of alerts, by name and operation."""
    worst = f"topk(50, {' or '.join(map(_ranked, SEVERITY))})"
    count = f"count by (alertname, operation) (ALERTS{{{FIRING}}}) and on (alertname, operation) {worst}"
    runbook = f"{settings.runbook_url}/${{__data.fields.alertname}}.md"
    words = tuple((alert.name, f"alert.{alert.name}.title") for alert in alerts(settings))
    severity = Query(worst, rightly_empty=_ALL_WELL)
    return Panel(
        "attention",
        "table",
        (16, 7, 8, 9),
        (),
        "none",
        columns=(
            Column("column.severity", 120, None, severity, "none", "background", SEVERITY),
            Column("column.alert", 0, "alertname", words=words, link=runbook, link_title="link.runbook"),
            Column("column.operation", 130, "operation"),
            Column("column.count", 95, None, Query(count, rightly_empty=_ALL_WELL), "locale"),
        ),
        order=("column.severity", "column.count"),
        empty="empty.no_alert",
    )


def ending(language: Language) -> Panel:
    """Return the table of the lists that end first."""
    soonest = f"bottomk(10, {TO_EMPTY}{{{OF_SKILL}}})"
    first = Query(f"max by (operation, campaign, campaign_id) ({soonest})", rightly_empty="no list runs out at night")
    return Panel(
        "ending",
        "table",
        (16, 16, 8, 9),
        (),
        "none",
        columns=(
            _campaign(language, 0),
            Column("column.operation", 130, "operation"),
            Column("column.campaign_id", 65, "campaign_id"),
            Column("column.to_empty", 120, None, first, "dthms", "colour", steps=below(7200, 2700, TEXT)),
        ),
        least_first=("column.to_empty",),
        empty="empty.not_draining",
    )


def _of_operation(metric: str, also: str = "") -> str:
    return f"sum by (operation) ({metric}{{{OF_SKILL}{also}}})"


def _in_state(states: str) -> Query:
    """Count the campaigns whose state matches; none are 0 where the operation has any."""
    matching = _of_operation(OF_STATE, f', state=~"{states}"')
    return Query(f"{matching} or 0 * {_of_operation(OF_STATE)}")


_ANSWER_RATE = Query(f"{_of_operation(RESULTS_TODAY, _ANSWER)} / ({_of_operation(RESULTS_TODAY)} > 0)")


def by_operation(language: Language) -> Panel:
    """Return the table of the operations, each a way down."""
    return Panel(
        "by_operation",
        "table",
        (0, 33, 11, 9),
        (),
        "none",
        columns=(
            _narrower(language, "column.operation", 0, "operation"),
            Column("column.calling", 80, None, _in_state("calling|other_phone"), "locale"),
            Column("column.no_calls", 85, None, _in_state("no_calls"), "locale"),
            Column("column.list_empty", 110, None, _in_state("list_empty"), "locale"),
            Column("column.calls", 85, None, Query(_of_operation(CALLS_BY_SKILL)), "locale"),
            Column("column.dialed", 130, None, Query(_of_operation(DIALED_TODAY)), "locale"),
            Column("column.answer", 85, None, _ANSWER_RATE, "percentunit", decimals=1),
            Column("column.hits_today", 85, None, Query(_of_operation(HITS_TODAY)), "locale"),
        ),
        order=("column.dialed",),
        empty="empty.nothing",
    )


_OFFERED = "max by (job, operation, skill) (wolkvox_skill_calls_offered"
_SKILLS = (
    # those that only take calls come last
    f"topk(50, {DIALED_TODAY}{{{OF_SKILL}}} or on (job, operation, skill) 0 * {_OFFERED}{{{OF_SKILL}}}))"
)


def _of_skill(expression: str, rightly_empty: str | None = None) -> Query:
    """Ask for a value of the skills that are shown."""
    return Query(
        f"max by (operation, skill) ({expression} and on (job, operation, skill) {_SKILLS})",
        rightly_empty=rightly_empty,
    )


def _polled(metric: str, also: str = "") -> Query:
    return _of_skill(fold(f"{metric}{{{OPERATION}{also}}}"), _NOT_POLLED)


_ANSWERED = (
    f'sum without (result) ({RESULTS_TODAY}{{{OPERATION}, result="answer"}})'
    f" / (sum without (result) ({RESULTS_TODAY}{{{OPERATION}}}) > 0)"
)
_NAME = Query(
    f"max by (operation, skill, skill_name)"
    f" (wolkvox_skill_info{{{OPERATION}}} and on (job, operation, skill) {_SKILLS})",
    rightly_empty=_NOT_POLLED,
)
_SERVICE_LEVEL = _polled("wolkvox_skill_service_level_ratio", ', threshold_seconds="20"')


def by_skill(language: Language) -> Panel:
    """Return the table of skills, with what is known of them only where skills are polled."""
    return Panel(
        "by_skill",
        "table",
        (11, 33, 13, 9),
        (_NAME,),
        "none",
        columns=(
            Column("column.operation", 0, "operation"),
            _narrower(language, "column.skill", 70, "operation", "skill"),
            Column("column.skill_name", 150, "skill_name"),
            Column("column.dialed", 125, None, Query(f"max by (operation, skill) ({_SKILLS})"), "locale"),
            Column(
                "column.answer", 80, None, _of_skill(_ANSWERED, "nothing was dialled today"), "percentunit", decimals=1
            ),
            Column("column.hits_today", 80, None, _of_skill(f"{HITS_TODAY}{{{OPERATION}}}"), "locale"),
            Column(
                "column.queue", 110, None, _polled("wolkvox_skill_calls_waiting"), "locale", empty="empty.not_polled"
            ),
            Column(
                "column.abandonment",
                110,
                None,
                _polled("wolkvox_skill_abandon_ratio"),
                "percentunit",
                decimals=1,
                empty="empty.not_polled",
            ),
            Column(
                "column.service_level", 110, None, _SERVICE_LEVEL, "percentunit", decimals=1, empty="empty.not_polled"
            ),
        ),
        order=("column.dialed",),
        empty="empty.nothing",
    )


AGENTS = Panel(
    "agents",
    "table",
    (20, 25, 4, 8),
    (),
    "none",
    columns=(
        Column("column.agent_state", 0, "status", words=_AT_WORK),
        Column(
            "column.count",
            95,
            None,
            Query(
                f"topk(12, sum by (status) ({fold(f'wolkvox_agents{{{OPERATION}}}')}))",
                rightly_empty="agents are asked for only where the configuration says so",
            ),
            "locale",
        ),
    ),
    order=("column.count",),
    empty="empty.not_polled",
)
