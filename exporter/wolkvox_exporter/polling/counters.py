"""Counters of what campaigns did, from successive reports whose counts fall when a list is recycled or reloaded.

A count that rises adds its rise. A count that falls is not believed at once, since rows dip for a poll: only if the
next value is below the old one, too, has the list been recycled, and the fallen value is where counting goes on.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType

from wolkvox_exporter.api.reports.campaigns import RESULTS, Campaign
from wolkvox_exporter.polling.snapshot import Labels, Totals
from wolkvox_exporter.runtime.serializable import Rows, Table

COUNTED = ("dial", *RESULTS, "hits")
"""The values whose net rises are counted."""
REMEMBERED = 5_000
"""Campaigns of an operation that are remembered at least; beyond the report itself those seen last."""
Standing = tuple[float | None, float | None]
"""Where the counting of one value stands: its base, and what it has fallen to if that is not believed yet."""


class Rises:
    """The net rises of one value."""

    def __init__(self, standing: Standing = (None, None)) -> None:
        self._base, self._fallen = standing

    @property
    def standing(self) -> Standing:
        """Where counting stands."""
        return self._base, self._fallen

    def observe(self, value: float) -> float:
        """Take the next value and return what it adds."""
        if self._base is None or value >= self._base:
            added = value - self._base if self._base is not None else 0.0
            self._base, self._fallen = value, None
        elif self._fallen is None or value < self._fallen:
            # a fall below the fall: what was fallen to is believed, the new value not yet
            added, self._base, self._fallen = 0.0, self._base if self._fallen is None else self._fallen, value
        else:
            added, self._base, self._fallen = value - self._fallen, value, None
        return added


@dataclass(frozen=True, slots=True)
class ActivityMemory:
    """All that counting goes on from: by campaign id and value where it stands, and the sums by labels and value."""

    standings: Table[str, Table[str, Standing]]
    sums: Rows[Labels, Table[str, float]]


class Activity:
    """The counters of one operation, kept as long as it is polled.

    What a campaign did belongs to its id, the sum to its labels: after a renaming a new sum starts at 0 and counting
    goes on. A campaign that has no id is not counted, nor should one be whose id stands on two rows.
    """

    def __init__(self, memory: ActivityMemory | None = None) -> None:
        # from the campaign that was seen least recently to the one seen last
        self._rises: dict[str, dict[str, Rises]] = {}
        self._sums: dict[Labels, dict[str, float]] = defaultdict(lambda: dict.fromkeys(COUNTED, 0.0))
        if memory:
            self._rises = {
                identity: defaultdict(Rises, {name: Rises(standing) for name, standing in values.items()})
                for identity, values in memory.standings.items()
            }
            self._sums.update({labels: dict(sums) for labels, sums in memory.sums.items()})

    def memory(self) -> ActivityMemory:
        """Return what a later `Activity` goes on from."""
        standings = {
            identity: MappingProxyType({name: rises.standing for name, rises in values.items()})
            for identity, values in self._rises.items()
        }
        sums = {labels: MappingProxyType(dict(sums)) for labels, sums in self._sums.items()}
        return ActivityMemory(MappingProxyType(standings), MappingProxyType(sums))

    def observe(self, campaigns: tuple[Campaign, ...]) -> Totals:
        """Take the campaigns of a good report that can be told apart, and return their totals."""
        totals = {campaign.labels: self._count(campaign) for campaign in campaigns if campaign.id}
        self._forget(len(self._rises) - max(REMEMBERED, len(campaigns)))
        return MappingProxyType(totals)

    def _count(self, campaign: Campaign) -> Mapping[str, float]:
        sums, rises = self._sums[campaign.labels], self._rises.pop(campaign.id, defaultdict(Rises))
        self._rises[campaign.id] = rises
        for name in COUNTED:
            if name in campaign.values:
                sums[name] += rises[name].observe(campaign.values[name])
        return MappingProxyType({name: sums[name] for name in COUNTED if name in rises})

    def _forget(self, number: int) -> None:
        """Forget the campaigns that were seen least recently: what is kept for years must not grow for years."""
        if number > 0:
            self._rises = dict(islice(self._rises.items(), number, None))
            for labels in [labels for labels in self._sums if labels[1] not in self._rises]:
                del self._sums[labels]
