"""What replicas show: nothing of which they do not know how it stands, and no count that seems to fall or to rise."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from support.database import MemoryDatabase
from support.operations import Running
from support.processes import direct
from support.sharing import NAMES, Fleet, led, sharing
from wolkvox_exporter.simulator import Fault

POLLS, FAILED = "wolkvox_polls_total", "wolkvox_poll_failures_total"
STANDINGS = ("wolkvox_up", "wolkvox_token_valid", "wolkvox_quota_exhausted", "wolkvox_report_held")
DIFFERING = "wolkvox_exporter_replicas_differing"
RECORDS = "wolkvox_campaign_records"


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


@asynccontextmanager
async def pair(found: Fleet) -> AsyncIterator[tuple[Running, Running, MemoryDatabase]]:
    """Run two replicas that share a database; the second reaches it by a link that can be cut by itself."""
    async with found.replica() as first:
        link = MemoryDatabase(found.clock)
        link.tables = found.database.tables
        found.database = link
        async with found.replica() as second:
            yield first, second, link


async def test_a_replica_without_the_database_shows_no_count_that_it_has_not_read() -> None:
    """If a replica is started while the database is down, then its counts are missing, not 0, until they go on."""
    async with sharing() as found:
        async with found.replica():
            await found.clock.advance(650)
        found.database.is_down = True
        async with found.replica() as again:
            await found.clock.advance(60)
            samples = await again.samples()
            assert [name for name in (POLLS, FAILED) if samples.values(name)] == []
            assert (await again.get("/-/ready"))[0] == 503
            found.database.is_down = False
            await found.clock.advance(5)
            assert (await again.samples()).value(POLLS, operation="uno", report="campaigns") == 3
            assert (await again.samples()).value(FAILED, operation="uno", reason="token") == 0


async def test_at_its_first_start_a_replica_counts_from_its_first_poll() -> None:
    """If nothing was ever kept, then the counts are there as soon as the first poll is."""
    async with sharing() as found, found.replica() as alone:
        await found.clock.advance(60)
        assert (await alone.samples()).value(POLLS, operation="uno", report="campaigns") == 1


async def test_a_replica_that_is_cut_off_does_not_say_how_polls_went() -> None:
    """If one of two replicas loses the database, it shows its last data, and neither counts nor that all is well."""
    async with sharing() as found, pair(found) as (first, second, link):
        await found.clock.advance(400)
        link.is_down = True
        # every call of whoever polls all from now on is refused
        found.simulator.inject(Fault.TOKEN_REFUSED)
        await found.clock.advance(20)
        assert await led(second) == set()
        samples = await second.samples()
        assert [name for name in (*STANDINGS, POLLS, FAILED) if samples.values(name)] == []
        assert samples.value(RECORDS, operation="uno") == 900
        assert (await second.get("/-/ready"))[0] == 200
        await found.clock.advance(400)
        assert await led(first) == set(NAMES)
        assert [(await first.samples()).value("wolkvox_up", operation=name) for name in NAMES] == [0, 0, 0, 0]
        link.is_down = False
        await found.clock.advance(5)
        for name in NAMES:
            assert (await second.samples()).value("wolkvox_up", operation=name) == 0
            assert (await second.samples()).value("wolkvox_token_valid", operation=name) == 0
            assert (await second.samples()).value(POLLS, operation=name, report="campaigns") == 3


async def test_it_is_counted_how_many_replicas_differ() -> None:
    """If one of two replicas has other operations, then each says that one differs; without a database neither does."""
    async with sharing() as found, found.replica() as first:
        assert (await first.samples()).values(DIFFERING) == []
        await found.clock.advance(5)
        assert (await first.samples()).values(DIFFERING) == [0]
        async with found.replica("uno") as second:
            await found.clock.advance(10)
            assert (await first.samples()).values(DIFFERING) == (await second.samples()).values(DIFFERING) == [1]
            found.database.is_down = True
            await found.clock.advance(10)
            assert (await first.samples()).values(DIFFERING) == []
            found.database.is_down = False
        await found.clock.advance(10)
        assert (await first.samples()).values(DIFFERING) == [0]
