"""Snapshots to text: the sample lines of one family of one operation, as prometheus-client writes them."""

from collections.abc import Callable
from enum import Enum
from functools import cache
from itertools import islice
from typing import Any

from prometheus_client import openmetrics
from prometheus_client.utils import floatToGoString

from wolkvox_exporter.metrics.family import Family, Source

_PIECE = 1000
"""Samples."""
_EXPONENTS_FROM = 1e6
"""Where Go, and so the client library, writes numbers otherwise than Python."""
_as_go_does: Callable[[float], str] = floatToGoString


class Format(Enum):
    """The formats of an exposition by their content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = openmetrics.exposition.CONTENT_TYPE_LATEST

    @cache
    def introduction(self, family: Family[Any]) -> bytes:
        """Return the lines before a family's samples."""
        name, text = family.name, family.help.replace("\\", r"\\").replace("\n", r"\n")
        if self is Format.OPENMETRICS:
            name, text = name.removesuffix("_total"), text.replace('"', r"\"")
        return f"# HELP {name} {text}\n# TYPE {name} {family.kind}\n".encode()


class Labels(dict[tuple[tuple[str, ...], tuple[str, ...]], str]):
    """Label sets as they are written, by names and values; each is written once for all the families that have it."""

    def __missing__(self, key: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
        names, values = key
        pairs = [f'{name}="{_escaped(values[place])}"' for name, place in _alphabetical(names)]
        self[key] = written = "{" + ",".join(pairs) + "}" if pairs else ""
        return written


@cache
def _alphabetical(names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Return names and their places as the client library has them."""
    return tuple(sorted((name, place) for place, name in enumerate(names)))


def _escaped(value: str) -> str:
    # three searches that mostly find nothing are quicker than str.translate
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _written(value: float) -> str:
    if -_EXPONENTS_FROM < value < _EXPONENTS_FROM:
        return repr(float(value))
    return _as_go_does(value)


def lines(family: Family[Source], source: Source, labels: Labels) -> bytes:
    """Return the sample lines of a family, in pieces: encoding a large text at once keeps others waiting."""
    name, names, samples = family.name, (*family.labels, *family.own_labels(source)), iter(family.samples(source))
    pieces = []
    while some := [f"{name}{labels[names, values]} {_written(value)}\n" for values, value in islice(samples, _PIECE)]:
        pieces.append("".join(some).encode())
    return b"".join(pieces)
