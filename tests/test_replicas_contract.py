"""What replicas rely on in a database: the one in memory, on which the model runs, does the same as PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio
from psycopg.conninfo import make_conninfo

from support.database import MemoryDatabase
from support.postgresql import PASSWORDS, ROLE, Cluster, cluster
from wolkvox_exporter.replicas.leases import is_free
from wolkvox_exporter.replicas.store import Database, Lease, Member, Row
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.storage.postgresql.database import Postgresql

pytestmark = pytest.mark.asyncio(loop_scope="module")
ANA, LUZ = Member("ana", 0.0, "c"), Member("luz", 0.0, "d")
TOKEN = "t"
NEW = Row("Ventas (CO) + MX ñ", "https://wv0001.example.com/api", 0, TOKEN)


@dataclass
class Shared:
    """A database under test, as one replica sees it."""

    database: Database
    ends_later: Callable[[str, float], Awaitable[None]]
    """Lets a lease end so many seconds later, as it does where the database's clock is set back."""

    async def taken(self, token: str = TOKEN, holder: str = "ana", lasts: float = 60.0) -> Lease:
        """Take a lease that is free, as somebody."""
        view = await self.database.look(ANA, 15.0)
        number = view.leases[token].number if token in view.leases else 0
        lease = await self.database.take(token, holder, number, lasts)
        assert lease is not None
        return lease


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server() -> AsyncIterator[Cluster]:
    """Run a PostgreSQL."""
    async with cluster() as made:
        yield made


def in_memory() -> Shared:
    """Return a database in memory."""
    memory = MemoryDatabase(SystemClock())

    async def ends_later(token: str, seconds: float) -> None:
        leases = memory.tables.leases
        leases[token] = replace(leases[token], until=leases[token].until + seconds)

    return Shared(memory, ends_later)


@pytest_asyncio.fixture(loop_scope="module", params=["memory", "postgresql"])
async def shared(request: pytest.FixtureRequest, server: Cluster) -> AsyncIterator[Shared]:
    """Return an empty database, in memory or real."""
    if request.param == "memory":
        yield in_memory()
        return
    schema = f"s_{abs(hash(request.node.name))}"
    conninfo = make_conninfo(server.url(ROLE), password=PASSWORDS[ROLE])
    database = Postgresql(lambda: conninfo, schema)

    async def ends_later(token: str, seconds: float) -> None:
        await server.script(
            f'UPDATE "{schema}".lease SET until = until + make_interval(secs => {seconds}) WHERE token = {token!r}'  # noqa: S608
        )

    yield Shared(database, ends_later)
    await database.close()


async def test_each_replica_is_seen_with_its_configuration(shared: Shared) -> None:
    """If replicas look, then each sees all, when they were there last by the database's time, and what they run."""
    await shared.database.look(ANA, 15.0)
    view = await shared.database.look(LUZ, 15.0)
    assert {(each.name, each.configuration) for each in view.members} == {("ana", "c"), ("luz", "d")}
    assert all(view.now - 5 < each.seen <= view.now for each in view.members)
    await shared.database.leave("ana")
    assert [each.name for each in (await shared.database.look(LUZ, 15.0)).members] == ["luz"]


@pytest.mark.parametrize(("lasts", "there"), [(15.0, True), (0.001, False)])
async def test_who_is_silent_for_long_is_forgotten(shared: Shared, lasts: float, *, there: bool) -> None:
    """If a replica was not seen for twenty lengths of a lease, then it is no member any more."""
    await shared.database.look(ANA, 15.0)
    await asyncio.sleep(0.1)
    members = (await shared.database.look(LUZ, lasts)).members
    assert ("ana" in {each.name for each in members}) is there


async def test_a_lease_says_how_long_it_was_meant_to_last(shared: Shared) -> None:
    """If a lease is taken or renewed for so many seconds, then it says so, and ends by then."""
    lease = await shared.taken(lasts=60.0)
    now = (await shared.database.look(ANA, 15.0)).now
    assert lease.lasts == 60.0
    assert now + 50 < lease.until <= now + 60
    renewed = (await shared.database.renew([lease], 90.0))[TOKEN]
    assert (renewed.number, renewed.holder, renewed.lasts) == (lease.number, "ana", 90.0)
    assert now + 80 < renewed.until
    assert (await shared.database.look(ANA, 15.0)).leases[TOKEN] == renewed


async def test_nobody_takes_what_another_has(shared: Shared) -> None:
    """If a lease runs, then neither its number nor another one gets it, for its holder either."""
    lease = await shared.taken()
    for number in (0, lease.number - 1, lease.number, lease.number + 1):
        for member in ("ana", "luz"):
            assert await shared.database.take(TOKEN, member, number, 60.0) is None


@pytest.mark.parametrize("token", ["a token that was given back", "one whose lease has run out"])
async def test_what_is_free_is_had_by_whoever_knows_its_number(shared: Shared, token: str) -> None:
    """If a lease was given back or has run out, then who saw that takes it, under a greater number, and once."""
    if token.startswith("one"):
        lease = await shared.taken(token, lasts=0.05)
        await asyncio.sleep(0.1)
    else:
        lease = await shared.taken(token)
        await shared.database.release([lease])
    view = await shared.database.look(LUZ, 15.0)
    assert is_free(view.leases[token], view.now)
    assert await shared.database.take(token, "luz", lease.number - 1, 60.0) is None
    assert await shared.database.take(token, "luz", 0, 60.0) is None
    later = await shared.database.take(token, "luz", lease.number, 60.0)
    assert later is not None
    assert later.number > lease.number
    assert await shared.database.take(token, "ana", lease.number, 60.0) is None
    assert await shared.database.renew([lease], 60.0) == {}


async def test_a_lease_that_ends_when_none_can_is_free(shared: Shared) -> None:
    """If the database's clock was set back, so that a lease ends later than it lasts, then it can be had."""
    lease = await shared.taken(lasts=60.0)
    await shared.ends_later(TOKEN, 3600.0)
    view = await shared.database.look(LUZ, 15.0)
    assert is_free(view.leases[TOKEN], view.now)
    taken = await shared.database.take(TOKEN, "luz", lease.number, 60.0)
    assert taken is not None
    assert (taken.holder, taken.number > lease.number) == ("luz", True)


async def test_what_is_given_back_twice_or_by_another_stays(shared: Shared) -> None:
    """If a lease is given back that another has by now, then nothing happens."""
    lease = await shared.taken()
    await shared.database.release([lease])
    later = await shared.taken(holder="luz")
    await shared.database.release([lease, replace(later, holder="ana"), replace(later, number=lease.number)])
    assert (await shared.database.look(ANA, 15.0)).leases[TOKEN].holder == "luz"


async def test_a_write_needs_lease_and_version(shared: Shared) -> None:
    """If lease or version are others than the writer thinks, then neither content nor note are written."""
    lease, database = await shared.taken(), shared.database
    assert await database.note(lease, NEW, b"a note before any content") == 1
    assert await database.read(NEW.name, NEW.server) == (1, None, b"a note before any content")
    assert await database.write(lease, replace(NEW, version=1), b"content") == 2
    assert await database.note(lease, replace(NEW, version=2), b"a note") == 3
    assert await database.read(NEW.name, NEW.server) == (3, b"content", b"a note")
    wrong = (
        replace(lease, number=lease.number + 1),
        replace(lease, holder="luz"),
        replace(lease, token="u"),
    )
    for each, version in [*((each, 3) for each in wrong), (lease, 0), (lease, 2), (lease, 4)]:
        for write in (database.write, database.note):
            assert await write(each, replace(NEW, version=version), b"x") is None
    assert await database.read(NEW.name, NEW.server) == (3, b"content", b"a note")
    (row,) = (await database.look(ANA, 15.0)).rows
    assert row == replace(NEW, version=3)


async def test_nothing_is_written_once_a_lease_has_run_out(shared: Shared) -> None:
    """If a lease has run out, though nobody took it, then its holder writes nothing, until it is renewed."""
    lease = await shared.taken(lasts=0.1)
    assert await shared.database.write(lease, NEW, b"in time") == 1
    await asyncio.sleep(0.15)
    assert await shared.database.write(lease, replace(NEW, version=1), b"late") is None
    assert await shared.database.note(lease, replace(NEW, version=1), b"late") is None
    assert await shared.database.read(NEW.name, NEW.server) == (1, b"in time", None)
    (renewed,) = (await shared.database.renew([lease], 60.0)).values()
    assert await shared.database.write(renewed, replace(NEW, version=1), b"again") == 2


async def test_what_was_lost_is_put_back_with_its_version_and_note(shared: Shared) -> None:
    """If a database has nothing of an operation, then it is put back as it was, and only where nothing is."""
    row, database = replace(NEW, version=7, token="u"), shared.database
    await database.look(ANA, 15.0)
    assert await database.restore(row, 3, b"content", None) is False
    assert await database.read(NEW.name, NEW.server) == (0, None, None)
    assert await database.restore(row, 0, b"content", b"a note") is True
    assert await database.read(NEW.name, NEW.server) == (7, b"content", b"a note")
    assert (await database.look(ANA, 15.0)).rows == (row,)
    assert await database.restore(replace(row, version=9), 0, b"x", None) is False
    assert await database.read(NEW.name, NEW.server) == (7, b"content", b"a note")


async def test_what_was_lost_is_put_back_over_what_is_older_and_nothing_else(shared: Shared) -> None:
    """If a database has an older version, then it is replaced; if it is another by now, it stays."""
    lease, database = await shared.taken(), shared.database
    assert await database.write(lease, NEW, b"old") == 1
    later = replace(NEW, version=7)
    for before in (0, 2, 7):
        assert await database.restore(later, before, b"x", b"x") is False
    assert await database.read(NEW.name, NEW.server) == (1, b"old", None)
    assert await database.restore(later, 1, None, b"a note alone") is True
    assert await database.read(NEW.name, NEW.server) == (7, None, b"a note alone")
    # who has the lease goes on from there
    assert await database.write(lease, later, b"next") == 8
