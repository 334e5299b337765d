"""Several exporters that share a database: they are one."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from fuzz.fleet.tables import failed_over, made_anew
from support.kept import readable
from support.operations import Running
from support.processes import direct
from support.sharing import NAMES, Fleet, led, sharing
from wolkvox_exporter.config import FileToken

DIALLED, UP = "wolkvox_campaign_dialed_total", "wolkvox_up"
COUNTERS = (
    *("wolkvox_polls_total", "wolkvox_poll_failures_total", "wolkvox_api_requests_total"),
    *("wolkvox_unreadable_values_total", "wolkvox_state_write_failures_total", "wolkvox_campaign_dialed_total"),
)
STORE_UP, HANDOVERS = "wolkvox_exporter_store_up", "wolkvox_exporter_lease_handovers_total"


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


async def test_two_replicas_share_the_tokens_and_serve_the_same() -> None:
    """If two exporters share a database, then each polls half of the operations, and both serve all of them."""
    async with sharing() as found, found.replica() as first, found.replica() as second:
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
    async with sharing() as found, found.replica() as stays:
        async with found.replica():
            await found.clock.advance(400)
        before = found.calls()
        await found.clock.advance(10)
        assert await led(stays) == set(NAMES)
        # those that it gave away when the other came
        assert (await stays.samples()).value(HANDOVERS) == 2
        assert found.calls() == before
        await found.clock.advance(600)
        assert {name: number - before[name] for name, number in found.calls().items()} == dict.fromkeys(NAMES, 2)


async def test_who_ends_during_a_call_keeps_what_it_brings() -> None:
    """If an exporter ends while calls are under way, then it waits for their answers, and the next one need not."""
    async with sharing() as found, found.replica() as stays:
        async with found.replica():
            await found.clock.advance(200)
            found.simulator.delay = 0.5
            passing = asyncio.create_task(found.clock.advance(110))
            await found.simulator.until(in_flight=2)
        await passing
        assert [call.status for call in found.simulator.calls] == [200] * 8
        await found.clock.advance(10)
        assert await led(stays) == set(NAMES)
        # a note would be there of a call that nobody knows the end of
        assert [note for _, note in found.database.tables.contents.values()] == [None] * 4
        assert (await stays.samples()).values("wolkvox_polls_total", report="campaigns") == [2.0] * 4


async def test_without_the_database_at_the_start_nothing_is_asked() -> None:
    """If the database cannot be reached at the start, then the exporter starts, asks nothing, and goes on by itself."""
    async with sharing() as found:
        found.database.is_down = True
        async with found.replica() as alone:
            await found.clock.advance(600)
            assert found.calls() == Counter()
            assert (await alone.get("/-/ready"))[0] == 503
            assert (await alone.get("/-/healthy"))[0] == 200
            samples = await alone.samples()
            assert samples.value(STORE_UP) == 0
            # what was counted so far is not 0: Prometheus would take what comes for a rise
            assert [name for name in samples.names() if name.startswith(COUNTERS)] == []
            found.database.is_down = False
            await found.clock.advance(60)
            assert set(found.calls()) == set(NAMES)
            assert (await alone.get("/-/ready"))[0] == 200
            assert {name for name in (await alone.samples()).names() if name.startswith(COUNTERS)} >= {*COUNTERS}


async def test_a_replica_that_comes_begins_no_counter_anew() -> None:
    """If a replica starts while others poll, then each of its scrapes shows the counters as they are, or not at all."""
    async with sharing() as found, found.replica():
        await found.clock.advance(700)
        found.database.is_down = True
        async with found.replica() as late:
            assert (await late.samples()).values(COUNTERS[0]) == []
            found.database.is_down = False
            for _ in range(10):
                await found.clock.advance(1)
                assert set((await late.samples()).values(COUNTERS[0], report="campaigns")) <= {3.0}
            assert (await late.samples()).values(COUNTERS[0], report="campaigns") == [3.0] * len(NAMES)


async def test_without_the_database_nothing_more_is_asked() -> None:
    """If the database goes away, then data are served until they are stale, and nothing is asked until it is back."""
    async with sharing() as found, found.replica() as alone:
        await found.clock.advance(60)
        before = found.calls()
        found.database.is_down = True
        await found.clock.advance(400)
        assert found.calls() == before
        assert (await alone.samples()).value("wolkvox_campaign_records", operation="uno") == 900
        found.database.is_down = False
        await found.clock.advance(60)
        assert {name: number - before[name] for name, number in found.calls().items()} == dict.fromkeys(NAMES, 1)


async def test_without_a_note_there_is_no_call() -> None:
    """If the database keeps no note, then no call goes out, and as soon as it does again, those that are due do."""
    async with sharing() as found, found.replica():
        await found.clock.advance(60)
        before = found.calls()
        found.database.refuses_notes = True
        await found.clock.advance(400)
        assert found.calls() == before
        found.database.refuses_notes = False
        await found.clock.advance(30)
        assert {name: number - before[name] for name, number in found.calls().items()} == dict.fromkeys(NAMES, 1)


async def test_nothing_is_shown_that_is_not_kept() -> None:
    """If a state cannot be kept, then what the poll brought is not shown, on the page of its own replica either."""
    async with sharing() as found, found.replica() as alone:
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
    async with sharing() as found, found.replica():
        await found.clock.advance(700)
        tables = found.database.tables
        kept = [readable(part) for parts in tables.contents.values() for part in parts]
        dump = repr((tables.leases, tables.rows, tables.contents, tables.members, kept))
        assert "CUATRO" in dump
        assert "token-of-" not in dump


async def test_the_page_says_who_polls_what() -> None:
    """If replicas share the operations, then the page of each says which are its own, and which another polls."""
    async with sharing() as found, found.replica() as first, found.replica() as second:
        await found.clock.advance(60)
        for replica in (first, second):
            _, text = await replica.get("/")
            assert text.count("polled by this replica") == 2
            assert text.count("polled by ") == 4
        found.database.is_down = True
        await found.clock.advance(5)
        _, text = await first.get("/")
        assert "The database that replicas share cannot be used" in text
        assert "it cannot be reached; see that it runs" in text


async def test_replicas_whose_configurations_differ_are_told() -> None:
    """If one replica has an operation that the other has not, then log and page say so, and it is polled there."""
    with capture_logs() as logged:
        async with sharing() as found, found.replica() as first, found.replica("uno", "dos") as second:
            await differing(found, first, second)
    assert "replicas differ" in [line["event"] for line in logged]


async def differing(found: Fleet, first: Running, second: Running) -> None:
    """See what two replicas show of which one has half of the operations."""
    await found.clock.advance(400)
    assert await led(first) | await led(second) == set(NAMES)
    assert {"tres", "cuatro"} <= await led(first)
    assert "The operations in effect differ" in (await second.get("/"))[1]


async def test_a_database_that_loses_its_last_minutes_makes_nothing_early_or_less() -> None:
    """If a database goes on from a copy, then its holder goes on with what it has, and no counter falls."""
    async with sharing() as found, found.replica() as alone, found.replica() as other:
        await found.clock.advance(290)
        copied = found.database.tables.copied(found.database.tables.identity)
        await found.clock.advance(320)
        before, calls = await other.samples(), found.calls()
        found.database.tables = failed_over(found.database.tables, copied)
        await found.clock.advance(60)
        assert found.calls() == calls
        for replica in (alone, other):
            after = await replica.samples()
            for name in NAMES:
                assert after.value("wolkvox_polls_total", operation=name, report="campaigns") == before.value(
                    "wolkvox_polls_total", operation=name, report="campaigns"
                )
        assert await led(alone) | await led(other) == set(NAMES)
        await found.clock.advance(300)
        assert {name: number - calls[name] for name, number in found.calls().items()} == dict.fromkeys(NAMES, 1)


async def test_a_database_made_anew_is_gone_on_with_at_once() -> None:
    """If an empty database is in the place of another, then each holder claims its tokens, and asks what is due."""
    async with sharing() as found, found.replica() as first, found.replica() as second:
        await found.clock.advance(290)
        before, calls = [await led(first), await led(second)], found.calls()
        found.database.tables = made_anew(found.database.tables)
        await found.clock.advance(6)
        assert [await led(first), await led(second)] == before
        assert sorted(map(len, before)) == [2, 2]
        # due ten seconds later, and nobody waits until a call of another could no longer last
        await found.clock.advance(30)
        assert {name: number - calls[name] for name, number in found.calls().items()} == dict.fromkeys(NAMES, 1)


async def test_a_token_that_changes_is_waited_for(tmp_path: Path) -> None:
    """If the token of an operation becomes another one, then its replica takes the lease of that one, and goes on."""
    file = tmp_path / "token"
    file.write_text("token-of-uno")
    async with sharing() as found, found.replica("uno", token=FileToken(file)) as alone:
        await found.clock.advance(60)
        file.write_text("other-of-uno")
        await found.clock.advance(320)
        assert await led(alone) == {"uno"}
        assert len(found.database.tables.leases) == 2
        assert found.calls()["uno"] == 2


async def test_an_operation_without_a_token_is_shown_to_fail(tmp_path: Path) -> None:
    """If no replica finds a token, then the operation fails for that, and no longer once there is one."""
    file = tmp_path / "token"
    async with sharing() as found, found.replica("uno", token=FileToken(file)) as alone:
        await found.clock.advance(60)
        assert (await alone.samples()).value(UP, operation="uno", report="campaigns") == 0
        assert (await alone.get("/-/ready"))[0] == 200
        assert "no token" in (await alone.get("/"))[1]
        async with found.replica("uno") as other:
            await found.clock.advance(200)
            assert await led(other) == {"uno"}
            # and not given to one that can do nothing with it, and taken back, again and again
            assert found.database.tables.last_number == 1
            assert (await alone.samples()).value(UP, operation="uno", report="campaigns") == 1
        assert found.calls() == {"uno": 1}
        file.write_text("token-of-uno")
        await found.clock.advance(300)
        assert await led(alone) == {"uno"}
        assert found.calls() == {"uno": 2}


async def test_an_operation_that_comes_back_is_shown_as_it_is_kept() -> None:
    """If a reload takes an operation out that another replica polls, and the next one brings it back, it is shown."""
    async with sharing() as found, found.replica() as first, found.replica() as second:
        await found.clock.advance(60)
        name = min(await led(first))
        wanted = [account.operation for account in second.exporter.accounts]
        await second.exporter.pool.adopt([each for each in wanted if each.name != name])
        await found.clock.advance(10)
        assert (await second.samples()).values(UP, operation=name) == []
        await second.exporter.pool.adopt(wanted)
        await found.clock.advance(10)
        assert (await second.samples()).value(UP, operation=name, report="campaigns") == 1
        assert found.calls() == Counter(NAMES)
