"""The fields of the reports, written by hand: how a row writes them, what that says, what is published of it.

For a new field this is one of the places in `BY_HAND`; until it stands here it has its documented example in the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wolkvox_exporter.api.fields import Fields
from wolkvox_exporter.api.reports import FIELDS
from wolkvox_exporter.metrics import CATALOGUE
from wolkvox_exporter.metrics.builders import CAMPAIGN_LABELS

BY_HAND = (
    "a new field is written by hand: in WRITTEN in tests/support/fields.py, what a text says; in tests/golden/ "
    "(campaigns.json, amd.json), how the API documents it; in tests/golden/documented.txt, the samples of that"
)
PREFIX = "wolkvox_campaign_"
READ: Mapping[str, Fields] = MappingProxyType({report.value: fields for report, fields in FIELDS.items()})
"""The reports' own tables, by which the fields that are not written here yet get into rows and counts."""


@dataclass(frozen=True)
class Written:
    """One field of a row: its text, what is read out of it by the values' names, and the series made of it."""

    text: str
    values: Mapping[str, float]
    series: frozenset[str]


def written(text: str, values: dict[str, float], *series: str) -> Written:
    """Return a field; series without their common beginning, with the label that tells several apart."""
    return Written(text, values, frozenset(series))


_CAMPAIGNS = {
    "campaign": written("4875 - MORA - tel1 (40%)", {}, "phone_dialed_ratio tel1"),
    "skill_id": written("VAGENT", {}),
    "speed": written("95%", {"speed": 0.95}, "speed_ratio"),
    "status": written("started", {"status": 1}, "started"),
    "records": written("12,340", {"records": 12340}, "records"),
    "clean": written("340", {"clean": 340}, "records_clean"),
    "dial": written("12,000", {"dial": 12000}, "records_dialed", "dialed_total", "dialed_today"),
    "answer": written(
        "3,000", {"answer": 3000}, "records_result answer", "results_total answer", "results_today answer"
    ),
    "no_answer": written(
        "4,000", {"no_answer": 4000}, "records_result no_answer", "results_total no_answer", "results_today no_answer"
    ),
    "busy/congestion/failed": written(
        "2,000",
        {"busy/congestion/failed": 2000},
        "records_result busy_congestion_failed",
        "results_total busy_congestion_failed",
        "results_today busy_congestion_failed",
    ),
    "answer_machine": written(
        "3,000",
        {"answer_machine": 3000},
        "records_result answer_machine",
        "results_total answer_machine",
        "results_today answer_machine",
    ),
    "penetration_day": written("9,336.00 %", {"penetration_day": 93.36}, "penetration_day_ratio"),
    "penetration_now": written("97.24%", {"penetration_now": 0.9724}, "penetration_now_ratio"),
    "hits": written(
        "120 (1.00 %)", {"hits": 120, "hits_share": 0.01}, "records_hit", "hit_ratio", "hits_total", "hits_today"
    ),
    "calls_x_min": written("35.5", {"calls_x_min": 35.5}, "calls_per_minute"),
    "recycled": written("2", {"recycled": 2}, "recycles", "list_recycles_total"),
}
_SKILLS = {
    "skill_id": written("4000", {}),
    "skill_name": written("VENTAS", {}),
    "calls_in_queue_now": written("3", {"calls_in_queue_now": 3}),
    "stat_inbound": written("1,412", {"stat_inbound": 1412}),
    "stat_answer": written("1,389", {"stat_answer": 1389}),
    "stat_abandon": written("20", {"stat_abandon": 20}),
    "by_abandon": written("4.85 %", {"by_abandon": 0.0485}),
    "service_level_10seg": written("61.20 %", {"service_level_10seg": 0.612}),
    "service_level_20seg": written("84.47%", {"service_level_20seg": 0.8447}),
    "service_level_30seg": written("100.00%", {"service_level_30seg": 1}),
}
_AGENTS = {
    "agent_status": written("READY", {}),
    "time_state_now": written("14", {"time_state_now": 14}),
    "inbound": written("2", {"inbound": 2}),
    "outbound": written("1,029", {"outbound": 1029}),
    "internal": written("0", {"internal": 0}),
    "ready_time": written("01:02:03", {"ready_time": 3723}),
    "inbound_time": written("00:07:10", {"inbound_time": 430}),
    "outbound_time": written("02:11:45", {"outbound_time": 7905}),
    "acw_time": written("00:40:02", {"acw_time": 2402}),
    "ring_time": written("00:03:20", {"ring_time": 200}),
    "aux_time": written("00:25:00", {"aux_time": 1500}),
    "login_time": written("27:10:00", {"login_time": 97800}),
}
_AMD = {
    "campaign_id": written("4875", {}),
    "total_amd": written("1,017", {"total_amd": 1017}),
}
_QUOTA = {
    "token_limit": written("25,000", {"token_limit": 25000}),
    "all_token_today": written("1,344", {"all_token_today": 1344}),
    "token_use_today": written("672", {"token_use_today": 672}),
}
WRITTEN: Mapping[str, Mapping[str, Written]] = MappingProxyType(
    {"campaigns": _CAMPAIGNS, "skills": _SKILLS, "agents": _AGENTS, "amd": _AMD, "quota": _QUOTA}
)
"""By report and the API's key."""
SERIES: frozenset[str] = frozenset().union(*(each.series for each in _CAMPAIGNS.values()))
"""What is published of a row of campaigns, but for the fields that are not written here yet."""
NEW_SERIES = frozenset(
    family.name.removeprefix(PREFIX)
    for family in CATALOGUE
    if family.labels == CAMPAIGN_LABELS and family.source in READ["campaigns"].keys() - _CAMPAIGNS
)
"""What is published of those."""


def good_row(report: str, **own: object) -> dict[str, object]:
    """Return a row in which every value can be read, but for those that a test has of its own."""
    texts = {key: field.text for key, field in WRITTEN[report].items()}
    row = {key: texts.get(key, field.example) for key, field in READ[report].items()}
    return {**row, **own}


def said(report: str, values: Mapping[str, float]) -> dict[str, float]:
    """Return what was read out of the fields that are written here."""
    new = {name for key, field in READ[report].items() if key not in WRITTEN[report] for name in field.readers(key)}
    return {name: value for name, value in values.items() if name not in new}


def by_hand(report: str) -> dict[str, float]:
    """Return what a good row says."""
    return {name: value for field in WRITTEN[report].values() for name, value in field.values.items()}
