"""The database that replicas share behind a pooler that lends its connections for a transaction, as pgbouncer does."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from support.postgresql import PASSWORDS, ROLE, Cluster, cluster, free_port, give_away
from support.processes import PATIENCE, program
from wolkvox_exporter.replicas.store import Lease, Member, Row
from wolkvox_exporter.storage.postgresql.database import Postgresql

REPLICAS, ROUNDS = 4, 20
CONFIG = """\
[databases]
wolkvox = host=127.0.0.1 port={server} dbname=wolkvox
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = {mode}
default_pool_size = {size}
"""


@asynccontextmanager
async def pooled(server: Cluster, mode: str, size: int) -> AsyncIterator[str]:
    """Run a pooler with so many connections to a server, and give libpq's address of it."""
    path = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    pooler = path or pytest.skip("there is no pgbouncer")
    # where its user can look: folders of tests are closed to others
    folder = server.folder.parent
    port, users, config = free_port(), folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text(f'"{ROLE}" "{PASSWORDS[ROLE]}"\n')
    config.write_text(CONFIG.format(server=server.port, port=port, users=users, mode=mode, size=size))
    # it does not run as root
    as_user = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups") if os.geteuid() == 0 else ()
    for each in (users, config):
        give_away(each)
    async with program(*as_user, pooler, config) as running:
        await running.line("process up")
        yield f"host=127.0.0.1 port={port} dbname=wolkvox user={ROLE} password={PASSWORDS[ROLE]}"


async def worked(database: Postgresql, number: int) -> int | None:
    """Note, write, renew and look for some rounds, as a replica does; returns the version that was reached."""
    member, row = Member(f"r{number}", 0.0, "c"), Row(f"o{number}", "https://wv0001.example.com/api", 0, f"t{number}")
    await database.look(member, 15)
    lease: Lease | None = await database.take(row.token, member.name, 0, 60)
    assert lease is not None
    for _ in range(ROUNDS):
        row = replace(row, version=await database.note(lease, row, b"a note") or -1)
        row = replace(row, version=await database.write(lease, row, b"content") or -1)
        assert (await database.renew([lease], 60)).keys() == {row.token}
        await database.look(member, 15)
    return row.version


async def test_replicas_work_over_fewer_connections_than_they_have() -> None:
    """If a pooler lends another connection for each transaction, then all is kept that is kept without one."""
    async with cluster() as server, pooled(server, "transaction", REPLICAS - 1) as conninfo:
        databases = [Postgresql(lambda: conninfo, "shared") for _ in range(REPLICAS)]
        try:
            versions = await asyncio.gather(*(worked(each, number) for number, each in enumerate(databases)))
            assert versions == [2 * ROUNDS] * REPLICAS
            assert len((await databases[0].look(Member("r0", 0.0, "c"), 15)).members) == REPLICAS
        finally:
            await asyncio.gather(*(each.close() for each in databases))


async def test_over_connections_of_their_own_changes_are_heard() -> None:
    """If a pooler lends a connection for as long as it is wanted, then changes are told as without one."""
    async with cluster() as server, pooled(server, "session", 2 * REPLICAS) as conninfo:
        database = Postgresql(lambda: conninfo, "shared")
        try:
            await database.look(Member("ana", 0.0, "c"), 15)
            changes = database.changes()
            async with asyncio.timeout(PATIENCE):
                assert await anext(changes) is None
                await database.leave("ana")
                assert await anext(changes) is None
            await changes.aclose()
        finally:
            await database.close()
