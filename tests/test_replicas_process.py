"""Replicas that are killed, frozen, ended and cut off at any moment, and so is their database: nothing is lost.

`make chaos` goes through more rounds, with other moments; LEASE is how many seconds a lease lasts.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from support.fleet import INTERVAL, TIMEOUT, TOKENS, Fleet, fleet, moments
from support.standby import Pair, pair
from support.trouble import ANOTHER_LIFE, OF_A_REPLICA, OF_THE_DATABASE, Trouble, ended, killed
from support.watched import Lost, early, overlapping
from wolkvox_exporter.polling.store import SLACK

ROUNDS = int(os.environ.get("ROUNDS", "4"))
SEED = int(os.environ.get("SEED", "7"))
LEASE = float(os.environ.get("LEASE", "3"))
"""A fifth of what is usual, since other tests keep the machine busy meanwhile."""
JITTER = 0.75
"""Seconds by which the network, or a busy machine, may shorten what lies between two calls that left in time."""
SETTLED = 60.0 + 4 * LEASE
"""Seconds within which tokens are spread evenly again."""
PAUSE = LEASE + SLACK + TIMEOUT
"""Seconds for which nobody takes anything in another life of a database."""


@pytest_asyncio.fixture
async def database() -> AsyncIterator[Pair]:
    """Run two PostgreSQL, of which one follows the other."""
    async with pair() as made:
        yield made


def trouble(number: int) -> Trouble:
    """Return what happens in a round: two of replicas, one of the database, one of another life of it, and so on."""
    kind, turn = number % 4, number // 4
    if kind == 2:
        return OF_THE_DATABASE[turn % len(OF_THE_DATABASE)]
    if kind == 3:
        return ANOTHER_LIFE[turn % len(ANOTHER_LIFE)]
    return OF_A_REPLICA[(2 * turn + kind) % len(OF_A_REPLICA)]


@pytest.mark.timeout(300 + (60 + 8 * LEASE) * ROUNDS)
async def test_whatever_befalls_replicas_costs_nothing(tmp_path: Path, database: Pair) -> None:
    """If replicas and their database are killed, frozen and ended, then the API is asked as if by one that never fails.

    No token is used twice at a time, nothing is asked early, no counter falls on any replica, and each shows all
    operations at every scrape.
    """
    moment = moments(SEED)
    async with fleet(tmp_path, database, LEASE) as running:
        await running.settles(SETTLED)
        for number in range(ROUNDS):
            running.simulator.delay = moment.choice([0.05, 0.3, 0.8])
            await asyncio.sleep(moment.uniform(0.0, INTERVAL))
            what, victim = trouble(number), moment.choice(running.replicas)
            lost = Lost.now(victim.watched)
            await what(running, victim, moment, LEASE)
            # who knows what a database has lost has to live on until it is put back
            await asyncio.sleep(PAUSE if what in ANOTHER_LIFE else 0.0)
            after = await running.settles(SETTLED + PAUSE)
            told(f"{number} {what.__name__}: settled after {after:.1f} s", running, lost, what)
            unbroken(running, f"round {number}, {what.__name__}, seed {SEED}")
        await asyncio.sleep(INTERVAL)
        unbroken(running, "at the end")
        assert {call.operation for call in running.simulator.calls} == {f"operation-{each}" for each in range(TOKENS)}


def told(words: str, running: Fleet, lost: Lost, what: Trouble) -> None:
    """Print how a round went, for whoever measures."""
    if what in {killed, ended}:
        over = lost.taken_over(each.watched for each in running.replicas)
        added = lost.added(running.simulator.calls, INTERVAL, SLACK + TIMEOUT)
        words += f", taken over within {max(over, default=0.0):.1f} s, asked {max(added, default=0.0):.1f} s late"
    scrapes = sum(each.watched.scrapes for each in running.replicas)
    print(f"{words}; {len(running.simulator.calls)} calls, {scrapes} scrapes, {running.late:.2f} s late")  # noqa: T201


def unbroken(running: Fleet, when: str) -> None:
    """Check that nothing was seen that must not be."""
    calls = running.simulator.calls
    assert not early(calls, INTERVAL, JITTER + running.late), when
    assert not overlapping(calls, TIMEOUT), when
    for replica in running.replicas:
        assert not replica.watched.fallen, (replica.number, when)
        assert not replica.watched.missing, (replica.number, when)
        assert not replica.complaints(), (replica.number, when)
