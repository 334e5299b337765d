"""The families of the skills report."""

from collections.abc import Iterator

from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.api.reports import skills
from wolkvox_exporter.metrics.builders import described, operation_gauge
from wolkvox_exporter.metrics.family import Family, Sample
from wolkvox_exporter.polling.snapshot import Snapshot

SKILL_LABELS = ("operation", "skill")
_TODAY = "as the API counts them, it seems since midnight GMT-5; falls then"
_SERVICE_LEVELS = ", ".join(key for key in skills.NUMBERS if skills.threshold(key))


def _gauge(name: str, text: str, field: str) -> Family[Snapshot]:
    """Return the family of one value of each skill."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        for row in snapshot.skills.rows:
            if field in row.skill.values:
                yield (snapshot.operation, row.skill.id), row.skill.values[field]

    told = described(text, field, ReportName.SKILLS)
    return Family(f"wolkvox_skill_{name}", "gauge", told, SKILL_LABELS, field, samples, ReportName.SKILLS)


def _counter(name: str, text: str, field: str) -> Family[Snapshot]:
    """Return the counter of the net rises of a field."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        for (skill,), totals in snapshot.skills.activity.items():
            if field in totals:
                yield (snapshot.operation, skill), totals[field]

    told = f"{text}: net rises of {field} seen between polls (skills report; starts at 0 where no state is kept)."
    return Family(f"wolkvox_skill_{name}_total", "counter", told, SKILL_LABELS, field, samples, ReportName.SKILLS)


def _service_levels(snapshot: Snapshot) -> Iterator[Sample]:
    for row in snapshot.skills.rows:
        for field, ratio in row.skill.values.items():
            if threshold := skills.threshold(field):
                yield (snapshot.operation, row.skill.id, threshold), ratio


def _names(snapshot: Snapshot) -> Iterator[Sample]:
    for row in snapshot.skills.rows:
        if row.skill.name:
            yield (snapshot.operation, row.skill.id, row.skill.name), 1


FAMILIES: tuple[Family[Snapshot], ...] = (
    _gauge("calls_waiting", "Calls that wait for an agent", "calls_in_queue_now"),
    _gauge("calls_offered", f"Calls offered to the skill, {_TODAY}", "stat_inbound"),
    _gauge("calls_answered", f"Calls answered by an agent, {_TODAY}", "stat_answer"),
    _gauge("calls_abandoned", f"Calls that the customer ended before an agent answered, {_TODAY}", "stat_abandon"),
    _gauge("abandon_ratio", "Share of calls that were abandoned, as the API reports it, 0-1", "by_abandon"),
    Family(
        "wolkvox_skill_service_level_ratio",
        "gauge",
        described(
            "Share of calls answered within the threshold as the API reports it, 0-1; of which calls is not documented",
            _SERVICE_LEVELS,
            ReportName.SKILLS,
        ),
        (*SKILL_LABELS, "threshold_seconds"),
        _SERVICE_LEVELS,
        _service_levels,
        ReportName.SKILLS,
    ),
    _counter("offered", "Calls offered to the skill", "stat_inbound"),
    _counter("answered", "Calls answered by an agent", "stat_answer"),
    _counter("abandoned", "Calls that the customer ended before an agent answered", "stat_abandon"),
    Family(
        "wolkvox_skill_info",
        "gauge",
        described("1 for each skill, with its name, to be joined by group_left", "skill_name", ReportName.SKILLS),
        (*SKILL_LABELS, "skill_name"),
        "skill_name",
        _names,
        ReportName.SKILLS,
    ),
    operation_gauge(
        "wolkvox_skills",
        "Skills published from the last good skills report, cached between polls.",
        lambda snapshot: len(snapshot.skills.rows),
        "rows",
        ReportName.SKILLS,
    ),
    operation_gauge(
        "wolkvox_skills_excluded",
        "Skills of the last good skills report that the list in the configuration leaves out, cached between polls.",
        lambda snapshot: snapshot.skills.excluded,
        "rows",
        ReportName.SKILLS,
    ),
)
