"""`make pictures`: draws the dashboards on a simulated day, for the README and for looking at a change.

Two days are recorded and the alerts of the second are found, so that the wall has something to say. Needs Node.js,
npm, Chromium and Prometheus. Without a folder named, those pictures are drawn that the README shows.
"""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from docs.generate import ROOT
from support.backtest import Period, alert_rules, days_of, spoken
from support.history import load
from support.prometheus import prometheus_of
from support.recording import SCRAPE_INTERVAL, Recording, record

AFTERNOON, NOON = "2026-11-24T16:20:00-05:00", "2026-11-24T11:50:00-05:00"
"""When the wall shows most of a day; when the campaign is being dialled."""
RULES = ROOT / "prometheus" / "rules"
CAMPAIGN = ("--var=operation=cobranzas-mx", "--var=campaign_id=6121")
SHOWN = (("operations", "en", "dark"), ("campaign", "es", "light"), ("exporter", "en", "dark"))
EVERY = tuple(product(("operations", "campaign", "exporter"), ("en", "es"), ("dark", "light")))


async def main(folder: Path | None) -> None:
    """Record, find the alerts, draw."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    recording, _ = await record(hours=48, skills="all", agents="by_status")
    with TemporaryDirectory() as name:
        tsdb = Path(name) / "tsdb"
        times = range(recording.times[0], recording.times[-1], SCRAPE_INTERVAL)
        async with days_of(recording, Path(name), RULES / "wolkvox-recording.rules.yml") as server:
            rules = alert_rules(RULES / "wolkvox-alerts.rules.yml")
            periods = [period for rule in rules for period in await spoken(server, rule, times)]
        await load(_alerts(periods, times), tsdb)
        async with prometheus_of(tsdb) as server:
            for picture in EVERY if folder else SHOWN:
                draw(server.url, *picture, folder or ROOT / "docs" / "images")


def _alerts(periods: list[Period], times: range) -> Recording:
    """Record what Prometheus' own rules would have left behind."""
    recording = Recording()
    for now in times:
        recording.take(now, "".join(_firing(periods, now)))
    return recording


def _firing(periods: list[Period], now: int) -> Iterator[str]:
    for period in periods:
        if period.since <= now < period.until:
            labels = {**period.all_labels, "alertstate": "firing"}
            # loading adds the job of the target
            kept = {label: value for label, value in labels.items() if label not in {"__name__", "job"}}
            written = ",".join(f'{label}="{_escaped(value)}"' for label, value in kept.items())
            yield f"ALERTS{{{written}}} 1\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def draw(prometheus: str, board: str, language: str, theme: str, folder: Path) -> None:
    """Draw a dashboard."""
    below = "" if language == "en" else language
    dashboard = ROOT / "grafana" / "dashboards" / below / f"wolkvox-{board}.json"
    picture = folder / f"{board}-{language}-{theme}.png"
    variables = CAMPAIGN if board == "campaign" else ()
    now = NOON if board == "campaign" else AFTERNOON
    flags = (f"--prometheus={prometheus}", f"--to={now}", f"--theme={theme}", f"--dashboard={dashboard}", *variables)
    subprocess.run(["node", ROOT / "docs" / "pictures" / "draw.mjs", *flags, f"--out={picture}"], check=True)
    sys.stdout.write(f"{picture}\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
