"""Counters of what campaigns and skills did, from successive reports whose counts fall.

They fall when a list is recycled or reloaded, or at midnight.

A count that rises adds its rise. A count that falls is not believed at once, since rows dip for a poll: only if the
next value is below the old one, too, has counting begun anew there, and the fallen value is where it goes on.

What a row says belongs to its id, the sum to its labels: after a renaming a new sum starts at 0 and counting goes on. A
campaign that has no id is not counted. While an id stands on two rows it is not counted either, and afterwards
counting begins anew: there is no telling which row went on.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import Protocol, TypeVar

from wolkvox_exporter.api.reports.campaigns import RESULTS
from wolkvox_exporter.runtime.serializable import Rows, Table

Labels = tuple[str, ...]
"""What tells rows of a report apart where they are published: of campaigns name, id and skill, of skills the id."""
Totals = Rows[Labels, Table[str, float]]
"""Net rises seen between polls, by the row's labels and the value's name."""
COUNTED = ("dial", *RESULTS, "hits", "recycled")
"""The values of campaigns whose net rises are counted."""
REMEMBERED = 5_000
"""Rows of a report of an operation that are remembered at least; beyond the report itself those seen last."""
Standing = tuple[float | None, float | None]
"""Where the counting of one value stands: its base, and what it has fallen to if that is not believed yet."""
_UNKNOWN: Standing = (None, None)
_NOTHING: Mapping[str, Standing] = MappingProxyType({})
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Row(Protocol):
    """A row of a report: whose it is, under which labels it is counted, and what it says by name."""

    @property
    def id(self) -> str: ...  # noqa: D102 - as above
    @property
    def labels(self) -> Labels: ...  # noqa: D102
    @property
    def values(self) -> Mapping[str, float]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Counters:
    """All that counting goes on from; of both tables what was seen last stands last."""

    standings: Table[str, Table[str, Standing]] = field(default_factory=lambda: MappingProxyType({}))
    """Where counting stands, by id and value."""
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
    counters: Counters, rows: Iterable[Row], ambiguous: AbstractSet[str], names: tuple[str, ...] = COUNTED
) -> tuple[Counters, Totals]:
    """Take the rows of a good report, and return what counting goes on from, and the totals of their `names`.

    `ambiguous` are the ids that stand on more than one row.
    """
    rows = tuple(rows)
    standings = {key: values for key, values in counters.standings.items() if key not in ambiguous}
    sums = dict(counters.sums)
    totals: dict[Labels, Mapping[str, float]] = {}
    for row in rows:
        if row.id and row.id not in ambiguous:
            # taken out and put back: what was seen last stands last
            standing, added = _taken(standings.pop(row.id, _NOTHING), row, names)
            before = sums.pop(row.labels, {})
            after = MappingProxyType({name: before.get(name, 0.0) + added.get(name, 0.0) for name in names})
            standings[row.id], sums[row.labels] = standing, after
            totals[row.labels] = MappingProxyType({name: after[name] for name in names if name in standing})
    most = max(REMEMBERED, len(rows))
    standings, sums = _last(standings, most), _last(sums, most)
    return Counters(MappingProxyType(standings), MappingProxyType(sums)), MappingProxyType(totals)


def _taken(
    standing: Mapping[str, Standing], row: Row, names: tuple[str, ...]
) -> tuple[Mapping[str, Standing], dict[str, float]]:
    after, added = dict(standing), dict[str, float]()
    for name in names:
        if name in row.values:
            after[name], added[name] = rise(after.get(name, _UNKNOWN), row.values[name])
    return MappingProxyType(after), added


def _last(table: dict[_Key, _Value], most: int) -> dict[_Key, _Value]:
    """Forget what was seen least recently: what is kept for years must not grow for years."""
    return dict(islice(table.items(), max(0, len(table) - most), None))
