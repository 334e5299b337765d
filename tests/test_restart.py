"""What a restart costs, even one by `kill -9` at any moment: nothing. `make chaos` tries it more often."""

import asyncio
import os
import random
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest

from support.processes import config_file, serving
from support.samples import Samples
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Call, Campaign, Operation, Simulator

KILLS = int(os.environ.get("KILLS", "10"))
SEED = int(os.environ.get("SEED", "7"))
INTERVAL = 3.0
NAMES = ["ventas-co", "cobranza-mx", "../servicio cl"]
JITTER = 0.25
"""Seconds by which the network, or a busy machine, may shorten what lies between two calls that left in time."""
Series = tuple[str, tuple[tuple[str, str], ...]]


def operations() -> list[Operation]:
    """Return operations that dial all the time; each second of theirs is a minute."""
    return [
        Operation(
            name,
            (f"token-of-{number}",),
            [
                Campaign(f"{4000 + 10 * number + place}", f"C{place}", records=10**6, machine=5, calls_per_minute=60)
                for place in range(4)
            ],
        )
        for number, name in enumerate(NAMES)
    ]


@asynccontextmanager
async def polled(folder: Path) -> AsyncIterator[tuple[Simulator, Path]]:
    """Serve the operations, and write the configuration of an exporter with a state."""
    simulator = Simulator(operations(), SystemClock(), speed=60.0, delay=0.05)
    keys = {name: {"token": f"token-of-{number}", "amd": "auto"} for number, name in enumerate(NAMES)}
    every = f"{INTERVAL:.0f}s"
    settings = {
        "interval": every,
        "amd_interval": every,
        "quota_interval": every,
        "stale_after": "100",
        "timeout": "2s",
    }
    async with simulator.serving() as base_url:
        yield simulator, config_file(folder, base_url, keys, state="state", **settings)


def shown(text: str) -> dict[Series, float]:
    """Return the series that tell of operations."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for sample in Samples(text).all
        if "operation" in sample.labels
    }


def fallen(before: dict[Series, float], after: dict[Series, float]) -> dict[Series, float]:
    """Return the counters that have fallen, or are gone."""
    counters = {series: value for series, value in before.items() if series[0].endswith("_total")}
    return {series: value for series, value in counters.items() if after.get(series, -1.0) < value}


async def watched(url: str, seconds: float) -> list[str]:
    """Scrape without a pause for some time; returns the first and the last scrape."""
    scrapes: list[str] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"{url}/metrics") as response:
                    scrapes[1:] = [await response.text()]
                await asyncio.sleep(0.02)
    return scrapes


def early(calls: Iterable[Call]) -> list[tuple[Call, Call]]:
    """Return what was asked before its time."""
    by_report = defaultdict(list)
    for call in sorted(calls, key=lambda call: call.started):
        by_report[call.operation, call.report, call.params.get("campaign_id")].append(call)
    pairs = (pair for calls in by_report.values() for pair in pairwise(calls))
    return [(first, second) for first, second in pairs if second.started - first.started < INTERVAL - JITTER]


@pytest.mark.timeout(300 + 20 * KILLS)
async def test_a_kill_at_any_moment_costs_nothing(tmp_path: Path) -> None:
    """If the exporter is killed while it polls, then it goes on as if nothing had happened.

    From the first scrape on all series are there, no counter is below one shown before, and the API is neither asked
    early nor twice at a time.
    """
    moments, last = random.Random(SEED), dict[Series, float]()  # noqa: S311 - moments, not secrets
    async with polled(tmp_path) as (simulator, config):
        for number in range(KILLS + 1):
            async with serving(config) as (exporter, url):
                first, *rest = await watched(url, moments.uniform(0.3, 2.5) + (INTERVAL if number == 0 else 0.0))
                assert not last.keys() - shown(first).keys(), (number, SEED)
                assert not fallen(last, shown(first)), (number, SEED)
                last = shown((rest or [first])[-1])
                await exporter.end(signal.SIGKILL)
            assert "state cannot be used" not in exporter.text
    assert sum(value for (name, _), value in last.items() if name == "wolkvox_campaign_dialed_total") > 0
    # while a call that was cut off may last, the token rests
    assert len(simulator.calls) > 2 * KILLS
    assert not any(call.overlapped for call in simulator.calls)
    assert not early(simulator.calls)
