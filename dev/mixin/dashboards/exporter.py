"""Exporter health: for whoever operates the exporter."""

from mixin.dashboards.colours import BLUE, PURPLE, VERMILLION
from mixin.dashboards.model import Column, Dashboard, Panel, Query, Series, Variable
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

CODES = (Series("200", "code.200", BLUE), Series("404", "code.404", PURPLE), Series("none", "code.none", VERMILLION))
HELD = (("token", "held.token"), ("quota", "held.quota"), ("reserve", "held.reserve"), ("idle", "held.idle"))
_NO_QUOTA = "the quota report can be switched off"
_BY_REPORT = "{{operation}} {{report}}"


_NEWEST = fold(f'wolkvox_report_last_success_timestamp_seconds{{{OF_TARGET}, report="campaigns"}}')
_USED = f"max by (operation) (wolkvox_quota_used_calls{{{OF_TARGET}}})"
_LIMIT = f"max by (operation) (wolkvox_quota_limit_calls{{{OF_TARGET}}})"
_STATE = (
    Panel(
        "reachable",
        "timeline",
        (0, 0, 12, 6),
        (Query(f"min by (operation, report) ({fold_least(f'wolkvox_up{{{OF_TARGET}}}')})", _BY_REPORT),),
        "none",
        states=ANSWERING,
    ),
    Panel(
        "token",
        "stat",
        (12, 0, 4, 6),
        (Query(f"min by (operation) (wolkvox_token_valid{{{OF_TARGET}}})", "{{operation}}"),),
        "none",
        states=ACCEPTED,
        empty="empty.no_answer",
    ),
    Panel(
        "age",
        "stat",
        (16, 0, 4, 6),
        (Query(f"time() - max by (operation) ({_NEWEST})", "{{operation}}"),),
        "s",
        0,
        steps=above(600, 900),
        empty="empty.no_answer",
    ),
    Panel(
        "quota",
        "bars",
        (20, 0, 4, 6),
        (Query(f"{_USED} / ({_LIMIT} > 0)", "{{operation}}", rightly_empty=_NO_QUOTA),),
        "percentunit",
        0,
        most=1,
        steps=above(0.8, 0.95),
        empty="empty.no_quota",
    ),
)

_BEGUN = f"time() - max by (operation, report) ({last_begun(OF_TARGET, TARGET)})"
_HELD = f"max by (operation, report, reason) (wolkvox_report_held{{{OF_TARGET}}})"
_REQUESTS = f"increase(wolkvox_api_requests_total{{{OF_TARGET}}}[1h])"
_FAILURES = f"increase(wolkvox_poll_failures_total{{{OF_TARGET}}}[$__rate_interval])"
_POLLS = (
    Panel(
        "requests",
        "series",
        (0, 6, 6, 6),
        (Query(f"sum by (code) ({fold(_REQUESTS)})", "{{code}}"),),
        series=CODES,
    ),
    Panel(
        "failures",
        "series",
        (6, 6, 6, 6),
        (
            Query(
                f"sum by (operation, reason) ({fold(_FAILURES)}) > 0",
                "{{operation}} {{reason}}",
                rightly_empty="no poll fails while all is well",
            ),
        ),
        bars=True,
        empty="empty.no_failure",
    ),
    Panel(
        "duration",
        "series",
        (12, 6, 6, 6),
        (Query(f"max by (operation) (wolkvox_report_duration_seconds{{{OF_TARGET}}})", "{{operation}}"),),
        "s",
        most=10,
        stepped=True,
    ),
    Panel(
        "attempts",
        "table",
        (18, 6, 6, 6),
        (),
        "none",
        columns=(
            Column("column.operation", 130, "operation"),
            Column("column.report", 90, "report"),
            Column(
                "column.begun",
                95,
                query=Query(
                    f"{_HELD} * on (operation, report) group_left () ({_BEGUN}) or on (operation, report) {_BEGUN}"
                ),
                unit="s",
                decimals=0,
            ),
            Column("column.held", 95, "reason", words=HELD),
        ),
        order=("column.begun",),
    ),
)

_UNREADABLE = f"increase(wolkvox_unreadable_values_total{{{OF_TARGET}}}[$__rate_interval])"
_ANSWERS = (
    Panel(
        "campaigns",
        "series",
        (0, 12, 8, 6),
        (Query(f"max by (operation) (wolkvox_campaigns{{{OF_TARGET}}})", "{{operation}}"),),
        stepped=True,
    ),
    Panel(
        "unreadable",
        "series",
        (8, 12, 8, 6),
        (
            Query(
                f"sum by (operation, field) ({fold(_UNREADABLE)}) > 0",
                "{{operation}} {{field}}",
                rightly_empty="every value can be read while the API keeps its format",
            ),
        ),
        bars=True,
        empty="empty.all_readable",
    ),
    Panel(
        "quota_day",
        "series",
        (16, 12, 8, 6),
        (
            Query(
                f"max by (operation) (wolkvox_quota_used_calls{{{OF_TARGET}}})",
                "{{operation}}",
                rightly_empty=_NO_QUOTA,
            ),
        ),
        stepped=True,
        empty="empty.no_quota",
    ),
)

_PROCESS = (
    Panel(
        "scrapes",
        "timeline",
        (0, 18, 6, 3),
        (Query(f"max by (instance) (up{{{TARGET}}})", "{{instance}}"),),
        "none",
        states=ANSWERING,
        legend=False,
    ),
    Panel(
        "build",
        "table",
        (0, 21, 6, 4),
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
        (6, 18, 6, 7),
        (Query(f"max by (instance) (scrape_duration_seconds{{{TARGET}}})", "{{instance}}"),),
        "s",
    ),
    Panel(
        "memory",
        "series",
        (12, 18, 6, 7),
        (Query(f"max by (instance) (process_resident_memory_bytes{{{TARGET}}})", "{{instance}}"),),
        "bytes",
    ),
    Panel(
        "cpu",
        "series",
        (18, 18, 6, 7),
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
    (*_STATE, *_POLLS, *_ANSWERS, *_PROCESS),
)
