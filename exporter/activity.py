"""Counters of what campaigns did, from successive reports whose counts fall when a list is recycled or reloaded.

A count that rises adds its rise. A count that falls is not believed at once, since rows dip for a poll: only if the
next value is below the old one, too, has the list been recycled, and the fallen value is where counting goes on.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exporter.durable import Rows, Table
from exporter.snapshot import Labels, Totals
from exporter.wolkvox.campaigns import RESULTS, Campaign

COUNTED = ("dial", *RESULTS, "hits")
"""The values whose net rises are counted."""


Standing = tuple[float, float | None]
"""Where the counting of one value stands: its base, and what it has fallen to if that is not believed yet."""


class Rises:
    """The net rises of one value."""

    def __init__(self, standing: Standing | None = None) -> None:
        self._base: float | None
        self._fallen: float | None
        self._base, self._fallen = standing or (None, None)

    @property
    def standing(self) -> Standing | None:
        """Where counting stands, unless there was no sight yet."""
        return None if self._base is None else (self._base, self._fallen)

    @property
    def is_known(self) -> bool:
        """Whether there was a first sight."""
        return self._base is not None

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
        self._rises: dict[tuple[str, str], Rises] = defaultdict(Rises)
        self._sums: dict[Labels, dict[str, float]] = defaultdict(lambda: dict.fromkeys(COUNTED, 0.0))
        if memory:
            for identity, values in memory.standings.items():
                self._rises.update({(identity, name): Rises(standing) for name, standing in values.items()})
            self._sums.update(
                {labels: dict.fromkeys(COUNTED, 0.0) | dict(sums) for labels, sums in memory.sums.items()}
            )

    def memory(self) -> ActivityMemory:
        """Return what a later `Activity` goes on from."""
        standings: dict[str, dict[str, Standing]] = defaultdict(dict)
        for (identity, name), rises in self._rises.items():
            if rises.standing:
                standings[identity][name] = rises.standing
        return ActivityMemory(
            MappingProxyType({identity: MappingProxyType(values) for identity, values in standings.items()}),
            MappingProxyType({labels: MappingProxyType(dict(sums)) for labels, sums in self._sums.items()}),
        )

    def observe(self, campaigns: tuple[Campaign, ...]) -> Totals:
        """Take the campaigns of a good report that can be told apart, and return their totals."""
        return MappingProxyType({campaign.labels: self._count(campaign) for campaign in campaigns if campaign.id})

    def _count(self, campaign: Campaign) -> Mapping[str, float]:
        sums = self._sums[campaign.labels]
        for name in COUNTED:
            if name in campaign.values:
                sums[name] += self._rises[campaign.id, name].observe(campaign.values[name])
        return MappingProxyType({name: sums[name] for name in COUNTED if self._rises[campaign.id, name].is_known})
