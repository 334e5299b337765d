"""The database that replicas share, held against a real PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Protocol

import pytest
import pytest_asyncio
from psycopg.conninfo import make_conninfo

from support.postgresql import PASSWORDS, ROLE, Cluster, cluster
from wolkvox_exporter.replicas.store import DatabaseError, Lease, Member, Row
from wolkvox_exporter.storage.postgresql.connection import Connection, Opened
from wolkvox_exporter.storage.postgresql.database import PATIENCE, Postgresql
from wolkvox_exporter.storage.postgresql.schema import script

pytestmark = pytest.mark.asyncio(loop_scope="module")
ANA, LUZ = Member("ana", 0.0, "c"), Member("luz", 0.0, "c")
NEW = Row("Ventas (CO) + MX ñ", "https://wv0001.example.com/api", 0, "t")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server() -> AsyncIterator[Cluster]:
    """Run a PostgreSQL."""
    async with cluster() as made:
        yield made


class Opener(Protocol):
    """Opens the database as an exporter with a role sees it."""

    def __call__(
        self, role: str = ROLE, password: str = PASSWORDS[ROLE], patience: float = PATIENCE, **more: str
    ) -> Postgresql:
        """Return it; it is closed after the test."""


@pytest_asyncio.fixture(loop_scope="module")
async def connected(server: Cluster, schema: str) -> AsyncIterator[Opener]:
    """Return what opens the test's own schema."""
    opened = []

    def opener(
        role: str = ROLE, password: str = PASSWORDS[ROLE], patience: float = PATIENCE, **more: str
    ) -> Postgresql:
        within = more.pop("schema", schema)
        conninfo = make_conninfo(server.url(role), password=password, **more)
        opened.append(Postgresql(lambda: conninfo, within, patience))
        return opened[-1]

    yield opener
    for database in opened:
        await database.close()


@pytest.fixture
def schema(request: pytest.FixtureRequest) -> str:
    """Return a schema that no other test uses."""
    return f"s_{abs(hash(request.node.name))}"


async def test_replicas_see_each_other_and_one_schema(server: Cluster, connected: Opener, schema: str) -> None:
    """If replicas start at the same moment, then they make one schema, and each sees the others."""
    databases = [connected() for _ in range(4)]
    members = [replace(ANA, name=f"r{number}") for number in range(4)]
    await asyncio.gather(*(each.look(one, 15) for each, one in zip(databases, members, strict=True)))
    view = await databases[0].look(members[0], 15)
    assert [member.name for member in view.members] == ["r0", "r1", "r2", "r3"]
    assert all(view.now - 10 < member.seen <= view.now for member in view.members)
    assert await server.execute("SELECT count(*) FROM {schema}.about", schema=schema) == [(1,)]


async def test_names_are_kept_whatever_the_database_takes_texts_for(server: Cluster, connected: Opener) -> None:
    """If a database knows no encoding, then names with accents are read as they were written."""
    await server.execute("CREATE DATABASE plain OWNER wolkvox ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0")
    database = connected(dbname="plain")
    await database.look(ANA, 15)
    lease = await database.take("t", "ana", 0, 60)
    assert lease is not None
    assert await database.write(lease, NEW, b"content") == 1
    view = await connected(dbname="plain").look(LUZ, 15)
    assert [(row.name, row.server) for row in view.rows] == [(NEW.name, NEW.server)]
    assert [member.name for member in view.members] == ["ana", "luz"]


async def test_one_of_those_who_take_a_lease_gets_it(connected: Opener) -> None:
    """If many want a lease at once, then one has it."""
    databases = [connected() for _ in range(6)]
    await databases[0].look(ANA, 15)
    taken = await asyncio.gather(*(each.take("t", f"r{n}", 0, 60) for n, each in enumerate(databases)))
    (lease,) = filter(None, taken)
    assert (await databases[0].look(ANA, 15)).leases == {"t": lease}


async def test_changes_are_told(server: Cluster, connected: Opener) -> None:
    """If something changes, then whoever listens hears of it, also over connections that are cut."""
    database, listener = connected(), connected()
    await database.look(ANA, 15)
    changes = listener.changes()
    assert await anext(changes) is None
    lease = await database.take("t", "ana", 0, 60)
    assert lease is not None
    assert await anext(changes) is None
    await database.write(lease, NEW, b"content")
    assert await anext(changes) == (NEW.name, NEW.server)
    await server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'")
    # it listens anew, and says that it may have missed something
    assert await anext(changes) is None
    await database.leave("ana")
    assert await anext(changes) is None
    await changes.aclose()


async def test_numbers_grow_over_everything_that_is_forgotten(server: Cluster, connected: Opener, schema: str) -> None:
    """If all leases are deleted by hand, then a new one has a number that none had before."""
    database = connected()
    await database.look(ANA, 15)
    lease = await database.take("t", "ana", 0, 60)
    assert lease is not None
    await server.execute("DELETE FROM {schema}.lease", schema=schema)
    assert await database.renew([lease], 60) == {}
    again = await database.take("t", "ana", 0, 60)
    assert again is not None
    assert again.number > lease.number


async def test_another_database_in_its_place_is_told_apart(server: Cluster, connected: Opener, schema: str) -> None:
    """If a schema is made anew, then it differs; the same one stays the same."""
    database = connected()
    first, again = (await database.look(ANA, 15)).identity, (await database.look(ANA, 15)).identity
    assert first == again
    assert first.salt
    assert first.salt not in repr(first)
    await server.execute("DROP SCHEMA {schema} CASCADE", schema=schema)
    with pytest.raises(DatabaseError):
        await database.look(ANA, 15)
    anew = (await database.look(ANA, 15)).identity
    assert (anew.system, anew.timeline) == (first.system, first.timeline)
    assert anew.schema_made != first.schema_made
    assert anew.salt != first.salt


async def refused(database: Postgresql) -> DatabaseError:
    """Return why nothing is seen of a database."""
    with pytest.raises(DatabaseError) as error:
        await database.look(ANA, 15)
    return error.value


async def test_a_wrong_password_is_said_and_not_shown(connected: Opener) -> None:
    """If the password is wrong, then the reason says so, without it."""
    error = await refused(connected(password="wrong-horse"))
    assert "password authentication failed" in error.reason
    assert "user, password" in error.remedy
    assert "wrong-horse" not in f"{error!r} {error}"


async def test_a_role_without_the_right_is_told_what_to_do(server: Cluster, connected: Opener, schema: str) -> None:
    """If the role may not make the schema, then an administrator can by a script, and the role works with it."""
    await server.execute("CREATE ROLE {role} LOGIN PASSWORD 'p'", role=schema)
    database = connected(schema, "p")
    error = await refused(database)
    assert error.reason == "permission denied for database wolkvox"
    assert error.remedy.startswith("grant the role what is missing")
    await server.script(script(schema, schema))
    await database.look(ANA, 15)
    lease = await database.take("t", "ana", 0, 60)
    assert lease is not None
    assert await database.write(lease, NEW, b"content") == 1


async def test_a_schema_that_is_not_ours_is_left_alone(server: Cluster, connected: Opener, schema: str) -> None:
    """If a schema holds something else, or is of a later version, then it is refused, and not touched."""
    await server.execute("CREATE SCHEMA {schema} AUTHORIZATION wolkvox", schema=schema)
    await server.execute("CREATE TABLE {schema}.payroll (x int)", schema=schema)
    assert "holds something else" in (await refused(connected())).reason
    assert await server.execute("SELECT * FROM {schema}.payroll", schema=schema) == []
    assert await server.tables(schema) == ["payroll"]
    later = f"{schema}_later"
    database = connected(schema=later)
    await database.look(ANA, 15)
    await database.close()
    await server.execute("UPDATE {schema}.about SET version = 99", schema=later)
    assert "a later version of the exporter" in (await refused(connected(schema=later))).reason
    assert await server.execute("SELECT version FROM {schema}.about", schema=later) == [(99,)]


async def test_a_database_that_only_reads_is_refused(connected: Opener) -> None:
    """If a database cannot be written to, then the reason says so, and what to write in the configuration."""
    database = connected(options="-c default_transaction_read_only=on")
    error = await refused(database)
    assert "read-only transaction" in error.reason
    assert "target_session_attrs=read-write" in error.remedy


async def test_a_frozen_database_holds_nothing_up_for_long(server: Cluster, connected: Opener) -> None:
    """If a database does not answer, then that is said within seconds; as soon as it does, all goes on."""
    database = connected(patience=0.5)
    await database.look(ANA, 15)
    server.freeze()
    try:
        assert "does not answer in time" in (await refused(database)).reason
        # nor does a new connection
        assert "does not answer in time" in (await refused(database)).reason
    finally:
        server.freeze(frozen=False)
    assert (await database.look(ANA, 15)).members


async def test_an_answer_that_comes_too_late_costs_no_connection(server: Cluster) -> None:
    """If a process stood still, so that an answer was there but not in time, then its connection is used again."""
    conninfo = make_conninfo(server.url(), password=PASSWORDS[ROLE])

    async def backend(connection: Opened) -> int:
        (pid,) = await (await connection.execute("SELECT pg_backend_pid()")).fetchone() or (0,)
        return int(pid)

    async def late(connection: Opened) -> None:
        await backend(connection)
        time.sleep(0.4)  # noqa: ASYNC251 - all of the process stands still

    async def nothing(_: Opened) -> None:
        pass

    connection = Connection(lambda: conninfo, 0.3, nothing)
    before = await connection.do(backend)
    with pytest.raises(DatabaseError):
        await connection.do(late)
    assert await connection.do(backend) == before
    await connection.close()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_database_that_is_stopped_is_found_again(server: Cluster, connected: Opener, mode: str) -> None:
    """If a database is stopped and started again, then what was committed is there, and leases go on."""
    database = connected()
    await database.look(ANA, 15)
    lease = await database.take("t", "ana", 0, 60)
    assert lease is not None
    assert await database.write(lease, NEW, b"content") == 1
    await server.stop(mode)
    assert (await refused(database)).remedy
    assert "Connection refused" in (await refused(database)).reason
    await server.start()
    assert await database.read(NEW.name, NEW.server) == (1, b"content", None)
    assert await database.renew([lease], 60) == {"t": await _held(database, "t")}


async def _held(database: Postgresql, token: str) -> Lease:
    return (await database.look(ANA, 15)).leases[token]
