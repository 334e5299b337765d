"""Recording rules on the skills report: what an hour brought to each skill, by the exporter's own counters."""

from mixin.promql import fold, increase_1h
from mixin.rules import Group, Record

OFFERED = "skill:wolkvox_skill_offered:increase1h"
ABANDONED = "skill:wolkvox_skill_abandoned:increase1h"
ABANDONED_RATIO = "skill:wolkvox_skill_abandoned_per_offered:ratio_1h"

GROUP = Group(
    "wolkvox-skills.rules",
    (
        Record(OFFERED, fold(increase_1h("wolkvox_skill_offered_total"))),
        Record(ABANDONED, fold(increase_1h("wolkvox_skill_abandoned_total"))),
        Record(ABANDONED_RATIO, f"  {ABANDONED}\n/\n  ({OFFERED} > 0)"),
    ),
)
"""What the API gives as shares is of the whole day, it seems, and says little of the last hour."""
