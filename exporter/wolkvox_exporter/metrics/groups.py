"""Operations whose lines are compressed together: a large one by itself, small ones with others.

A poll renders the lines of its own operation, and compresses those of its group.
"""

import operator
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TypeAlias

from wolkvox_exporter.metrics.deflate import Piece
from wolkvox_exporter.metrics.encoder import Labels, lines
from wolkvox_exporter.metrics.family import Family
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.runtime.disposal import empty

_Contents: TypeAlias = list[tuple[object, ...]]


class Group:
    """Some operations and the compressed lines of each of some families."""

    def __init__(self, operations: tuple[str, ...], families: Sequence[Family[Snapshot]]) -> None:
        self.operations = operations
        self.pieces = [Piece() for _ in families]
        """One a family; what did not change stays the same object."""
        self._families = families
        self._rendered: dict[str, _Contents] = {}
        self._texts = {name: [b""] * len(families) for name in operations}

    def render(self, snapshots: Mapping[str, Snapshot], due: Collection[str], now: float) -> None:
        """Take over what is fresh at `now`, monotonic, of the operations that are due and of those that are new."""
        names = [name for name in self.operations if name in due or name not in self._rendered]
        contents = {name: [_content(family, snapshots[name], now) for family in self._families] for name in names}
        changed = {place for name in names for place in self._update(snapshots[name], contents[name])}
        for place in changed:
            self.pieces[place] = Piece.of(b"".join([self._texts[name][place] for name in self.operations]))
            if len(self.operations) == 1:
                # compressed it takes a tenth, and no other operation's text is joined with it
                self._texts[self.operations[0]][place] = b""
        # last: what an error interrupts is done again
        self._rendered |= contents

    def _update(self, snapshot: Snapshot, contents: _Contents) -> Iterator[int]:
        before = self._rendered.get(snapshot.operation) or [_NEVER] * len(self._families)
        texts, labels = self._texts[snapshot.operation], Labels()
        for place, (family, content) in enumerate(zip(self._families, contents, strict=True)):
            if not _is_same(content, before[place]):
                texts[place] = lines(family, snapshot, labels) if content else b""
                yield place
        empty(labels)


_NEVER = (object(),)


def _content(family: Family[Snapshot], snapshot: Snapshot, now: float) -> tuple[object, ...]:
    """Return what a family's samples are made of, nothing if that is not fresh."""
    if family.content_of is None:
        return (snapshot,)
    return snapshot.content(family.content_of) if snapshot.is_fresh(family.content_of, now) else ()


def _is_same(content: tuple[object, ...], before: tuple[object, ...]) -> bool:
    # all of it is immutable: comparing what it says would take as long as rendering it
    return len(content) == len(before) and all(map(operator.is_, content, before))


class Grouping:
    """Divides operations into groups of some weight; one that is as heavy by itself is alone."""

    def __init__(self, families: Sequence[Family[Snapshot]], weigh: Callable[[Snapshot], int], enough: int) -> None:
        self.families = families
        self._weigh = weigh
        self._enough = enough
        self._weights: dict[str, int] = {}
        self._groups: dict[tuple[str, ...], Group] = {}
        self._alone: dict[str, Group] = {}
        """Those that share a group, as far as somebody wanted them by themselves."""

    def alone(self, operation: str, snapshots: Mapping[str, Snapshot], now: float) -> list[Piece]:
        """Return the pieces of one operation, one a family."""
        names = (operation,)
        if names in self._groups:
            return self._groups[names].pieces
        group = self._alone.setdefault(operation, Group(names, self.families))
        group.render(snapshots, names, now)
        return group.pieces

    def render(self, snapshots: Mapping[str, Snapshot], due: Collection[str], now: float) -> list[list[Piece]]:
        """Return the pieces of each family, those of operations that are due made anew."""
        weights = {name: self._weigh(snapshot) for name, snapshot in snapshots.items()}
        if list(weights) != list(self._weights) or any(
            _is_another(weight, self._weights[name]) for name, weight in weights.items()
        ):
            divided = _divided(weights, self._enough)
            self._groups = {names: self._groups.get(names) or Group(names, self.families) for names in divided}
            self._weights = weights
            # asked for again, they are made again
            self._alone.clear()
        for group in self._groups.values():
            group.render(snapshots, due, now)
        return [[group.pieces[place] for group in self._groups.values()] for place in range(len(self.families))]


def _is_another(weight: int, before: int) -> bool:
    # campaigns come and go: groups follow the order of magnitude only
    return not before / 2 <= weight <= before * 2


def _divided(weights: Mapping[str, int], enough: int) -> Iterator[tuple[str, ...]]:
    group, total = list[str](), 0
    for name, weight in weights.items():
        if weight >= enough:
            yield (name,)
            continue
        group.append(name)
        total += weight
        if total >= enough:
            yield tuple(group)
            group, total = [], 0
    if group:
        yield tuple(group)
