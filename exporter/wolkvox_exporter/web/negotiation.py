"""What a client accepts, as RFC 9110 has it: the exposition's format and its coding.

What cannot be read counts as not accepted, and so leads to plain text, which everybody reads.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from wolkvox_exporter.metrics.encoder import Format

# between separators, of which there may be some in a quoted string; one that does not end goes on to the end
_BETWEEN = r'(?:[^"{}]|"(?:[^"\\]|\\.?)*+"?)++'
_RANGES = re.compile(_BETWEEN.format(","), re.DOTALL)
_PARAMETERS = re.compile(_BETWEEN.format(";"), re.DOTALL)
_QUOTED = re.compile(r'"(.*)"', re.DOTALL)
# what some Java clients write is taken, too: no digit before the point
_WEIGHT = re.compile(r"0(?:\.[0-9]*)?|\.[0-9]+|1(?:\.0*)?")


class _Range(NamedTuple):
    """A part of an accept header: what it names, a version if it names one, and how much that is liked, 0 to 1."""

    name: str
    version: str | None
    weight: float


def format_for(accept: str) -> Format:
    """Return the format that a client likes best: where it likes both alike OpenMetrics if it names it, else text."""
    ranges = list(_ranges(accept))
    (openmetrics, is_named), (text, _) = (_liking(ranges, kind) for kind in (Format.OPENMETRICS, Format.TEXT))
    return Format.OPENMETRICS if openmetrics > text or (is_named and openmetrics == text > 0) else Format.TEXT


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether a client reads gzip, and likes plain no better."""
    weights = {coding.name: coding.weight for coding in _ranges(accept_encoding)}
    gzip = next((weights[name] for name in ("gzip", "x-gzip", "*") if name in weights), 0.0)
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def _liking(ranges: Iterable[_Range], kind: Format) -> tuple[float, bool]:
    """Return the weight of a format, by the range that describes it most exactly, and whether that names it."""
    ((name, version, _),) = _ranges(kind.value)
    group = name.partition("/")[0]
    # parameters but the version are not looked at: whatever escaping is asked for, no name here needs one
    exactness = {(name, version): 3, (name, None): 2, (f"{group}/*", None): 1, ("*/*", None): 0, ("*", None): 0}
    fitting = (
        (exactness[range_.name, range_.version], range_.weight)
        for range_ in ranges
        if (range_.name, range_.version) in exactness
    )
    how, weight = max(fitting, default=(0, 0.0))
    return weight, how >= exactness[name, None]


def _ranges(header: str) -> Iterator[_Range]:
    for part in _RANGES.findall(header):
        name, *rest = _PARAMETERS.findall(part) or [""]
        pairs = (parameter.partition("=") for parameter in rest)
        parameters = {key.strip().lower(): _unquoted(value.strip()) for key, _, value in pairs}
        yield _Range(name.strip().lower(), parameters.get("version"), _weight(parameters.get("q", "1")))


def _unquoted(value: str) -> str:
    match = _QUOTED.fullmatch(value)
    return re.sub(r"\\(.)", r"\1", match[1]) if match else value


def _weight(written: str) -> float:
    return float(written) if _WEIGHT.fullmatch(written) else 0.0
