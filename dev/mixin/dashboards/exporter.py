"""Exporter health: for whoever operates the exporter."""

from mixin.dashboards.colours import AMBER, BLUE, PURPLE, TEXT, VERMILLION
from mixin.dashboards.model import Column, Dashboard, Panel, Query, Series, State, Step, Unit, Variable
from mixin.dashboards.replicas import panels
from mixin.dashboards.shared import (
    ACCEPTED,
    ANSWERING,
    JOB,
    OF_JOB,
    OF_OPERATION,
    OF_TARGET,
    TARGET,
    above,
    firing,
)
from mixin.promql import fold, fold_least, last_begun
from wolkvox_exporter.assets.thresholds import THRESHOLDS

CODES = (Series("200", "code.200", BLUE), Series("404", "code.404", PURPLE), Series("none", "code.none", VERMILLION))
HELD = (("token", "held.token"), ("quota", "held.quota"), ("reserve", "held.reserve"), ("idle", "held.idle"))
WORST = (State(0, "state.fine", BLUE), State(1, "state.partly", AMBER), State(2, "state.without_data", VERMILLION))
MOST = 10
"""Lines in a graph of operations, of which there may be dozens."""
_NO_QUOTA = "the quota report can be switched off"
_BY_OPERATION = "operation"
_BY_REPORT = "operation, report"


def _least(metric: str, selector: str = "", by: str = _BY_OPERATION) -> str:
    selected = f"{OF_TARGET}, {selector}" if selector else OF_TARGET
    return f"min by ({by}) ({fold_least(f'{metric}{{{selected}}}')})"


def _most(metric: str) -> str:
    """Draw, by operation, those whose highest value in the range of time is among the highest."""
    of_all = f"max by (operation) (max_over_time({metric}{{{OF_TARGET}}}[$__range] @ end()))"
    return f"max by (operation) ({metric}{{{OF_TARGET}}}) and on (operation) topk({MOST}, {of_all})"


def _failed(window: str) -> str:
    return fold(f"increase(wolkvox_poll_failures_total{{{OF_TARGET}}}[{window}])")


_DEFAULTS = {each.name: each.default for each in THRESHOLDS}
_NEWEST = fold(f'wolkvox_report_last_success_timestamp_seconds{{{OF_TARGET}, report="campaigns"}}')
_INTERVAL = f"max by (operation, report) (wolkvox_report_interval_seconds{{{OF_TARGET}}})"
_LIMIT = f"max by (operation) (wolkvox_quota_limit_calls{{{OF_TARGET}}})"
_USED = f"max by (operation) (wolkvox_quota_used_calls{{{OF_TARGET}}}) / ({_LIMIT} > 0)"
_AGO = f"time() - max by (operation, report) ({last_begun(OF_TARGET, TARGET)})"
_HELD = f"max by (operation, report, reason) (wolkvox_report_held{{{OF_TARGET}}})"
_BACK = f'{OF_TARGET}, reason!="idle"'
_LATE = f"({_AGO} unless on (operation, report) {_HELD}) - 2 * {_INTERVAL}"
_STANDING = f"""max by (operation) (
    2 * ({_least("wolkvox_up", 'report="campaigns"', _BY_REPORT)} == bool 0)
  or
    {_least("wolkvox_up", 'report!="campaigns"', _BY_REPORT)} == bool 0
  or
    label_replace(2 * ({_least("wolkvox_token_valid")} == bool 0), "report", "token", "", "")
  or
    label_replace({_USED} > bool {_DEFAULTS["quota_used_ratio"]:g}, "report", "calls of the day", "", "")
  or
    label_replace(
      max by (operation) ({_LATE} > bool {_DEFAULTS["late_attempt_seconds"]:g}), "report", "attempts", "", ""
    )
)"""
"""How an operation stands: 2 without campaigns, 1 where something else fails, is late or near its limit, else 0."""
# what holds a report back says more than how it failed before
_REASON = f"""topk by (operation) (1,
    1e6 * max by (operation, reason) (wolkvox_report_held{{{_BACK}}})
  or
    sum by (operation, reason) (
      ({_failed("20m")} > 0) and on (operation, report) {_least("wolkvox_up", by=_BY_REPORT)} == 0
    )
)"""


def _report(name: str, title: str) -> Column:
    """Show whether a report can be had: 0 no, 1 yes, 2 not asked for, since something holds it back."""
    held = f'2 * max by (operation) (wolkvox_report_held{{{_BACK}, report="{name}"}})'
    up = _least("wolkvox_up", f'report="{name}"')
    off = None if name == "campaigns" else "the report can be switched off"
    states = (*ANSWERING, State(2, "state.held", AMBER))
    return Column(title, 92, None, Query(f"{held} or {up}", rightly_empty=off), "none", "colour", states)


def _number(title: str, width: int, query: Query, unit: Unit, steps: tuple[Step, ...]) -> Column:
    return Column(title, width, None, query, unit, "colour", steps=steps, decimals=0)


_TABLES = (
    Panel(
        "operations",
        "table",
        (0, 0, 16, 22),
        (),
        "none",
        columns=(
            Column("column.operation", 160, "operation", wraps=True),
            Column(
                "column.standing",
                105,
                None,
                Query(
                    f"{_STANDING} + on (operation) group_left (reason) (0 * {_REASON}) or on (operation) {_STANDING}"
                ),
                "none",
                "background",
                WORST,
            ),
            _report("campaigns", "column.report_campaigns"),
            _report("amd", "column.report_amd"),
            _report("skills", "column.report_skills"),
            _report("agents", "column.report_agents"),
            _report("quota", "column.report_quota"),
            Column("column.token", 100, None, Query(_least("wolkvox_token_valid")), "none", "colour", ACCEPTED),
            _number("column.age", 105, Query(f"time() - max by (operation) ({_NEWEST})"), "s", above(600, 900, TEXT)),
            _number(
                "column.quota_used", 105, Query(_USED, rightly_empty=_NO_QUOTA), "percentunit", above(0.8, 0.95, TEXT)
            ),
            _number("column.last_attempt", 95, Query(f"min by (operation) ({_AGO})"), "s", (Step(None, TEXT),)),
            Column("column.reason", 115, "reason", words=HELD),
        ),
        order=("column.standing", "column.age"),
        empty="empty.no_answer",
    ),
    Panel(
        "failed",
        "table",
        (16, 0, 8, 8),
        (),
        "none",
        columns=(
            Column("column.operation", 200, "operation"),
            Column("column.report", 110, "report"),
            Column("column.reason", 170, "reason"),
            Column(
                "column.failures",
                90,
                None,
                Query(
                    f"round(sum by (operation, report, reason) ({_failed('$__range')})) > 0",
                    rightly_empty="no poll fails while all is well",
                ),
                "short",
            ),
        ),
        order=("column.failures",),
        paged=True,
        empty="empty.no_failure",
    ),
    Panel(
        "failures",
        "series",
        (16, 8, 8, 6),
        (
            Query(
                f"sum by (reason) ({_failed('$__rate_interval')}) > 0",
                "{{reason}}",
                rightly_empty="no poll fails while all is well",
            ),
        ),
        bars=True,
        stacked=True,
        empty="empty.no_failure",
    ),
    Panel(
        "attempts",
        "table",
        (16, 14, 8, 8),
        (),
        "none",
        columns=(
            Column("column.operation", 200, "operation"),
            Column("column.report", 110, "report"),
            Column(
                "column.begun",
                140,
                query=Query(
                    f"{_HELD} * on (operation, report) group_left () ({_AGO}) or on (operation, report) {_AGO}"
                ),
                unit="s",
                decimals=0,
            ),
            Column("column.held", 130, "reason", words=HELD),
        ),
        order=("column.begun",),
        paged=True,
    ),
)

_REQUESTS = f"increase(wolkvox_api_requests_total{{{OF_TARGET}}}[1h])"
_UNREADABLE = f"increase(wolkvox_unreadable_values_total{{{OF_TARGET}}}[$__rate_interval])"
_UNREADABLE_IN_ALL = f"increase(wolkvox_unreadable_values_total{{{OF_TARGET}}}[$__range] @ end())"
_POLLS = (
    Panel(
        "duration",
        "series",
        (0, 22, 8, 7),
        (Query(_most("wolkvox_report_duration_seconds"), "{{operation}}"),),
        "s",
        most=10,
        stepped=True,
    ),
    Panel(
        "requests",
        "series",
        (0, 29, 8, 6),
        (Query(f"sum by (code) ({fold(_REQUESTS)})", "{{code}}"),),
        series=CODES,
    ),
    Panel(
        "campaigns",
        "series",
        (8, 22, 8, 7),
        (Query(_most("wolkvox_campaigns"), "{{operation}}"),),
        stepped=True,
    ),
    Panel(
        "quota_day",
        "series",
        (16, 22, 8, 7),
        (Query(_most("wolkvox_quota_used_calls"), "{{operation}}", rightly_empty=_NO_QUOTA),),
        stepped=True,
        empty="empty.no_quota",
    ),
    Panel(
        "unreadable",
        "series",
        (8, 29, 8, 6),
        (
            Query(
                f"sum by (operation, field) ({fold(_UNREADABLE)}) > 0 and on (operation, field) "
                f"topk({MOST}, sum by (operation, field) ({fold(_UNREADABLE_IN_ALL)}))",
                "{{operation}} {{field}}",
                rightly_empty="every value can be read while the API keeps its format",
            ),
        ),
        bars=True,
        empty="empty.all_readable",
    ),
)

_PROCESS = (
    Panel(
        "scrapes",
        "timeline",
        (0, 35, 8, 3),
        (Query(f"max by (instance) (up{{{TARGET}}})", "{{instance}}"),),
        "none",
        states=ANSWERING,
        legend=False,
    ),
    Panel(
        "build",
        "table",
        (0, 38, 8, 4),
        (Query(f"max by (instance, version, python_version) (wolkvox_exporter_build_info{{{TARGET}}})"),),
        "none",
        columns=(
            Column("column.instance", 200, "instance"),
            Column("column.version", 90, "version"),
            Column("column.python", 90, "python_version"),
        ),
    ),
    Panel(
        "scrape_duration",
        "series",
        (16, 29, 8, 6),
        (Query(f"max by (instance) (scrape_duration_seconds{{{TARGET}}})", "{{instance}}"),),
        "s",
    ),
    Panel(
        "memory",
        "series",
        (8, 35, 8, 7),
        (Query(f"max by (instance) (process_resident_memory_bytes{{{TARGET}}})", "{{instance}}"),),
        "bytes",
    ),
    Panel(
        "cpu",
        "series",
        (16, 35, 8, 7),
        (Query(f"max by (instance) (rate(process_cpu_seconds_total{{{TARGET}}}[$__rate_interval]))", "{{instance}}"),),
        "percentunit",
    ),
)

_INSTANCE = Variable("instance", f"label_values(wolkvox_exporter_build_info{{{JOB}}}, instance)", all_value=".+")
DASHBOARD = Dashboard(
    "exporter",
    12,
    "1m",
    (OF_JOB, _INSTANCE, OF_OPERATION),
    (firing('job=~"$job", operation=~"$operation|"'),),
    (*_TABLES, *_POLLS, *_PROCESS, *panels(42)),
)
