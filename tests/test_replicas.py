"""Several exporters that share a database: they are one."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from support.clock import ManualClock, Rebooted
from support.database import MemoryDatabase
from support.operations import SOON, Running, operation
from support.processes import direct
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.app.replication import Shared
from wolkvox_exporter.config import Config
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

NAMES = ("uno", "dos", "tres", "cuatro")
DIALLED, UP, HELD, STORE_UP = (
    "wolkvox_campaign_dialed_total",
    "wolkvox_up",
    "wolkvox_exporter_lease_held",
    "wolkvox_exporter_store_up",
)


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


class Fleet:
    """A simulated contact centre, a database, and exporters that come and go."""

    def __init__(self, clock: ManualClock, simulator: Simulator, base_url: str) -> None:
        self.clock = clock
        self.simulator = simulator
        self.database = MemoryDatabase(clock)
        self._base_url = base_url

    @asynccontextmanager
    async def replica(self, *names: str) -> AsyncIterator[Running]:
        """Run one more exporter, of these operations or of all, on a machine of its own."""
        wanted = [operation(self._base_url, name, f"token-of-{name}", amd="off") for name in names or NAMES]
        exporter = Exporter(Config(tuple(wanted), ()), Rebooted(self.clock), spread=SOON, shared=Shared(self.database))
        async with (
            aiohttp.ClientSession() as session,
            exporter.running(Listen([("127.0.0.1", 0)])) as [(_, port)],
        ):
            yield Running(exporter, port, session)

    def calls(self) -> Counter[str]:
        """Return how often each operation was asked for."""
        return Counter(call.operation for call in self.simulator.calls)


@asynccontextmanager
async def fleet() -> AsyncIterator[Fleet]:
    """Run a contact centre."""
    clock = ManualClock()
    centre = [
        Operation(name, (f"token-of-{name}",), [Campaign(f"{number}", name.upper(), records=900, answer=10)])
        for number, name in enumerate(NAMES, 4000)
    ]
    simulator = Simulator(centre, clock)
    async with simulator.serving() as base_url:
        yield Fleet(clock, simulator, base_url)


async def led(replica: Running) -> set[str]:
    """Return the operations that a replica says it polls."""
    samples = await replica.samples()
    return {name for name in NAMES if samples.value(HELD, operation=name) == 1}


async def test_two_replicas_share_the_tokens_and_serve_the_same() -> None:
    """If two exporters share a database, then each polls half of the operations, and both serve all of them."""
    async with fleet() as found, found.replica() as first, found.replica() as second:
        await found.clock.advance(1300)
        assert sorted(map(len, (await led(first), await led(second)))) == [2, 2]
        assert await led(first) | await led(second) == set(NAMES)
        one, two = await first.samples(), await second.samples()
        for name in NAMES:
            assert one.value(UP, operation=name, report="campaigns") == 1
            assert one.value(DIALLED, operation=name) == two.value(DIALLED, operation=name)
        # in 1300 seconds a report of five minutes is due five times
        assert set(found.calls().values()) == {5}
        assert one.value(STORE_UP) == 1
        assert (await second.get("/-/ready"))[0] == 200


async def test_who_ends_in_order_hands_over_at_once() -> None:
    """If one of two exporters ends, then the other polls everything within some seconds, and no report early."""
    async with fleet() as found, found.replica() as stays:
        async with found.replica():
            await found.clock.advance(400)
        before = found.calls()
        await found.clock.advance(10)
        assert await led(stays) == set(NAMES)
        assert found.calls() == before
        await found.clock.advance(600)
        assert {name: number - before[name] for name, number in found.calls().items()} == dict.fromkeys(NAMES, 2)


async def test_without_the_database_at_the_start_nothing_is_asked() -> None:
    """If the database cannot be reached at the start, then the exporter starts, asks nothing, and goes on by itself."""
    async with fleet() as found:
        found.database.is_down = True
        async with found.replica() as alone:
            await found.clock.advance(600)
            assert found.calls() == Counter()
            assert (await alone.get("/-/ready"))[0] == 503
            assert (await alone.get("/-/healthy"))[0] == 200
            assert (await alone.samples()).value(STORE_UP) == 0
            found.database.is_down = False
            await found.clock.advance(60)
            assert set(found.calls()) == set(NAMES)
            assert (await alone.get("/-/ready"))[0] == 200


async def test_without_the_database_nothing_more_is_asked() -> None:
    """If the database goes away, then data are served until they are stale, and nothing is asked until it is back."""
    async with fleet() as found, found.replica() as alone:
        await found.clock.advance(60)
        before = found.calls()
        found.database.is_down = True
        await found.clock.advance(400)
        assert found.calls() == before
        assert (await alone.samples()).value("wolkvox_campaign_records", operation="uno") == 900
        found.database.is_down = False
        await found.clock.advance(60)
        assert {name: number - before[name] for name, number in found.calls().items()} == dict.fromkeys(NAMES, 1)


async def test_nothing_is_shown_that_is_not_kept() -> None:
    """If a state cannot be kept, then what the poll brought is not shown, on the page of its own replica either."""
    async with fleet() as found, found.replica() as alone:
        await found.clock.advance(60)
        before = (await alone.samples()).value("wolkvox_polls_total", operation="uno", report="campaigns")
        found.database.refuses_writes = True
        await found.clock.advance(300)
        assert found.calls()["uno"] == 2
        polls = (await alone.samples()).value("wolkvox_polls_total", operation="uno", report="campaigns")
        assert polls == before == 1
        found.database.refuses_writes = False
        await found.clock.advance(30)
        assert (await alone.samples()).value("wolkvox_polls_total", operation="uno", report="campaigns") == 2


async def test_no_token_is_in_the_database() -> None:
    """If a database is searched for a token, or for its plain digest, then neither is found."""
    async with fleet() as found, found.replica():
        await found.clock.advance(700)
        tables = found.database.tables
        dump = repr((tables.leases, tables.rows, tables.contents, tables.members))
        assert "CUATRO" in dump
        assert "token-of-" not in dump
