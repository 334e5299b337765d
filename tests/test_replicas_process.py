"""Replicas that are killed, frozen, ended and started at any moment: no call twice, none early, nothing lost.

`make chaos` goes through more rounds, with other moments.
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from support.fleet import INTERVAL, LEASE, TOKENS, Fleet, Replica, early, fleet, moments
from support.postgresql import Cluster, cluster

ROUNDS = int(os.environ.get("ROUNDS", "6"))
SEED = int(os.environ.get("SEED", "7"))
JITTER = 0.25
"""Seconds by which the network, or a busy machine, may shorten what lies between two calls that left in time."""
SETTLED = 20.0
"""Seconds within which tokens are spread evenly again; leases are a tenth as long as usual."""
LONGEST_FREEZE = 6.0
Event = Callable[[Fleet, Replica, random.Random], Awaitable[None]]


async def _killed(_: Fleet, victim: Replica, moment: random.Random) -> None:
    await victim.end(signal.SIGKILL)
    await asyncio.sleep(moment.uniform(0.0, 2 * LEASE))
    await victim.start()


async def _ended(_: Fleet, victim: Replica, moment: random.Random) -> None:
    await victim.end(signal.SIGTERM)
    await asyncio.sleep(moment.uniform(0.0, LEASE))
    await victim.start()


async def _frozen(_: Fleet, victim: Replica, moment: random.Random) -> None:
    victim.freeze()
    await asyncio.sleep(moment.uniform(0.1, LONGEST_FREEZE))
    victim.freeze(frozen=False)


async def _stopped_database(fleet: Fleet, _: Replica, moment: random.Random) -> None:
    await fleet.database.stop(moment.choice(["fast", "immediate"]))
    await asyncio.sleep(moment.uniform(0.1, 2 * LEASE))
    await fleet.database.start()


async def _frozen_database(fleet: Fleet, _: Replica, moment: random.Random) -> None:
    fleet.database.freeze()
    await asyncio.sleep(moment.uniform(0.1, 2 * LEASE))
    fleet.database.freeze(frozen=False)


EVENTS: tuple[Event, ...] = (_killed, _frozen, _ended, _killed, _stopped_database, _frozen_database)


@pytest_asyncio.fixture
async def database() -> AsyncIterator[Cluster]:
    """Run a PostgreSQL."""
    async with cluster() as made:
        yield made


@pytest.mark.timeout(300 + 60 * ROUNDS)
async def test_whatever_befalls_replicas_costs_nothing(tmp_path: Path, database: Cluster) -> None:
    """If replicas and their database are killed, frozen and ended, then the API is asked as if by one that never fails.

    No token is used twice at a time, nothing is asked early, no counter falls on any replica, and each shows all
    operations at every scrape.
    """
    moment = moments(SEED)
    async with fleet(tmp_path, database) as running:
        assert await running.is_even(SETTLED), running.shares()
        for number in range(ROUNDS):
            await asyncio.sleep(moment.uniform(0.0, INTERVAL))
            event = EVENTS[number % len(EVENTS)]
            await event(running, moment.choice(running.replicas), moment)
            assert await running.is_even(SETTLED), (number, event.__name__, running.shares(), SEED)
        await asyncio.sleep(2 * INTERVAL)
        for replica in running.replicas:
            assert not replica.watched.fallen, (replica.number, SEED)
            assert not replica.watched.missing, (replica.number, SEED)
            assert replica.watched.scrapes > ROUNDS
    calls = running.simulator.calls
    assert {call.operation for call in calls} == {f"operation-{number}" for number in range(TOKENS)}
    assert not any(call.overlapped for call in calls)
    assert not early(calls, INTERVAL, JITTER)
