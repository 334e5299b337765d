"""The catalogue: every family of the exporter exactly once. A new metric is one entry here.

What the API says of a campaign is read by `wolkvox.campaigns.NUMBERS`; an entry names the value it publishes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from exporter.snapshot import ReportState, Snapshot
from exporter.wolkvox.campaigns import Campaign
from exporter.wolkvox.report import ReportName

Source = TypeVar("Source")
Sample = tuple[tuple[str, ...], float]
"""The label values, in the order of the family's labels, and the value."""

CAMPAIGN_LABELS = ("operation", "campaign", "campaign_id", "skill")
RESULTS: Mapping[str, str] = {
    "answer": "answer",
    "no_answer": "no_answer",
    "busy/congestion/failed": "busy_congestion_failed",
    "answer_machine": "answer_machine",
}
"""The label `result` by the API's field."""


@dataclass(frozen=True, slots=True)
class Family(Generic[Source]):
    """One metric: its name, what it says, and how its samples come out of what is known.

    `content_of` is the report whose good answers it repeats: without a fresh one its samples vanish. Families that tell
    of the polling itself have none and stay.
    """

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    labels: tuple[str, ...]
    source: str
    samples: Callable[[Source], Iterable[Sample]]
    content_of: ReportName | None = None


@dataclass(frozen=True, slots=True)
class ExporterStatus:
    """What is known of the exporter itself."""

    version: str
    python_version: str
    config_loaded: bool
    config_loaded_at: float
    """Seconds since the epoch: the last good load."""


def _campaign_gauge(name: str, text: str, value: str, field: str | None = None) -> Family[Snapshot]:
    """Return the family of one value of each campaign; `field` is the API's key where it is not the value's name."""
    source = field or value

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        for campaign in snapshot.campaigns:
            if value in campaign.values:
                yield _labels(snapshot, campaign), campaign.values[value]

    return Family(
        f"wolkvox_campaign_{name}",
        "gauge",
        _help(text, source, ReportName.CAMPAIGNS),
        CAMPAIGN_LABELS,
        source,
        samples,
        ReportName.CAMPAIGNS,
    )


def _labels(snapshot: Snapshot, campaign: Campaign) -> tuple[str, ...]:
    return snapshot.operation, campaign.name, campaign.id, campaign.skill


def _help(text: str, field: str, report: ReportName) -> str:
    return f"{text} (API field {field} of the {report} report, cached between polls)."


def _results(snapshot: Snapshot) -> Iterator[Sample]:
    for campaign in snapshot.campaigns:
        for field, result in RESULTS.items():
            if field in campaign.values:
                yield (*_labels(snapshot, campaign), result), campaign.values[field]


def _phones(snapshot: Snapshot) -> Iterator[Sample]:
    for campaign in snapshot.campaigns:
        for phone, ratio in campaign.phones:
            yield (*_labels(snapshot, campaign), phone), ratio


def _detections(snapshot: Snapshot) -> Iterator[Sample]:
    for row in snapshot.detections:
        yield (snapshot.operation, row.name, row.id, row.skill), row.total


def _of_operation(
    name: str, text: str, value: Callable[[Snapshot], float | None], source: str, content_of: ReportName | None = None
) -> Family[Snapshot]:
    """Return the family of one value of each operation."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        number = value(snapshot)
        if number is not None:
            yield (snapshot.operation,), number

    return Family(name, "gauge", text, ("operation",), source, samples, content_of)


def _of_report(
    name: str, text: str, value: Callable[[ReportState], float | None], kind: Literal["gauge", "counter"] = "gauge"
) -> Family[Snapshot]:
    """Return the family of one value of each report that is polled."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        for report, state in snapshot.reports.items():
            number = value(state)
            if number is not None:
                yield (snapshot.operation, report), number

    return Family(name, kind, text, ("operation", "report"), "the polling", samples)


def _counts(name: str, text: str, label: str, counts: Callable[[ReportState], Mapping[str, int]]) -> Family[Snapshot]:
    """Return the counter of what a report's polling counts under one more label."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        for report, state in snapshot.reports.items():
            for key, number in counts(state).items():
                yield (snapshot.operation, report, key), number

    return Family(name, "counter", text, ("operation", "report", label), "the polling", samples)


CATALOGUE: tuple[Family[Snapshot], ...] = (
    _campaign_gauge("started", "Whether the campaign is started, 1, or stopped, 0", "status"),
    _campaign_gauge("speed_ratio", "Dialling speed as set by hand, 1.1 for 110 %", "speed"),
    _campaign_gauge("records", "Records in the list", "records"),
    _campaign_gauge("records_clean", "Records not called yet", "clean"),
    _campaign_gauge("records_dialed", "Records dialled; falls when the list is recycled or reloaded", "dial"),
    Family(
        "wolkvox_campaign_records_result",
        "gauge",
        "Records by their result; falls when the list is recycled or reloaded"
        f" (API fields {', '.join(RESULTS)} of the campaigns report, cached between polls).",
        (*CAMPAIGN_LABELS, "result"),
        ", ".join(RESULTS),
        _results,
        ReportName.CAMPAIGNS,
    ),
    _campaign_gauge("records_hit", "Records typified as a hit", "hits"),
    _campaign_gauge("hit_ratio", "Share of hits as the API reports it, 0-1", "hits_share", "hits"),
    _campaign_gauge(
        "penetration_day_ratio", "Share of the list worked today, 0-1, beyond 1 after a recycle", "penetration_day"
    ),
    _campaign_gauge(
        "penetration_now_ratio", "Share of the list worked at this moment, 0-1, not clamped", "penetration_now"
    ),
    _campaign_gauge("calls_per_minute", "Calls per minute", "calls_x_min"),
    _campaign_gauge("recycles", "How often the list was recycled", "recycled"),
    Family(
        "wolkvox_campaign_phone_dialed_ratio",
        "gauge",
        _help("Share dialled of each phone column of the list, 0-1", "campaign", ReportName.CAMPAIGNS),
        (*CAMPAIGN_LABELS, "phone"),
        "campaign",
        _phones,
        ReportName.CAMPAIGNS,
    ),
    Family(
        "wolkvox_campaign_amd_detections",
        "gauge",
        _help("Answering machines detected since midnight in the operation's zone", "total_amd", ReportName.AMD),
        CAMPAIGN_LABELS,
        "total_amd",
        _detections,
        ReportName.AMD,
    ),
    _of_operation(
        "wolkvox_campaigns",
        "Campaigns published from the last good campaigns report, cached between polls.",
        lambda snapshot: len(snapshot.campaigns),
        "rows",
        ReportName.CAMPAIGNS,
    ),
    _of_operation(
        "wolkvox_amd_window_start_timestamp_seconds",
        "Unix time from which the last good AMD report counts: midnight in the operation's zone.",
        lambda snapshot: snapshot.amd_window_start,
        "date_ini",
        ReportName.AMD,
    ),
    _of_operation(
        "wolkvox_token_valid",
        "0 after the API refused the token, 1 after any accepted answer; other failures leave it.",
        lambda snapshot: snapshot.token_valid,
        "the polling",
    ),
    _of_operation(
        "wolkvox_quota_exhausted",
        "1 after the API said that the day's calls are used up, 0 after the next accepted answer.",
        lambda snapshot: snapshot.quota_exhausted,
        "the polling",
    ),
    _of_report("wolkvox_up", "Whether the last poll of the report succeeded.", lambda state: state.up),
    _of_report(
        "wolkvox_report_last_success_timestamp_seconds",
        "Unix time of the last good answer.",
        lambda state: state.last_success,
    ),
    _of_report(
        "wolkvox_report_duration_seconds", "How long the last poll took, good or not.", lambda state: state.duration
    ),
    _of_report(
        "wolkvox_report_interval_seconds", "The configured time between two polls.", lambda state: state.interval
    ),
    _of_report("wolkvox_polls_total", "Polls, good or not.", lambda state: state.polls, "counter"),
    _counts("wolkvox_poll_failures_total", "Polls that failed, by reason.", "reason", lambda state: state.failures),
    _counts(
        "wolkvox_api_requests_total",
        "Calls to the API by HTTP status, none where there was none; each costs one of the day's quota.",
        "code",
        lambda state: state.requests,
    ),
    _counts(
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
)
"""What is published of the exporter itself."""
