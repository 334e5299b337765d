"""The exposition in both text formats, put together of pieces that are made when something changes.

A poll renders what its own operation's report says, compresses its group's pieces of those families, and joins these
families anew; all other text stays as it was compressed. Both formats share the pieces and differ in the lines that
introduce a family.
"""

import math
import operator
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from wolkvox_exporter.metrics.catalogue import CATALOGUE, EXPORTER_CATALOGUE
from wolkvox_exporter.metrics.deflate import Piece, gzip
from wolkvox_exporter.metrics.encoder import Format, Labels, lines
from wolkvox_exporter.metrics.family import ExporterStatus, Family
from wolkvox_exporter.metrics.groups import Grouping
from wolkvox_exporter.polling.snapshot import Snapshot

ENOUGH_CAMPAIGNS = 200
"""Campaigns whose lines of one family are worth compressing by themselves: some 20 kB of text."""
ENOUGH_OPERATIONS = 16
"""The same for families that have a few lines of each operation."""
ONE_STREAM = 512 * 1024
"""Bytes of samples up to which a page is one stream: compressing it takes some milliseconds, pieces are larger."""
EXPORTER = ""
"""What stands for the exporter itself among the names of operations, of which none is empty."""
_ROW_LABELS = 2


_Shown: TypeAlias = tuple[Family[Any], Piece]


class Page:
    """The finished exposition in one format, but for the process metrics that each sending adds at its end."""

    def __init__(self, pieces: list[Piece]) -> None:
        self.length = sum(piece.length for piece in pieces)
        """Bytes of text."""
        self._pieces = pieces

    def text(self) -> Iterator[bytes]:
        """Return the page, a part at a time."""
        for piece in self._pieces:
            yield from piece.text()

    def gzipped(self, tail: bytes) -> bytes:
        """Return the page and its tail as one gzip member."""
        return gzip([*self._pieces, Piece.of(tail)])


@dataclass(frozen=True, slots=True)
class Pages:
    """The exposition in every format, right until `valid_until` on the monotonic clock, when some data become stale."""

    by_format: Mapping[Format, Page]
    valid_until: float


class Exposition:
    """Keeps the pieces and makes pages of them."""

    def __init__(self, status: ExporterStatus) -> None:
        self.status = status
        """What is known of the exporter itself."""
        self._snapshots: dict[str, Snapshot] = {}
        self._ends: dict[str, float] = {}
        """Until when what was rendered of each operation is right, on the monotonic clock."""
        self._joined: dict[str, _Joined] = {}
        rows = [family for family in CATALOGUE if len(family.labels) > _ROW_LABELS and family.content_of]
        others = [family for family in CATALOGUE if family not in rows]
        self._groupings = (
            Grouping(rows, lambda snapshot: 1 + len(snapshot.campaigns), ENOUGH_CAMPAIGNS),
            Grouping(others, lambda _: 1, ENOUGH_OPERATIONS),
        )

    def update(self, snapshot: Snapshot) -> None:
        """Take the latest of an operation."""
        self._snapshots[snapshot.operation] = snapshot
        self._ends[snapshot.operation] = -math.inf

    def arrange(self, operations: Iterable[str]) -> None:
        """Keep these operations only, in this order; all of them were given before."""
        self._snapshots = {name: self._snapshots[name] for name in operations}
        self._ends = {name: self._ends[name] for name in self._snapshots}

    def pages(self, now: float) -> Pages:
        """Render what has changed, and drop what is stale at `now` on the monotonic clock."""
        due = {name for name, end in self._ends.items() if end <= now}
        for name in due:
            self._snapshots[name] = self._snapshots[name].at(now)
        for grouping in self._groupings:
            for family, pieces in zip(grouping.families, grouping.render(self._snapshots, due, now), strict=True):
                self._join(family, pieces)
        shown = [*self._own(), *((family, self._joined[family.name].whole) for family in CATALOGUE)]
        self._ends |= {name: _end(self._snapshots[name], now) for name in due}
        return Pages(_by_format(shown), min(self._ends.values(), default=math.inf))

    def _own(self) -> list[_Shown]:
        return [(family, Piece.of(lines(family, self.status, Labels()))) for family in EXPORTER_CATALOGUE]

    def part(self, operations: Container[str], now: float) -> Mapping[Format, Page]:
        """Return pages of some operations only, perhaps of the exporter; they are right until the whole changes."""
        alone = [
            [piece for grouping in self._groupings for piece in grouping.alone(name, self._snapshots, now)]
            for name in self._snapshots
            if name in operations
        ]
        families = [family for grouping in self._groupings for family in grouping.families]
        joined = {family.name: Piece.joined(pieces) for family, *pieces in zip(families, *alone, strict=True)}
        own = self._own() if EXPORTER in operations else []
        return _by_format([*own, *((family, joined[family.name]) for family in CATALOGUE)])

    def _join(self, family: Family[Snapshot], pieces: list[Piece]) -> None:
        before = self._joined.get(family.name)
        if before is None or len(before.pieces) != len(pieces) or not all(map(operator.is_, before.pieces, pieces)):
            self._joined[family.name] = _Joined(pieces, Piece.joined(pieces))


class _Joined(NamedTuple):
    pieces: list[Piece]
    whole: Piece


def _end(snapshot: Snapshot, now: float) -> float:
    """Return when the next of an operation's data become stale."""
    ends = [state.fresh_until for state in snapshot.reports.values() if state.fresh_until is not None]
    return min((end for end in (*ends, snapshot.right_until) if end > now), default=math.inf)


def _by_format(families: Iterable[_Shown]) -> dict[Format, Page]:
    shown = [(family, piece) for family, piece in families if piece.length]
    if sum(piece.length for _, piece in shown) <= ONE_STREAM:
        texts = [(family, b"".join(piece.text())) for family, piece in shown]
        whole = {
            kind: [part for family, text in texts for part in (kind.introduction(family), text)] for kind in Format
        }
        return {kind: Page([Piece.of(b"".join(parts))]) for kind, parts in whole.items()}
    return {
        kind: Page([part for family, piece in shown for part in (_introduction(kind, family), piece)])
        for kind in Format
    }


@cache
def _introduction(kind: Format, family: Family[Any]) -> Piece:
    return Piece.of(kind.introduction(family))
