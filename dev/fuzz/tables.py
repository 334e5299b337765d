"""Which fields of a campaign there are, and what is published of each.

Those of the documentation are written here by hand. A field that was added to the report's table since is taken from
there with its family from the catalogue, so that it needs no entry here: *which* fields there are is then the
exporter's word, but what a value says, as a count or a ratio say, stays the oracle's own.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from wolkvox_exporter.api import values
from wolkvox_exporter.api.fields import Field
from wolkvox_exporter.api.reports import campaigns
from wolkvox_exporter.metrics import CATALOGUE
from wolkvox_exporter.metrics.builders import CAMPAIGN_LABELS

_DOCUMENTED = {
    "wolkvox_campaign_started": ("status", "state"),
    "wolkvox_campaign_speed_ratio": ("speed", "ratio"),
    "wolkvox_campaign_records": ("records", "count"),
    "wolkvox_campaign_records_clean": ("clean", "count"),
    "wolkvox_campaign_records_dialed": ("dial", "count"),
    "wolkvox_campaign_records_hit": ("hits", "hits"),
    "wolkvox_campaign_hit_ratio": ("hits", "hit share"),
    "wolkvox_campaign_penetration_day_ratio": ("penetration_day", "ratio"),
    "wolkvox_campaign_penetration_now_ratio": ("penetration_now", "ratio"),
    "wolkvox_campaign_calls_per_minute": ("calls_x_min", "count"),
    "wolkvox_campaign_recycles": ("recycled", "count"),
}
RESULTS = {
    "answer": "answer",
    "no_answer": "no_answer",
    "busy_congestion_failed": "busy/congestion/failed",
    "answer_machine": "answer_machine",
}
"""The API's key by the label `result`."""
SKILL = "skill_id"
_HOW: Mapping[Callable[[object], float | None] | None, str] = MappingProxyType(
    {values.count: "count", values.percentage: "ratio", values.state: "state"}
)
"""What the oracle calls the way in which a text is read."""


def _added() -> dict[str, Field]:
    written = {field for field, _ in _DOCUMENTED.values()} | set(RESULTS.values())
    return {key: field for key, field in campaigns.NUMBERS.items() if key not in written}


def _gauges_of(key: str, field: Field) -> dict[str, tuple[str, str]]:
    """Return the families of a field; one of several values has several ways to be read, which only a person knows."""
    gauges = (each for each in CATALOGUE if each.kind == "gauge" and each.labels == CAMPAIGN_LABELS)
    names = [each.name for each in gauges if each.source == key]
    if field.more or field.reader not in _HOW:
        raise LookupError(f"write by hand how {names} are read out of {key!r}: in _DOCUMENTED of dev/fuzz/tables.py")
    return dict.fromkeys(names, (key, _HOW[field.reader]))


HOWS: Mapping[str, str] = MappingProxyType(
    dict(_DOCUMENTED.values())
    | dict.fromkeys(RESULTS.values(), "count")
    | {key: _HOW.get(field.reader, "") for key, field in _added().items()}
)
"""How the text of each numeric field is read."""
GAUGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    _DOCUMENTED | {name: how for key, field in _added().items() for name, how in _gauges_of(key, field).items()}
)
"""The gauges of a campaign: the API's key, and how its text is read."""
OPTIONAL = frozenset(key for key, field in {**campaigns.TEXTS, **campaigns.NUMBERS}.items() if field.optional)
"""The fields that no row of an answer needs to have."""
KEYS = (SKILL, *HOWS)
"""The keys of a campaign but its own."""
