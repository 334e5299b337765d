"""How the samples of a family come out of a snapshot: one function for each kind of source."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.api.reports.campaigns import RESULTS, Campaign
from wolkvox_exporter.metrics.family import Family, Kind, Sample
from wolkvox_exporter.polling.counters import Totals
from wolkvox_exporter.polling.snapshot import ReportState, Snapshot

CAMPAIGN_LABELS = ("operation", "campaign", "campaign_id", "skill")
RESULT_LABELS: Mapping[str, str] = {field: field.replace("/", "_") for field in RESULTS}
"""The label `result` by the API's field."""
HELD_REASONS: Mapping[str, str] = {
    "token": "wolkvox does not take the token, or there is none to send",
    "quota": "wolkvox said that the day's calls are used up",
    "reserve": "fewer of the day's calls are left than `quota_reserve` keeps for others",
    "idle": "there is nothing to ask for, as with AMD campaign by campaign before one was started that day",
}
"""The label `reason` of a report that is held back, with what it means."""
_NOTHING: Mapping[str, float] = MappingProxyType({})


def campaign_gauge(name: str, text: str, value: str, field: str | None = None) -> Family[Snapshot]:
    """Return the family of one value of each campaign; `field` is the API's key where it is not the value's name."""
    source = field or value

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        for campaign in snapshot.campaigns:
            if value in campaign.values:
                yield _labels(snapshot, campaign), campaign.values[value]

    return Family(
        f"wolkvox_campaign_{name}",
        "gauge",
        described(text, source, ReportName.CAMPAIGNS),
        CAMPAIGN_LABELS,
        source,
        samples,
        ReportName.CAMPAIGNS,
    )


def _labels(snapshot: Snapshot, campaign: Campaign) -> tuple[str, ...]:
    return snapshot.operation, campaign.name, campaign.id, campaign.skill


def described(text: str, field: str, report: ReportName) -> str:
    """Return the help of a family that repeats a field of a report, or several."""
    fields = "fields" if ", " in field else "field"
    return f"{text} (API {fields} {field} of the {report} report, cached between polls)."


def campaign_results(name: str, text: str) -> Family[Snapshot]:
    """Return the family of the records by their result."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        for campaign in snapshot.campaigns:
            for field, result in RESULT_LABELS.items():
                if field in campaign.values:
                    yield (*_labels(snapshot, campaign), result), campaign.values[field]

    source = ", ".join(RESULTS)
    told = described(text, source, ReportName.CAMPAIGNS)
    return Family(name, "gauge", told, (*CAMPAIGN_LABELS, "result"), source, samples, ReportName.CAMPAIGNS)


def activity_counter(
    name: str, text: str, fields: Mapping[str, tuple[str, ...]], labels: tuple[str, ...] = ()
) -> Family[Snapshot]:
    """Return the counter of the net rises of some fields; each stands under label values of its own."""
    source = ", ".join(fields)
    told = f"{text}: net rises of {source} seen between polls (campaigns report; starts at 0 where no state is kept)."
    samples = _activity(lambda snapshot: snapshot.activity, fields)
    return Family(name, "counter", told, (*CAMPAIGN_LABELS, *labels), source, samples, ReportName.CAMPAIGNS)


def activity_today(
    name: str, text: str, fields: Mapping[str, tuple[str, ...]], labels: tuple[str, ...] = ()
) -> Family[Snapshot]:
    """Return the family of what the counter of the same fields has risen by since midnight."""
    source = ", ".join(fields)
    told = (
        f"{text}; of today alone: net rises of {source} seen by polls since midnight in the operation's zone "
        "(campaigns report; starts at 0 where no state is kept; stays until then under what a campaign was called)."
    )
    samples = _activity(partial(_of_today, fields), fields)
    return Family(name, "gauge", told, (*CAMPAIGN_LABELS, *labels), source, samples, ReportName.CAMPAIGNS)


def _of_today(fields: Iterable[str], snapshot: Snapshot) -> Totals:
    """Return what was counted today of some fields: of the report's rows, and under former names and skills.

    Without the latter an operation's sum would fall when a campaign is renamed. Nothing is said of an id that stands on
    several rows.
    """
    ambiguous = {row.id for row in snapshot.campaigns} - {identity for _, identity, _ in snapshot.activity}
    rises = {labels: risen for labels, risen in snapshot.rises_today.items() if labels[1] not in ambiguous}
    shown = {
        labels: {name: rises.get(labels, _NOTHING).get(name, 0.0) for name in fields if name in totals}
        for labels, totals in snapshot.activity.items()
    }
    return {**rises, **shown}


def _activity(
    numbers: Callable[[Snapshot], Totals], fields: Mapping[str, tuple[str, ...]]
) -> Callable[[Snapshot], Iterator[Sample]]:
    """Return the samples of what is counted of some fields."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        for (title, identity, skill), totals in numbers(snapshot).items():
            for field, more in fields.items():
                if field in totals:
                    yield (snapshot.operation, title, identity, skill, *more), totals[field]

    return samples


def campaign_phones(name: str, text: str) -> Family[Snapshot]:
    """Return the family of the shares of the phone columns."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        for campaign in snapshot.campaigns:
            for phone, ratio in campaign.phones:
                yield (*_labels(snapshot, campaign), phone), ratio

    told = described(text, "campaign", ReportName.CAMPAIGNS)
    return Family(name, "gauge", told, (*CAMPAIGN_LABELS, "phone"), "campaign", samples, ReportName.CAMPAIGNS)


def campaign_detections(name: str, text: str) -> Family[Snapshot]:
    """Return the family of the day's AMD totals."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        for row in snapshot.detections:
            yield (snapshot.operation, row.name, row.id, row.skill), row.total

    told = described(text, "total_amd", ReportName.AMD)
    return Family(name, "gauge", told, CAMPAIGN_LABELS, "total_amd", samples, ReportName.AMD)


def operation_counter(name: str, text: str, value: Callable[[Snapshot], float | None], source: str) -> Family[Snapshot]:
    """Return the family of one count of each operation."""
    shown = operation_gauge(name, text, lambda snapshot: value(snapshot) if snapshot.shows_counters else None, source)
    return replace(shown, kind="counter")


def operation_gauge(
    name: str, text: str, value: Callable[[Snapshot], float | None], source: str, content_of: ReportName | None = None
) -> Family[Snapshot]:
    """Return the family of one value of each operation."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        number = value(snapshot)
        if number is not None:
            yield (snapshot.operation,), number

    return Family(name, "gauge", text, ("operation",), source, samples, content_of)


def operation_info(name: str, text: str) -> Family[Snapshot]:
    """Return the family of the labels that users give to operations."""
    return Family(
        name,
        "gauge",
        text,
        ("operation",),
        "the configuration",
        lambda snapshot: [((snapshot.operation, *snapshot.labels.values()), 1)],
        own_labels=lambda snapshot: snapshot.labels,
    )


def quota_gauge(name: str, text: str, field: str) -> Family[Snapshot]:
    """Return the family of one number of the quota report."""
    told = described(text, field, ReportName.QUOTA)
    return operation_gauge(
        f"wolkvox_quota_{name}_calls", told, lambda snapshot: snapshot.quota.get(field), field, ReportName.QUOTA
    )


def while_heard_of(family: Family[Snapshot]) -> Family[Snapshot]:
    """Return a family that is shown while this process hears how polls go.

    What it heard last would pass for how they go now, beside a replica that knows.
    """
    samples = family.samples
    return replace(family, samples=lambda snapshot: samples(snapshot) if snapshot.is_current else ())


def report_value(
    name: str, text: str, value: Callable[[ReportState], float | None], kind: Kind = "gauge"
) -> Family[Snapshot]:
    """Return the family of one value of each report that is polled."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        if kind == "counter" and not snapshot.shows_counters:
            return
        for report, state in snapshot.reports.items():
            number = value(state)
            if number is not None:
                yield (snapshot.operation, report), number

    return Family(name, kind, text, ("operation", "report"), "the polling", samples)


def report_held(name: str, text: str) -> Family[Snapshot]:
    """Return the family that says which reports are held back, and why."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        for report, state in snapshot.reports.items():
            if state.held is not None:
                yield (snapshot.operation, report, state.held), 1

    return while_heard_of(Family(name, "gauge", text, ("operation", "report", "reason"), "the polling", samples))


def report_counter(
    name: str, text: str, label: str, counts: Callable[[ReportState], Mapping[str, int]]
) -> Family[Snapshot]:
    """Return the counter of what a report's polling counts under one more label."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        if not snapshot.shows_counters:
            return
        for report, state in snapshot.reports.items():
            for key, number in counts(state).items():
                yield (snapshot.operation, report, key), number

    return Family(name, "counter", text, ("operation", "report", label), "the polling", samples)
