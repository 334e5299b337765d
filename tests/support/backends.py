"""What two backends make of the same query over the same stored days."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from support.prometheus import Prometheus

TOLERANCE = 0.02
"""By how much a value may differ, as a share of the greater one."""


@dataclass(frozen=True)
class Span:
    """The moments at which a query is asked: Unix times from `start` to `end`, and seconds between them."""

    start: float
    end: float
    step: float


@dataclass(frozen=True)
class Comparison:
    """How many values either backend has, and of how many the other has none or quite another one."""

    values: int
    differing: int
    example: str = ""


async def points(server: Prometheus, query: str, span: Span) -> dict[tuple[Any, ...], float]:
    """Return all values of a range query by labels and Unix time."""
    # VictoriaMetrics moves a span to whole steps otherwise
    moments = {"start": str(span.start), "end": str(span.end), "step": str(span.step), "nocache": "1"}
    found = (await server.get("query_range", query=query, **moments))["result"]
    return {
        (tuple(sorted(_labels(series["metric"]))), float(time)): float(value)
        for series in found
        for time, value in series["values"]
    }


async def instants(server: Prometheus, query: str, span: Span) -> dict[tuple[Any, ...], float]:
    """Return all values of an instant query at each of the moments, by labels and Unix time."""
    every: dict[tuple[Any, ...], float] = {}
    for place in range(int((span.end - span.start) / span.step) + 1):
        time = span.start + place * span.step
        found = (await server.get("query", query=query, time=str(time), nocache="1"))["result"]
        every |= {(tuple(sorted(_labels(each["metric"]))), time): float(each["value"][1]) for each in found}
    return every


def _labels(metric: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Give the labels that mean something: what computes with a series drops its name, but not everywhere."""
    return ((name, value) for name, value in metric.items() if name != "__name__" and value)


def compared(one: dict[tuple[Any, ...], float], other: dict[tuple[Any, ...], float]) -> Comparison:
    """Hold the values of one backend beside those of another."""
    every = one.keys() | other.keys()
    differing = [key for key in every if not _alike(one.get(key), other.get(key))]
    example = min(differing, default=None)
    return Comparison(
        len(every), len(differing), f"{example}: {one.get(example)}, {other.get(example)}" if example else ""
    )


def _alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return False
    return one == other or math.isclose(one, other, rel_tol=TOLERANCE) or (math.isnan(one) and math.isnan(other))
