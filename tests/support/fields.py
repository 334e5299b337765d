"""The fields of the campaigns report, written by hand: how one row writes them, what that says, what is published.

For a new field this is one of the places in `BY_HAND`; until it stands here it has its documented example in the row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wolkvox_exporter.api.fields import Fields
from wolkvox_exporter.api.reports import campaigns
from wolkvox_exporter.metrics import CATALOGUE
from wolkvox_exporter.metrics.builders import CAMPAIGN_LABELS

BY_HAND = (
    "a new field of the campaigns report is written by hand in: WRITTEN in tests/support/fields.py; "
    "tests/golden/campaigns.json, how the API documents it; tests/golden/documented.txt, the samples of that"
)
PREFIX = "wolkvox_campaign_"


@dataclass(frozen=True)
class Written:
    """One field of a row: its text, what is read out of it by the values' names, and the series made of it."""

    text: str
    values: Mapping[str, float]
    series: frozenset[str]


def written(text: str, values: dict[str, float], *series: str) -> Written:
    """Return a field; series without their common beginning, with the label that tells several apart."""
    return Written(text, values, frozenset(series))


WRITTEN: Mapping[str, Written] = MappingProxyType(
    {
        "campaign": written("4875 - MORA - tel1 (40%)", {}, "phone_dialed_ratio tel1"),
        "skill_id": written("VAGENT", {}),
        "speed": written("95%", {"speed": 0.95}, "speed_ratio"),
        "status": written("started", {"status": 1}, "started"),
        "records": written("12,340", {"records": 12340}, "records"),
        "clean": written("340", {"clean": 340}, "records_clean"),
        "dial": written("12,000", {"dial": 12000}, "records_dialed", "dialed_total"),
        "answer": written("3,000", {"answer": 3000}, "records_result answer", "results_total answer"),
        "no_answer": written("4,000", {"no_answer": 4000}, "records_result no_answer", "results_total no_answer"),
        "busy/congestion/failed": written(
            "2,000",
            {"busy/congestion/failed": 2000},
            "records_result busy_congestion_failed",
            "results_total busy_congestion_failed",
        ),
        "answer_machine": written(
            "3,000", {"answer_machine": 3000}, "records_result answer_machine", "results_total answer_machine"
        ),
        "penetration_day": written("9,336.00 %", {"penetration_day": 93.36}, "penetration_day_ratio"),
        "penetration_now": written("97.24%", {"penetration_now": 0.9724}, "penetration_now_ratio"),
        "hits": written("120 (1.00 %)", {"hits": 120, "hits_share": 0.01}, "records_hit", "hit_ratio", "hits_total"),
        "calls_x_min": written("35.5", {"calls_x_min": 35.5}, "calls_per_minute"),
        "recycled": written("2", {"recycled": 2}, "recycles"),
    }
)
"""By the API's key."""
READ: Fields = {**campaigns.TEXTS, **campaigns.NUMBERS}
"""The report's own table, by which the fields that are not written here yet get into rows and counts."""
NEW_VALUES = frozenset(name for key, field in READ.items() if key not in WRITTEN for name in field.readers(key))
"""What is read out of the fields that are not written here yet."""
SERIES: frozenset[str] = frozenset().union(*(each.series for each in WRITTEN.values()))
"""What is published of a row, but for those fields."""
NEW_SERIES = frozenset(
    family.name.removeprefix(PREFIX)
    for family in CATALOGUE
    if family.labels == CAMPAIGN_LABELS and family.source in READ and family.source not in WRITTEN
)
"""What is published of them."""


def good_row() -> dict[str, object]:
    """Return a row in which every value can be read."""
    return {key: WRITTEN[key].text if key in WRITTEN else field.example for key, field in READ.items()}
