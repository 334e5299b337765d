"""Counters of what campaigns did, from successive reports whose counts fall when a list is recycled or reloaded.

A count that rises adds its rise. A count that falls is not believed at once, since rows dip for a poll: only if the
next value is below the old one, too, has the list been recycled, and the fallen value is where counting goes on.

What a campaign did belongs to its id, the sum to its labels: after a renaming a new sum starts at 0 and counting goes
on. A campaign that has no id is not counted. While an id stands on two rows it is not counted either, and afterwards
counting begins anew: there is no telling which row went on.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import TypeVar

from wolkvox_exporter.api.reports.campaigns import RESULTS, Campaign
from wolkvox_exporter.polling.snapshot import Labels, Totals
from wolkvox_exporter.runtime.serializable import Rows, Table

COUNTED = ("dial", *RESULTS, "hits")
"""The values whose net rises are counted."""
REMEMBERED = 5_000
"""Campaigns of an operation that are remembered at least; beyond the report itself those seen last."""
Standing = tuple[float | None, float | None]
"""Where the counting of one value stands: its base, and what it has fallen to if that is not believed yet."""
_UNKNOWN: Standing = (None, None)
_NOTHING: Mapping[str, Standing] = MappingProxyType({})
_ZEROS: Mapping[str, float] = MappingProxyType(dict.fromkeys(COUNTED, 0.0))
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Counters:
    """All that counting goes on from; of both tables what was seen last stands last."""

    standings: Table[str, Table[str, Standing]] = field(default_factory=lambda: MappingProxyType({}))
    """Where counting stands, by campaign id and value."""
    sums: Rows[Labels, Table[str, float]] = field(default_factory=lambda: MappingProxyType({}))
    """What was counted, by labels and value."""


def rise(standing: Standing, value: float) -> tuple[Standing, float]:
    """Take the next value; return where counting stands then, and what the value adds."""
    base, fallen = standing
    if base is None or value >= base:
        return (value, None), value - base if base is not None else 0.0
    if fallen is None:
        return (base, value), 0.0
    if value < fallen:
        # a fall below the fall: what was fallen to is believed, the new value not yet
        return (fallen, value), 0.0
    return (value, None), value - fallen


def counted(
    counters: Counters, campaigns: tuple[Campaign, ...], ambiguous: AbstractSet[str]
) -> tuple[Counters, Totals]:
    """Take the campaigns of a good report, and return what counting goes on from, and their totals.

    `ambiguous` are the ids that stand on more than one row.
    """
    standings = {key: values for key, values in counters.standings.items() if key not in ambiguous}
    sums = dict(counters.sums)
    totals: dict[Labels, Mapping[str, float]] = {}
    for campaign in campaigns:
        if campaign.id and campaign.id not in ambiguous:
            # taken out and put back: what was seen last stands last
            standing, added = _taken(standings.pop(campaign.id, _NOTHING), campaign)
            before = sums.pop(campaign.labels, _ZEROS)
            after = MappingProxyType({name: before[name] + added.get(name, 0.0) for name in COUNTED})
            standings[campaign.id], sums[campaign.labels] = standing, after
            totals[campaign.labels] = MappingProxyType({name: after[name] for name in COUNTED if name in standing})
    most = max(REMEMBERED, len(campaigns))
    standings, sums = _last(standings, most), _last(sums, most)
    return Counters(MappingProxyType(standings), MappingProxyType(sums)), MappingProxyType(totals)


def _taken(standing: Mapping[str, Standing], campaign: Campaign) -> tuple[Mapping[str, Standing], dict[str, float]]:
    after, added = dict(standing), dict[str, float]()
    for name in COUNTED:
        if name in campaign.values:
            after[name], added[name] = rise(after.get(name, _UNKNOWN), campaign.values[name])
    return MappingProxyType(after), added


def _last(table: dict[_Key, _Value], most: int) -> dict[_Key, _Value]:
    """Forget what was seen least recently: what is kept for years must not grow for years."""
    return dict(islice(table.items(), max(0, len(table) - most), None))
