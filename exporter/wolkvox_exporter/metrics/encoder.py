"""Snapshots to bytes, in both text formats. Bytes are made when something changes; a scrape only sends them.

A chunk is the sample lines of one family of one operation: a poll renders the chunks of its own operation anew, and all
chunks are joined by family. Both formats share the chunks and differ in the lines that introduce a family.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Any

from prometheus_client import openmetrics
from prometheus_client.utils import floatToGoString

from wolkvox_exporter.metrics import CATALOGUE, EXPORTER_CATALOGUE, ExporterStatus, Family, Source
from wolkvox_exporter.polling.snapshot import Snapshot

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_written: Callable[[float], str] = floatToGoString
_GZIP = 31
_LEVEL = 6


class Format(Enum):
    """The formats of an exposition by their content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = openmetrics.exposition.CONTENT_TYPE_LATEST

    def introduction(self, family: Family[Source]) -> bytes:
        """Return the lines before a family's samples."""
        name, text = family.name, family.help.replace("\\", r"\\").replace("\n", r"\n")
        if self is Format.OPENMETRICS:
            name, text = name.removesuffix("_total"), text.replace('"', r"\"")
        return f"# HELP {name} {text}\n# TYPE {name} {family.kind}\n".encode()


class Page:
    """The finished exposition in one format, but for the process metrics that each sending adds at its end."""

    def __init__(self, parts: list[bytes]) -> None:
        # in pieces that the chunks and both formats share: joined, a large exposition would stand in memory thrice
        self._parts = parts
        # one gzip member, continued for each sending: members glued together are more than some clients read
        self._compressor = zlib.compressobj(_LEVEL, wbits=_GZIP)
        compressed = [self._compressor.compress(part) for part in parts]
        self._compressed = b"".join([*compressed, self._compressor.flush(zlib.Z_SYNC_FLUSH)])

    def plain(self, tail: bytes) -> bytes:
        """Return the page and its tail."""
        return b"".join([*self._parts, tail])

    def gzipped(self, tail: bytes) -> bytes:
        """Return the page and its tail as one gzip member."""
        rest = self._compressor.copy()
        return self._compressed + rest.compress(tail) + rest.flush()


@dataclass(frozen=True, slots=True)
class Pages:
    """The exposition in every format, right until `valid_until` on the monotonic clock, when some data become stale."""

    by_format: Mapping[Format, Page]
    valid_until: float


class Exposition:
    """Keeps the chunks and makes pages of them."""

    def __init__(self, status: ExporterStatus) -> None:
        self.status = status
        """What is known of the exporter itself."""
        self._snapshots: dict[str, Snapshot] = {}
        self._chunks: dict[str, list[bytes]] = {}

    def update(self, snapshot: Snapshot) -> None:
        """Render the chunks of an operation anew."""
        self._chunks[snapshot.operation] = [chunk(family, snapshot) for family in CATALOGUE]
        self._snapshots[snapshot.operation] = snapshot

    def arrange(self, operations: Iterable[str]) -> None:
        """Keep these operations only, in this order; all of them were rendered before."""
        self._snapshots = {name: self._snapshots[name] for name in operations}
        self._chunks = {name: self._chunks[name] for name in self._snapshots}

    def pages(self, now: float) -> Pages:
        """Join what is fresh at `now` on the monotonic clock."""
        for snapshot in [each for each in self._snapshots.values() if each.detections_until <= now]:
            self.update(snapshot.without_stale_detections(now))
        own = [(family, [chunk(family, self.status)]) for family in EXPORTER_CATALOGUE]
        families = [
            (family, [self._chunks[name][place] for name in self._snapshots if self._is_shown(family, name, now)])
            for place, family in enumerate(CATALOGUE)
        ]
        return Pages({kind: Page(_parts(kind, own, families)) for kind in Format}, self._valid_until(now))

    def _is_shown(self, family: Family[Snapshot], operation: str, now: float) -> bool:
        return family.content_of is None or self._snapshots[operation].is_fresh(family.content_of, now)

    def _valid_until(self, now: float) -> float:
        states = (state for snapshot in self._snapshots.values() for state in snapshot.reports.values())
        ends = [state.fresh_until for state in states if state.fresh_until is not None]
        ends += [snapshot.detections_until for snapshot in self._snapshots.values()]
        return min((end for end in ends if end > now), default=float("inf"))


def chunk(family: Family[Source], source: Source) -> bytes:
    """Return the sample lines of a family; labels stand in alphabetical order, as the client library writes them."""
    names = (*family.labels, *family.own_labels(source))
    order = sorted(range(len(names)), key=names.__getitem__)
    samples = family.samples(source)
    lines = [f"{family.name}{_labels(names, values, order)} {_written(value)}\n" for values, value in samples]
    return "".join(lines).encode()


def _labels(names: tuple[str, ...], values: tuple[str, ...], order: list[int]) -> str:
    if not order:
        return ""
    return "{" + ",".join([f'{names[place]}="{values[place].translate(_ESCAPES)}"' for place in order]) + "}"


def _parts(kind: Format, *families: Iterable[tuple[Family[Any], list[bytes]]]) -> list[bytes]:
    return [
        part
        for family, chunks in chain.from_iterable(families)
        if any(chunks)
        for part in (kind.introduction(family), *chunks)
    ]
