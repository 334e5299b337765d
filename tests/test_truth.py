"""The numbers of the boards, held against what was really the case in simulated days.

`make test` holds some of the days that other tests share; `make truth` three days of each of `SEEDS`, in minutes.
"""

import os
import re
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from shutil import copytree
from typing import TypeVar

import pytest
import pytest_asyncio

from mixin.promql import fold
from mixin.recording import STATES
from mixin.rules import Board
from support.campaign_truth import CAMPAIGN
from support.days import RULES, two_days
from support.figures import ENDED, Entry, Forecast, Number, Scope, Truths
from support.grafana import load
from support.history import REPLICAS, backfill
from support.history import load as load_history
from support.operations_truth import OPERATIONS
from support.prometheus import Prometheus, prometheus_of
from support.recording import MONDAY, PATIENCE, record
from support.shown import Look, Shown, numbers
from support.staff import Staff
from support.staffing import seen
from support.truth import DAY, HOUR, LATE, SOON, View, seconds_left
from support.truthful import NEAR, TWICE, Sight, Tally, forecast, held, instants
from wolkvox_exporter.simulator import Simulator

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(3 * PATIENCE)]

SEEDS = [int(seed) for seed in os.environ.get("SEEDS", "").split(",") if seed]
DAYS = 3
START = round(datetime.fromisoformat(MONDAY).timestamp())
SHARED = 0
"""Stands for the days that all tests share."""
UNTIL_A_FAILURE = datetime.fromisoformat("2026-11-24T09:30:00-05:00").timestamp()
_LOOK_BACKS = ("60s", "120s", "5m")
"""A series that has vanished is gone at the next scrape, or evaluation, as if it had been marked as stale."""
_RECORDED = re.compile(r"[a-z]:wolkvox_")
FORECASTS, TWICE_TOO_LONG = 0.8, 0.05
"""Which share of times to empty has to be near, and which may be twice too long."""
OTHER_PHONE = STATES.index("other_phone")
RANKED = "Campaigns"
"""The panel that first asks which campaigns need eyes, which is worked out seldom."""
FEW = 20
"""Cases of a number that three days have to have at least."""
TRUE: Mapping[Board, Mapping[tuple[str, str], Entry]] = {"operations": OPERATIONS, "campaign": CAMPAIGN}
FILES = {board: load(board) for board in TRUE}
SCOPES = (Scope(), Scope("cobranzas-mx"), Scope("servicio-cl", "6000"), Scope("ventas-co"), Scope("servicio-cl"))


@dataclass(frozen=True)
class Recorded:
    """Days as a Prometheus has them, and their truth.

    What is recorded every two minutes is asked of `recorded`, which finds it for as long, and what is worked out less
    often of `slow`, which finds it for five; both find what has vanished as well.
    """

    seed: int
    truths: Truths
    scraped: Prometheus
    recorded: Prometheus
    slow: Prometheus

    @property
    def ended(self) -> float:
        """The last report; on the days that tests share, before anything fails."""
        last = min(reports[-1].at for reports in self.truths.polls.values())
        return min(last, UNTIL_A_FAILURE) if self.seed == SHARED else last

    @property
    def moments(self) -> list[float]:
        """Fifty of each day; on the days that tests share every fourth of them."""
        ended, polls = self.ended, self.truths.polls
        every = [at for day in range(DAYS) for at in instants(polls, START + day * DAY, self.seed) if at < ended]
        return every[:: 4 if self.seed == SHARED else 1]

    def of(self, shown: Shown, *, late: bool) -> Prometheus:
        """Return of which server a number is asked."""
        if late or shown.panel == RANKED:
            return self.slow
        return self.recorded if _RECORDED.search(shown.expression) else self.scraped

    def scopes(self, place: int, at: float) -> list[tuple[Board, Scope]]:
        """Return which boards are looked at at a moment, and what they are narrowed down to."""
        many = 1 if self.seed == SHARED else 4
        campaigns = [self._campaigns[5 * (many * place + more) % len(self._campaigns)] for more in range(many)]
        states: dict[tuple[str | None, str | None], int] = {
            (each.operation, each.id): each.state for each in View(self.truths.polls, at).campaigns
        }
        # of which there are few
        redialled = (each for each in self._campaigns if states.get((each.operation, each.campaign)) == OTHER_PHONE)
        campaigns += islice(redialled, 1)
        operations = [SCOPES[place % len(SCOPES)]] if self.seed == SHARED else [SCOPES[0], SCOPES[1 + place % 4]]
        return [("operations", each) for each in operations] + [("campaign", each) for each in campaigns]

    def lists(self, board: Board, at: float) -> list[Scope]:
        """Return what a board is narrowed down to, one after the other, if it is looked at for what ends soon."""
        if board == "operations":
            return [Scope()]
        left = (
            (each, seconds_left(self.truths.polls[str(each.operation)], str(each.campaign), at))
            for each in self._campaigns
        )
        return [each for each, left in left if left is not None and SOON <= left <= LATE]

    @property
    def _campaigns(self) -> list[Scope]:
        polls = self.truths.polls
        return [Scope(name, campaign=key) for name, reports in polls.items() for key in reports[0].standing]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=SEEDS or [SHARED])
async def days(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Recorded]:
    """Give the days of a seed, with one exporter or two."""
    seed: int = request.param
    if seed == SHARED:
        shared = await two_days(tmp_path_factory)
        truths, database = Truths(shared.polls, shared.centre), shared.double
    else:
        truths, database = await _recorded(seed, tmp_path_factory.mktemp("days"))
    async with AsyncExitStack() as stack:
        servers = []
        for look_back in _LOOK_BACKS:
            # two programs must not have the same one
            copy = Path(copytree(database, tmp_path_factory.mktemp("copy") / "tsdb"))
            servers.append(await stack.enter_async_context(prometheus_of(copy, f"--query.lookback-delta={look_back}")))
        yield Recorded(seed, truths, *servers)


async def _recorded(seed: int, folder: Path) -> tuple[Truths, Path]:
    staff = Staff(START, START + DAYS * DAY)
    actions = (*_HURRIED, *staff.actions())
    recording, simulator = await record(hours=24 * DAYS, seed=seed, actions=actions, skills="all", agents="by_status")
    await load_history(recording, folder / "tsdb", REPLICAS[: 1 + seed % 2])
    await backfill(folder / "tsdb", recording.times[0], recording.times[-1], [RULES])
    return Truths(simulator.truth_at_polls, seen(simulator, staff)), folder / "tsdb"


def _hurry(simulator: Simulator) -> None:
    """Let each campaign's speed be set to another."""
    for operation in simulator.operations:
        for campaign in operation.campaigns:
            campaign.speed = 240 - campaign.speed


_HURRIED = (("2026-11-23T10:17:00-05:00", _hurry), ("2026-11-24T15:42:00-05:00", _hurry))


@pytest.mark.parametrize("board", TRUE)
async def test_every_number_is_held(board: Board) -> None:
    """If a board shows a number, then it is said what is true of it, or why there is no truth to hold it against."""
    shown = [(each.panel, each.name) for each in numbers(FILES[board])]
    assert len(set(shown)) == len(shown)
    assert set(shown) == TRUE[board].keys()


async def test_numbers_are_true(days: Recorded) -> None:
    """If a board is looked at at any time of a day, then each number on it is within its tolerance of the truth."""
    tallies: dict[tuple[Board, Shown], list[tuple[Number, Tally]]] = defaultdict(list)
    for board, shown, number in _all(Number):
        tallies[board, shown].append((number, Tally(_title(board, shown))))
    for place, at in enumerate(days.moments):
        for looked, scope in days.scopes(place, at):
            for (board, shown), every in tallies.items():
                if board == looked:
                    late = any(number.kind.late for number, _ in every)
                    look = Look(days.of(shown, late=late), FILES[board], scope.choice, at)
                    await held(Sight(look, scope), shown, every, days.truths)
    few, wrong = [], []
    for number, tally in chain.from_iterable(tallies.values()):
        _print(days, tally, number.kind.name)
        if tally.cases < FEW:
            few.append(str(tally))
        if len(tally.missed) > number.kind.misses(tally.cases):
            wrong.append(f"{tally}: {'; '.join(tally.missed[:5])}")
    assert wrong == []
    assert days.seed == SHARED or few == []


async def test_lists_end_about_when_it_is_said(days: Recorded) -> None:
    """If a list ends within 10 minutes to 4 hours, then four of five forecasts are near, and few twice too long."""
    wrong = []
    for board, shown, said in _all(Forecast):
        near, twice = (Tally(f"{_title(board, shown)}: {what}") for what in ("within a quarter", "not twice too long"))
        for at in _evenly(days):
            for scope in days.lists(board, at):
                sight = Sight(Look(days.of(shown, late=False), FILES[board], scope.choice, at), scope)
                async for number, left, example in forecast(sight, shown, said, days.truths.polls):
                    off = abs(number - left) / left
                    near.add(off, example, within=off <= NEAR)
                    twice.add(off, example, within=number <= TWICE * left)
        _print(days, near, "time to empty")
        _print(days, twice, "time to empty")
        if not (near.cases > 50 and near.share >= FORECASTS and twice.share >= 1 - TWICE_TOO_LONG):
            wrong.append(f"{near}{near.missed[:5]}, {twice}{twice.missed[:5]}")
    assert wrong == []


def _evenly(days: Recorded) -> Iterator[float]:
    """Yield Unix times evenly over each shift: at lunch a forecast cannot know that there will be more dialling."""
    for day in range(DAYS):
        every = (START + day * DAY + HOUR * (8 + 11 * (place + 0.5) / 50) for place in range(50))
        yield from (at for at in every if at < days.ended)


async def test_today_is_what_counters_rose_by(days: Recorded) -> None:
    """If what was dialled today is shown, then it is to the call what the counters have risen by since midnight."""
    shown = next(
        each for each in numbers(FILES["operations"]) if (each.panel, each.name) == ("Campaigns", "Dialled today")
    )
    names, every = ("operation", "campaign_id"), ("operation", "campaign_id", "campaign", "skill")
    # of all names that a campaign had
    total = f"sum by (operation, campaign_id) ({fold('last_over_time(wolkvox_campaign_dialed_total[3d])')})"
    tally = Tally("operations | Campaigns | Dialled today")
    for at in days.moments:
        now = await days.scraped.query(total, *names, time=at)
        found = await Look(days.slow, FILES["operations"], {}, at).found(shown, *every)
        own: dict[tuple[str, ...], float] = defaultdict(float)
        for (operation, campaign, *_), value in found.items():
            own[operation, campaign] += value
        for operation in days.truths.polls:
            # of a report that comes right after midnight, the rises count as those of the new day
            midnight = View(days.truths.polls, at).midnight(operation)
            if at < midnight + ENDED:
                continue
            before = await days.scraped.query(total, *names, time=midnight)
            for key, value in now.items():
                if key[0] == operation and key in own:
                    risen = value - before.get(key, 0.0)
                    off = abs(own[key] - risen)
                    tally.add(off, f"{key} at {at}: {own[key]}, {risen}", within=own[key] == risen)
    _print(days, tally, "exact, beside the counters")
    assert tally.cases > 150
    assert tally.missed == []


T = TypeVar("T", Number, Forecast)


def _all(of: type[T]) -> Iterator[tuple[Board, Shown, T]]:
    for board in TRUE:
        for shown in numbers(FILES[board]):
            entry = TRUE[board][shown.panel, shown.name]
            for each in entry if isinstance(entry, tuple) else (entry,):
                if isinstance(each, of):
                    yield board, shown, each


def _title(board: Board, shown: Shown) -> str:
    return " | ".join(filter(None, (board, shown.panel, shown.name)))


def _print(days: Recorded, tally: Tally, kind: str) -> None:
    """Print a row of the table for `make truth`."""
    if days.seed != SHARED:
        sys.stdout.write(f"| {days.seed} | {kind} {tally}\n")
