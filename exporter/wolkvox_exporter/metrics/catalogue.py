"""The catalogue: every family of the exporter exactly once. A new metric is one entry here, or in its report's module.

What the API says of a campaign is read by `wolkvox.campaigns.NUMBERS`; an entry names the value it publishes.
"""

from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.api.reports import quota
from wolkvox_exporter.metrics import agents, skills
from wolkvox_exporter.metrics.builders import (
    RESULT_LABELS,
    activity_counter,
    activity_today,
    campaign_detections,
    campaign_gauge,
    campaign_phones,
    campaign_results,
    operation_counter,
    operation_gauge,
    operation_info,
    quota_gauge,
    report_counter,
    report_held,
    report_value,
    while_heard_of,
)
from wolkvox_exporter.metrics.family import ExporterStatus, Family
from wolkvox_exporter.polling.snapshot import Snapshot

_FALLS = "falls when the list is reloaded, it seems also when it is recycled"
_RECYCLES = "Recycles of the list, or records used again by them, since the documentation says both"
_COUNTED_ON = "counted on over recycles and reloads of the list"
_DIALED = f"Records dialled, {_COUNTED_ON}", {"dial": ()}
_RESULTS = (
    f"Records by their result, {_COUNTED_ON}; a record may count again when a further call gives it another result",
    {field: (result,) for field, result in RESULT_LABELS.items()},
    ("result",),
)
_HITS = f"Records dispositioned as a hit, {_COUNTED_ON}", {"hits": ()}

CATALOGUE: tuple[Family[Snapshot], ...] = (
    campaign_gauge("started", "Whether the campaign is started, 1, or stopped, 0", "status"),
    campaign_gauge("speed_ratio", "Dialling speed as set by hand, 1.1 for 110 %", "speed"),
    campaign_gauge("records", "Records in the list", "records"),
    campaign_gauge(
        "records_clean", "Records whose result is CLEAN now: not called yet, or set back to that since", "clean"
    ),
    campaign_gauge("records_dialed", f"Records dialled; {_FALLS}", "dial"),
    campaign_results("wolkvox_campaign_records_result", f"Records by their result; {_FALLS}"),
    campaign_gauge("records_hit", f"Records dispositioned as a hit; {_FALLS}", "hits"),
    campaign_gauge("hit_ratio", "Share of hits as the API reports it, 1 for 100 %", "hits_share", "hits"),
    campaign_gauge(
        "penetration_day_ratio", "Share of the list worked today as the API reports it, 1 for 100 %", "penetration_day"
    ),
    campaign_gauge(
        "penetration_now_ratio",
        "Share of the list worked at this moment as the API reports it, 1 for 100 %",
        "penetration_now",
    ),
    campaign_gauge("calls_per_minute", "Calls per minute; over which time is not documented", "calls_x_min"),
    campaign_gauge("recycles", f"{_RECYCLES}; falls when the list is reloaded", "recycled"),
    campaign_phones(
        "wolkvox_campaign_phone_dialed_ratio",
        "Percentage that stands beside a phone column of the list, 1 for 100 %; it seems the share that was dialled",
    ),
    campaign_detections(
        "wolkvox_campaign_amd_detections",
        "Answering machines detected since midnight in the operation's zone; it seems that the API reports them some "
        "minutes late",
    ),
    activity_counter("wolkvox_campaign_dialed_total", *_DIALED),
    activity_counter("wolkvox_campaign_results_total", *_RESULTS),
    activity_counter("wolkvox_campaign_hits_total", *_HITS),
    activity_counter("wolkvox_campaign_list_recycles_total", _RECYCLES, {"recycled": ()}),
    activity_today("wolkvox_campaign_dialed_today", *_DIALED),
    activity_today("wolkvox_campaign_results_today", *_RESULTS),
    activity_today("wolkvox_campaign_hits_today", *_HITS),
    operation_gauge(
        "wolkvox_campaigns",
        "Campaigns published from the last good campaigns report, cached between polls.",
        lambda snapshot: len(snapshot.campaigns),
        "rows",
        ReportName.CAMPAIGNS,
    ),
    operation_gauge(
        "wolkvox_campaigns_excluded",
        "Campaigns of the last good campaigns report that include/exclude leave out, cached between polls.",
        lambda snapshot: snapshot.excluded,
        "rows",
        ReportName.CAMPAIGNS,
    ),
    *skills.FAMILIES,
    *agents.FAMILIES,
    operation_info(
        "wolkvox_operation_info",
        "1 for each operation, with the labels that the configuration gives it, to be joined by group_left.",
    ),
    operation_gauge(
        "wolkvox_amd_window_start_timestamp_seconds",
        "Unix time from which the last good AMD report counts: midnight in the operation's zone.",
        lambda snapshot: snapshot.amd_window_start,
        "date_ini",
        ReportName.AMD,
    ),
    operation_gauge(
        "wolkvox_day_start_timestamp_seconds",
        "Unix time of the midnight in the operation's zone that began the day, or of the day's first instant where "
        "clocks skip midnight.",
        lambda snapshot: None if snapshot.day is None else snapshot.day.start,
        "the clock",
    ),
    while_heard_of(
        operation_gauge(
            "wolkvox_token_valid",
            "0 after the API refused the token, 1 after any accepted answer; other failures leave it.",
            lambda snapshot: snapshot.token_valid,
            "the polling",
        )
    ),
    operation_counter(
        "wolkvox_state_write_failures_total",
        "Times that the operation's state could not be written; absent where none is kept.",
        lambda snapshot: snapshot.state_write_failures,
        "the polling",
    ),
    while_heard_of(
        operation_gauge(
            "wolkvox_quota_exhausted",
            "1 after the API said that the day's calls are used up, 0 after the next accepted answer.",
            lambda snapshot: snapshot.quota_exhausted,
            "the polling",
        )
    ),
    quota_gauge("limit", "Calls that the day allows to all tokens of the operation", quota.LIMIT),
    quota_gauge("used", "Calls of all tokens of the operation today", quota.USED),
    quota_gauge("token_used", "Calls of this token today", quota.USED_BY_TOKEN),
    while_heard_of(
        report_value(
            "wolkvox_up",
            "Whether the last poll of the report succeeded; 0 as well while it is held back for the token, the quota "
            "or the reserve, though no poll is made.",
            lambda state: state.up,
        )
    ),
    report_held(
        "wolkvox_report_held",
        "1 while the report is held back, by reason: token, quota, reserve, or idle when there is nothing to ask for; "
        "absent otherwise.",
    ),
    report_value(
        "wolkvox_report_last_attempt_timestamp_seconds",
        "Unix time at which the last call for the report was begun; absent before the first.",
        lambda state: state.last_attempt,
    ),
    report_value(
        "wolkvox_report_last_success_timestamp_seconds",
        "Unix time of the last good answer.",
        lambda state: state.last_success,
    ),
    report_value(
        "wolkvox_report_duration_seconds", "How long the last poll took, good or not.", lambda state: state.duration
    ),
    report_value(
        "wolkvox_report_interval_seconds", "The configured time between two polls.", lambda state: state.interval
    ),
    report_value("wolkvox_polls_total", "Polls, good or not.", lambda state: state.polls, "counter"),
    report_counter(
        "wolkvox_poll_failures_total", "Polls that failed, by reason.", "reason", lambda state: state.failures
    ),
    report_counter(
        "wolkvox_api_requests_total",
        "Calls to the API by HTTP status, none where there was none; each costs one of the day's quota.",
        "code",
        lambda state: state.requests,
    ),
    report_counter(
        "wolkvox_unreadable_values_total",
        "Values of good answers that could not be read and have no sample, by the API's field.",
        "field",
        lambda state: state.unreadable,
    ),
)
"""What is published of each operation."""

EXPORTER_CATALOGUE: tuple[Family[ExporterStatus], ...] = (
    Family(
        "wolkvox_exporter_build_info",
        "gauge",
        "1, with the versions of the exporter and of Python.",
        ("version", "python_version"),
        "the exporter",
        lambda status: [((status.version, status.python_version), 1)],
    ),
    Family(
        "wolkvox_exporter_config_last_reload_successful",
        "gauge",
        "Whether the last load of the configuration succeeded.",
        (),
        "the exporter",
        lambda status: [((), status.config_loaded)],
    ),
    Family(
        "wolkvox_exporter_config_last_reload_success_timestamp_seconds",
        "gauge",
        "Unix time of the last good load of the configuration.",
        (),
        "the exporter",
        lambda status: [((), status.config_loaded_at)],
    ),
    Family(
        "wolkvox_exporter_worker_restarts_total",
        "counter",
        "How often the worker of an operation was started again after a bug had ended it.",
        ("operation",),
        "the exporter",
        lambda status: [((name,), number) for name, number in status.worker_restarts.items()],
    ),
    Family(
        "wolkvox_exporter_store_up",
        "gauge",
        "Whether the database that replicas share did all that was asked of it last; absent where there is none.",
        (),
        "the exporter",
        lambda status: [] if status.store_up is None else [((), status.store_up)],
    ),
    Family(
        "wolkvox_exporter_lease_held",
        "gauge",
        "Whether this replica has the lease for an operation's token and polls it; absent without replicas.",
        ("operation",),
        "the exporter",
        lambda status: [((name,), held) for name, held in status.leases.items()],
    ),
    Family(
        "wolkvox_exporter_lease_handovers_total",
        "counter",
        "How often this replica took a token over that another had before; absent without replicas.",
        (),
        "the exporter",
        lambda status: [] if status.lease_handovers is None else [((), status.lease_handovers)],
    ),
    Family(
        "wolkvox_exporter_replicas_differing",
        "gauge",
        "Other replicas whose operations in effect differ from those here; absent without replicas, and while the "
        "database cannot be used.",
        (),
        "the exporter",
        lambda status: [((), len(status.replicas_differing))] if status.store_up else [],
    ),
    Family(
        "wolkvox_exporter_log_lines_dropped_total",
        "counter",
        "Log lines that were lost because nobody read them, or because they could not be written.",
        (),
        "the exporter",
        lambda status: [((), status.log_lines_dropped())],
    ),
)
"""What is published of the exporter itself."""
