"""The numbers of the boards, held against what was really the case in simulated days.

`make test` holds the days that other tests share; `make truth` three days of each of `SEEDS`, in minutes.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio

from mixin.promql import fold
from support.days import RULES, two_days
from support.figures import BY_ID, FIGURES
from support.history import REPLICAS, backfill, load
from support.prometheus import Prometheus, prometheus_of
from support.recording import MONDAY, PATIENCE, record
from support.truth import HOUR, Polls, View
from support.truthful import DAY, Tally, forecast, held, instants

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(3 * PATIENCE)]

SEEDS = [int(seed) for seed in os.environ.get("SEEDS", "").split(",") if seed]
DAYS = 3
START = datetime.fromisoformat(MONDAY).timestamp()
SHARED = 0
"""Stands for the days that all tests share."""
UNTIL_A_FAILURE = datetime.fromisoformat("2026-11-24T09:30:00-05:00").timestamp()
_NO_LONGER = "--query.lookback-delta=60s"
"""A series that has vanished is gone at the next scrape, as if it had been marked as stale."""
FORECASTS, TWICE_TOO_LONG = 0.8, 0.05
"""Which share of times to empty has to be near, and which may be twice too long."""


@dataclass(frozen=True)
class Recorded:
    """Days as one Prometheus or several have them, with as many replicas each, and their truth."""

    seed: int
    polls: Polls
    servers: list[Prometheus]

    @property
    def ended(self) -> float:
        """The last report; on the days that tests share, before anything fails."""
        last = min(reports[-1].at for reports in self.polls.values())
        return min(last, UNTIL_A_FAILURE) if self.seed == SHARED else last

    @property
    def moments(self) -> list[tuple[Prometheus, float]]:
        """Fifty of each day, by the servers in turn."""
        ended = self.ended
        every = [at for day in range(DAYS) for at in instants(self.polls, START + day * DAY, self.seed) if at < ended]
        return [(self.servers[place % len(self.servers)], at) for place, at in enumerate(every)]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=SEEDS or [SHARED])
async def days(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Recorded]:
    """Give the days of a seed, with one exporter or two."""
    seed: int = request.param
    if seed == SHARED:
        shared = await two_days(tmp_path_factory)
        polls, databases = shared.polls, [shared.single, shared.double]
    else:
        polls, database = await _recorded(seed, tmp_path_factory.mktemp("days"))
        databases = [database]
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(prometheus_of(each, _NO_LONGER)) for each in databases]
        yield Recorded(seed, polls, servers)


async def _recorded(seed: int, folder: Path) -> tuple[Polls, Path]:
    recording, simulator = await record(hours=24 * DAYS, seed=seed)
    await load(recording, folder / "tsdb", REPLICAS[: 1 + seed % 2])
    await backfill(folder / "tsdb", recording.times[0], recording.times[-1], [RULES])
    return simulator.truth_at_polls, folder / "tsdb"


async def test_numbers_are_true(days: Recorded) -> None:
    """If a board is looked at at any time of a day, then each number on it is within its tolerance of the truth."""
    moments, wrong = days.moments, []
    for figure in FIGURES:
        tally = Tally(figure.name)
        for server, at in moments:
            await held(server, figure, days.polls, at, tally)
        _print(days, tally)
        assert tally.cases > 50, figure.name
        if tally.share < figure.tolerance.cases:
            wrong.append(f"{tally}: {'; '.join(tally.missed[:5])}")
    assert wrong == []


async def test_lists_end_about_when_it_is_said(days: Recorded) -> None:
    """If a list ends within 10 minutes to 4 hours, then four of five forecasts are near, and few twice too long."""
    near, twice = Tally("time to empty, within a quarter"), Tally("time to empty, not twice too long")
    ended = days.ended
    for day in range(DAYS):
        # evenly over a shift: a forecast at lunch cannot know that there will be more dialling after it
        for place in range(50):
            at = START + day * DAY + HOUR * (8 + 11 * (place + 0.5) / 50)
            if at < ended:
                await forecast(days.servers[place % len(days.servers)], days.polls, at, near, twice)
    _print(days, near)
    _print(days, twice)
    assert near.cases > 100
    assert near.share >= FORECASTS, near.missed[:10]
    assert twice.share >= 1 - TWICE_TOO_LONG, twice.missed[:10]


async def test_today_is_what_counters_rose_by(days: Recorded) -> None:
    """If what was dialled today is shown, then it is to the call what the counters have risen by since midnight."""
    today = f"sum by (operation, campaign_id) ({fold('wolkvox_campaign_dialed_today')})"
    # of all names that a campaign had
    total = f"sum by (operation, campaign_id) ({fold('last_over_time(wolkvox_campaign_dialed_total[3d])')})"
    tally = Tally("dialled today, beside the counters")
    for server, at in days.moments:
        now = await server.query(total, *BY_ID, time=at)
        shown = await server.query(today, *BY_ID, time=at)
        for operation in days.polls:
            # of a report that comes right after midnight, the rises count as those of the new day
            midnight = View(days.polls, at, at).midnight(operation)
            before = await server.query(total, *BY_ID, time=midnight)
            for key, value in now.items():
                if key[0] == operation and key in shown:
                    risen = value - before.get(key, 0.0)
                    tally.add(
                        abs(shown[key] - risen), f"{key} at {at}: {shown[key]}, {risen}", within=shown[key] == risen
                    )
    _print(days, tally)
    assert tally.cases > 500
    assert tally.missed == []


def _print(days: Recorded, tally: Tally) -> None:
    """Print a row of the table for `make truth`."""
    if days.seed != SHARED:
        sys.stdout.write(f"| {days.seed} {tally}\n")
