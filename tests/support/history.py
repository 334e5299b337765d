"""Recordings in the database of a Prometheus, as if it had scraped the exporter and evaluated the rules all along.

A Prometheus that scrapes marks a series that ends as stale; OpenMetrics text cannot, so that here a series that has
vanished is found for the five minutes of the look-back after its last sample.

`PYTHONPATH=.:tests python -m support.history FOLDER` writes two days for people to look at.
"""

import asyncio
import logging
import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
import yaml

from support.processes import run
from support.prometheus import prometheus_of
from support.recording import Recording, Run, record
from support.tools import tool

_SCRAPE_DURATION = "0.004"
_PART = 24 * 60
"""Scrapes in one file, which a large recording would make as large as it."""
_ONE_BLOCK = "--max-block-duration=30000h"
"""Hidden in promtool's help; otherwise it reads the file once for every two hours in it."""
_RULES_BLOCK = "--max-block-duration=162h"
"""As long as a range query may be at one point a minute."""
_PATIENCE = 900.0
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


@dataclass(frozen=True)
class Target:
    """An exporter to scrape; `down` are the spans, in Unix time, in which that failed."""

    instance: str
    down: tuple[tuple[float, float], ...] = ()

    def up(self, now: float) -> bool:
        """Return whether a scrape succeeds."""
        return not any(since <= now < until for since, until in self.down)

    def labelled(self, series: str) -> str:
        """Return a series as the exposition writes it with the labels of the target."""
        name, _, labels = series.partition("{")
        return f'{name}{{instance="{self.instance}",job="wolkvox"' + (f",{labels}" if labels else "}")


REPLICAS = (Target("exporter-a:10842"), Target("exporter-b:10842"))
"""Two exporters with the same configuration."""


async def load(recording: Recording, tsdb: Path, targets: Sequence[Target] = REPLICAS[:1]) -> None:
    """Add what a Prometheus has of the targets to the folder `tsdb`."""
    with TemporaryDirectory() as folder:
        text = Path(folder, "metrics.txt")
        for first in range(0, len(recording.times), _PART):
            _write(text, _openmetrics(recording, targets, first, first + _PART))
            await _create_blocks("openmetrics", _ONE_BLOCK, text, tsdb)


def _write(file: Path, pieces: Iterable[str]) -> None:
    with file.open("w", encoding="utf-8") as text:
        text.writelines(pieces)


def _openmetrics(recording: Recording, targets: Sequence[Target], first: int, end: int) -> Iterator[str]:
    """Write the scrapes from number `first` up to but not including `end`."""
    for target in targets:
        up = [target.up(time) for time in recording.times]
        stamps = [f"{time}\n" for time in recording.times]
        found = [stamp if scraped else "" for stamp, scraped in zip(stamps, up, strict=True)]
        for series, runs in recording.series.items():
            yield from _lines(target.labelled(series), runs, found, first, end)
        for series, values in _of_the_scrape(recording, up).items():
            yield from _lines(target.labelled(series), list(_runs(values)), stamps, first, end)
    yield "# EOF\n"


def _lines(series: str, runs: list[Run], stamps: list[str], first: int, end: int) -> Iterator[str]:
    for same in runs:
        sample = f"{series} {same.value} "
        yield "".join([sample + stamp for stamp in stamps[max(same.first, first) : min(same.end, end)] if stamp])


def _of_the_scrape(recording: Recording, up: list[bool]) -> dict[str, list[str]]:
    """Return the series that Prometheus itself adds."""
    return {
        "up": [str(int(scraped)) for scraped in up],
        "scrape_duration_seconds": [_SCRAPE_DURATION] * len(up),
        "scrape_samples_scraped": [str(size * scraped) for size, scraped in zip(recording.sizes, up, strict=True)],
    }


def _runs(values: list[str]) -> Iterator[Run]:
    number = 0
    for value, same in groupby(values):
        first, number = number, number + len(list(same))
        yield Run(value, first, number)


async def _create_blocks(kind: str, *arguments: str | Path, cwd: Path | None = None) -> None:
    command = (tool("promtool"), "tsdb", "create-blocks-from", kind, *arguments)
    finished = await run(*command, cwd=cwd, patience=_PATIENCE)
    assert finished.code == 0, finished.err


async def backfill(tsdb: Path, start: float, end: float, rules: Sequence[Path]) -> None:
    """Add what the recording rules of the files make of the folder `tsdb` between two Unix times.

    Rules that read what others record have their turn after these.
    """
    for groups in levels([group for file in rules for group in yaml.safe_load(file.read_text("utf-8"))["groups"]]):
        with TemporaryDirectory(dir=tsdb.parent) as name:
            folder = Path(name)
            _write(folder / "rules.yml", [yaml.safe_dump({"groups": groups})])
            async with prometheus_of(tsdb) as server:
                span = (f"--start={start:.0f}", f"--end={end:.0f}", "--eval-interval=60s", f"--url={server.url}")
                # a relative path, since it decides at which second of its interval a group is evaluated
                await _create_blocks("rules", _RULES_BLOCK, *span, "--output-dir=blocks", "rules.yml", cwd=folder)
            for block in (folder / "blocks").glob("*"):
                block.rename(tsdb / block.name)


def levels(groups: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Give the groups' recording rules that read no others, then those that only read these, and so on."""
    waiting = [rule for group in groups for rule in group["rules"] if "record" in rule]
    while waiting:
        names = {rule["record"] for rule in waiting}
        ready = [rule for rule in waiting if names.isdisjoint(_NAME.findall(str(rule["expr"])))]
        assert ready, f"these rules read each other: {sorted(names)}"
        chosen = [(group, [rule for rule in group["rules"] if rule in ready]) for group in groups]
        yield [{**group, "rules": rules} for group, rules in chosen if rules]
        waiting = [rule for rule in waiting if rule not in ready]


async def _main() -> None:
    parser = ArgumentParser(description="Write simulated days into a folder that Prometheus can serve.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--days", type=float, default=2)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--replicas", type=int, choices=(1, 2), default=1)
    parser.add_argument("--rules", type=Path, nargs="*", default=[], help="files of recording rules to back-fill")
    flags = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    recording, _ = await record(hours=24 * flags.days, seed=flags.seed)
    await load(recording, flags.folder, REPLICAS[: flags.replicas])
    await backfill(flags.folder, recording.times[0], recording.times[-1], flags.rules)
    sys.stdout.write(
        f"from {recording.times[0]} to {recording.times[-1]}\n"
        f"prometheus --config.file=/dev/null --storage.tsdb.path={flags.folder.resolve()} "
        "--storage.tsdb.retention.time=100y --web.listen-address=127.0.0.1:9090\n"
    )


if __name__ == "__main__":
    asyncio.run(_main())
