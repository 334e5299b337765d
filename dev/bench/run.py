"""The command: `python -m bench.run --runs=3 --sizes=5,20,80`."""

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from bench import polling, pushgateway, serving, shared
from bench.plan import Figures, Size
from bench.processes import ROOT, MeasurementError
from bench.table import table

Part: TypeAlias = Callable[[Size], Figures]
Columns: TypeAlias = dict[str, list[Figures]]
"""The figures of all runs by the column of the table that they stand in."""
BY_SIZE: Mapping[str, Part] = {
    "steady": polling.steady,
    "together": polling.together,
    "quiet": serving.quiet,
    "stored": polling.stored,
    "shared": shared.shared,
}
"""What is measured of each size."""
ONCE = ("small", "largest")
"""What is measured of a fleet of its own, whatever the sizes."""
SMALL = 5
"""Campaigns of an operation where operations are small."""
_NEEDED = {"steady": ("nginx", "wrk", "gzip"), "quiet": ("wrk",)}
"""The programs without which a part cannot be measured."""
_POLL, _CLIENT_LIBRARY = "CPU a poll of an operation, ms", "client library: CPU of generate_latest and gzip 6, ms"


def main() -> None:
    """Measure, and print tables for each checkout."""
    options = _options()
    # all that was started is ended, too
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    needed = {name for part in options.parts for name in _NEEDED.get(part, ())}
    if missing := [name for name in sorted(needed) if shutil.which(name) is None]:
        raise SystemExit(f"not installed: {', '.join(missing)}; apt-get install nginx wrk")
    if "quiet" in options.parts and not pushgateway.is_installed():
        print(f"{pushgateway.PROGRAM} is not installed: its figures are missing", file=sys.stderr)
    began, (load, *_) = time.monotonic(), os.getloadavg()
    found: dict[Path, Columns] = {package: {} for package in options.package}
    for number in range(options.runs):
        # checkouts alternate, so that what else the machine does meets all of them
        for package, columns in found.items():
            _note(f"run {number + 1} of {package}")
            for title, figures in _measured(package, options):
                columns.setdefault(title, []).append(figures)
    for package, columns in found.items():
        print("", f"{package}, runs side by side:", "", *_tables(columns, options.campaigns), sep="\n")
    if options.json:
        written = {str(package): columns for package, columns in found.items()}
        options.json.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    machine = f"{os.cpu_count()} cores, load {load:.1f} before, Python {sys.version.split()[0]}"
    print(f"\n{machine}, {(time.monotonic() - began) / 60:.1f} minutes")


def _measured(package: Path, options: argparse.Namespace) -> Iterator[tuple[str, Figures]]:
    by_size = [name for name in BY_SIZE if name in options.parts]
    for operations in options.sizes if by_size else ():
        figures: Figures = {}
        for name in by_size:
            size = Size(package, operations, options.campaigns, options.seconds)
            figures |= _figures(BY_SIZE[name], size, name)
        if {_POLL, _CLIENT_LIBRARY} <= figures.keys():
            figures["CPU a poll / that of the client library"] = figures[_POLL] / figures[_CLIENT_LIBRARY]
        yield f"{operations}", figures
    if "small" in options.parts:
        size = Size(package, max(options.sizes), SMALL, options.seconds)
        yield f"{size.operations} of {SMALL}", _figures(serving.wire, size, "small")
    if "largest" in options.parts:
        size = Size(package, 1, options.rows, options.seconds)
        yield f"1 of {options.rows}", _figures(polling.largest, size, "largest")


def _figures(part: Part, size: Size, name: str) -> Figures:
    _note(f"{size.operations} operations of {size.campaigns} campaigns: {name}")
    try:
        return part(size)
    except (MeasurementError, OSError) as error:
        # an exporter that died, say: the rest is worth having
        _note(f"{name}: {error}")
        return {}


def _tables(columns: Columns, campaigns: int) -> Iterator[str]:
    by_size = {title: runs for title, runs in columns.items() if " " not in title}
    if by_size:
        yield from table(f"operations of {campaigns} campaigns", by_size)
    for title, runs in columns.items():
        if title not in by_size:
            yield ""
            yield from table("operations of campaigns", {title: runs})


def _note(what: str) -> None:
    print(time.strftime("%H:%M:%S"), what, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="What polls and scrapes cost, as a table in Markdown.")
    parts = (*BY_SIZE, *ONCE)
    parser.add_argument("--runs", type=int, default=1, help="how often everything is measured (1)")
    parser.add_argument("--sizes", type=_numbers, default="5,20,80", help="operations (5,20,80)")
    parser.add_argument("--campaigns", type=int, default=250, help="campaigns of an operation (250)")
    parser.add_argument("--rows", type=int, default=60_000, help="rows of the largest answer (60000)")
    parser.add_argument("--seconds", type=float, default=15.0, help="the longest for one measurement (15)")
    parser.add_argument("--parts", type=_names, default=",".join(parts), help=f"what is measured ({','.join(parts)})")
    parser.add_argument(
        "--package",
        type=lambda text: Path(text).resolve(strict=True),
        action="append",
        help="a checkout, or a folder with the package, whose exporter is measured instead; may be repeated",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the figures")
    options = parser.parse_args()
    options.package = options.package or [ROOT]
    if unknown := set(options.parts) - set(parts):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return options


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _names(text: str) -> list[str]:
    return text.split(",")


if __name__ == "__main__":
    main()
