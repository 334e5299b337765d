"""The figures as a table in Markdown."""

import math
from collections.abc import Iterator, Mapping, Sequence

from bench.plan import Figures

_ABSENT = "-"


def table(title: str, columns: Mapping[str, Sequence[Figures]]) -> Iterator[str]:
    """Yield the lines: a column for each size, and in each cell the figures of all runs."""
    names = list(dict.fromkeys(name for runs in columns.values() for figures in runs for name in figures))
    cells = [[name, *(_cell(name, runs) for runs in columns.values())] for name in names]
    head = [title, *columns]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    yield _line(head, widths)
    yield "| " + " | ".join("-" * (width - 1) + (":" if place else "-") for place, width in enumerate(widths)) + " |"
    yield from (_line(row, widths) for row in cells)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = row
    aligned = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
    return f"| {' | '.join(aligned)} |"


def _cell(name: str, runs: Sequence[Figures]) -> str:
    return " · ".join(_number(figures.get(name, math.nan)) for figures in runs)


def _number(value: float) -> str:
    if math.isnan(value):
        return _ABSENT
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004 - four digits need no more
