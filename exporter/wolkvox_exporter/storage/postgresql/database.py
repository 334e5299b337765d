"""The database that replicas share: each method is one statement or one transaction, and the time is the database's."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from wolkvox_exporter import __version__
from wolkvox_exporter.replicas.store import DatabaseError, Lease, Member, Row, View
from wolkvox_exporter.storage.postgresql import schema as tables
from wolkvox_exporter.storage.postgresql.connection import Connection, Conninfo, Opened, connected, impatient

PATIENCE = 5.0
"""Seconds that anything may take, unless told otherwise."""
_AGAIN, _STILL_THERE = 2.0, 30.0
"""Seconds after which listening is begun anew, and after which is looked whether the other end is still there."""
_FORGOTTEN = 20
"""Lengths of a lease after which a member that was not seen is forgotten."""
_SESSION: LiteralString = """
SELECT set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false),
    set_config('idle_in_transaction_session_timeout', %s, false), set_config('application_name', %s, false)
"""
_BEAT: LiteralString = """
INSERT INTO {schema}.member (name, seen, configuration) VALUES (%s, clock_timestamp(), %s)
ON CONFLICT (name) DO UPDATE SET seen = excluded.seen, configuration = excluded.configuration
"""
_FORGET: LiteralString = "DELETE FROM {schema}.member WHERE seen < clock_timestamp() - make_interval(secs => %s)"
_MEMBERS: LiteralString = (
    "SELECT name, extract(epoch FROM seen)::float8, configuration FROM {schema}.member ORDER BY name"
)
_LEASES: LiteralString = "SELECT token, number, holder, extract(epoch FROM until)::float8, lasts FROM {schema}.lease"
_ROWS: LiteralString = "SELECT name, server, version, token FROM {schema}.operation"
_NOW: LiteralString = "SELECT extract(epoch FROM clock_timestamp())::float8"
_TAKE: LiteralString = """
WITH taken AS (
    INSERT INTO {schema}.lease AS old (token, number, holder, until, lasts)
    SELECT %(token)s, nextval({sequence}), %(holder)s, clock_timestamp() + make_interval(secs => %(lasts)s), %(lasts)s
    WHERE %(number)s = 0 OR EXISTS (SELECT FROM {schema}.lease WHERE token = %(token)s AND number = %(number)s)
    ON CONFLICT (token) DO UPDATE
    SET number = excluded.number, holder = excluded.holder, until = excluded.until, lasts = excluded.lasts
    WHERE old.number = %(number)s AND (old.holder = '' OR old.until <= clock_timestamp()
        OR old.until > clock_timestamp() + make_interval(secs => old.lasts))
    RETURNING token, number, holder, extract(epoch FROM until)::float8, lasts
)
SELECT taken.*, pg_notify(%(channel)s, '') FROM taken
"""
_RENEW: LiteralString = """
UPDATE {schema}.lease AS lease
SET until = clock_timestamp() + make_interval(secs => %(lasts)s), lasts = %(lasts)s
FROM unnest(%(tokens)s::text[], %(numbers)s::bigint[], %(holders)s::text[]) AS ours (token, number, holder)
WHERE (lease.token, lease.number, lease.holder) = (ours.token, ours.number, ours.holder)
RETURNING lease.token, lease.number, lease.holder, extract(epoch FROM lease.until)::float8, lease.lasts
"""
_RELEASE: LiteralString = """
WITH released AS (
    UPDATE {schema}.lease AS lease SET holder = '', until = clock_timestamp()
    FROM unnest(%(tokens)s::text[], %(numbers)s::bigint[], %(holders)s::text[]) AS ours (token, number, holder)
    WHERE (lease.token, lease.number, lease.holder) = (ours.token, ours.number, ours.holder)
    RETURNING lease.token
)
SELECT pg_notify(%(channel)s, '') FROM released LIMIT 1
"""
_LEAVE: LiteralString = """
WITH gone AS (DELETE FROM {schema}.member WHERE name = %(name)s RETURNING name)
SELECT pg_notify(%(channel)s, '') FROM gone
"""
_READ: LiteralString = (
    "SELECT version, content, note FROM {schema}.operation WHERE name = %(name)s AND server = %(server)s"
)
# the lease is locked, so that nobody takes it before this is committed; whoever waits for a lock looks again after it
_MINE: LiteralString = """
WITH mine AS (
    SELECT FROM {schema}.lease
    WHERE token = %(lease)s AND number = %(number)s AND holder = %(holder)s AND until > clock_timestamp()
    FOR SHARE
), kept AS (
"""
_FIRST: LiteralString = """
    INSERT INTO {schema}.operation (name, server, version, token, content, note)
    SELECT %(name)s, %(server)s, 1, %(token)s, %(content)s, %(note)s WHERE EXISTS (SELECT FROM mine)
    ON CONFLICT DO NOTHING
    RETURNING version
"""
_NEXT: LiteralString = """
    UPDATE {schema}.operation SET version = version + 1, token = %(token)s, note = %(note)s,
        content = CASE WHEN %(whole)s THEN %(content)s ELSE content END
    WHERE name = %(name)s AND server = %(server)s AND version = %(version)s AND EXISTS (SELECT FROM mine)
    RETURNING version
"""
_RESTORE: LiteralString = """
WITH kept AS (
    INSERT INTO {schema}.operation AS old (name, server, version, token, content, note)
    SELECT %(name)s, %(server)s, %(version)s, %(token)s, %(content)s, %(note)s
    WHERE %(before)s = 0
        OR EXISTS (SELECT FROM {schema}.operation WHERE (name, server, version) = (%(name)s, %(server)s, %(before)s))
    ON CONFLICT (name, server) DO UPDATE
    SET version = excluded.version, token = excluded.token, content = excluded.content, note = excluded.note
    WHERE old.version = %(before)s
    RETURNING version
"""
_TOLD: LiteralString = ") SELECT version, pg_notify(%(channel)s, %(payload)s) FROM kept"


class Postgresql:
    """The tables of one schema; see `replicas.store.Database`.

    `conninfo` returns libpq's, as it is now; `patience` are seconds that anything may take.
    """

    def __init__(self, conninfo: Conninfo, schema: str, patience: float = PATIENCE) -> None:
        self._conninfo = conninfo
        self._schema = schema
        self._patience = patience
        self._connection = Connection(conninfo, patience, self._prepare)

    async def look(self, member: Member, lasts: float) -> View:
        """See `Database.look`."""
        return await self._connection.do(partial(self._look, member, lasts))

    async def take(self, token: str, member: str, number: int, lasts: float) -> Lease | None:
        """See `Database.take`."""
        found = await self._rows(_TAKE, token=token, holder=member, number=number, lasts=lasts)
        return Lease(*found[0][:5]) if found else None

    async def renew(self, leases: Iterable[Lease], lasts: float) -> Mapping[str, Lease]:
        """See `Database.renew`."""
        found = await self._rows(_RENEW, **_of(leases), lasts=lasts)
        return {row[0]: Lease(*row) for row in found}

    async def release(self, leases: Iterable[Lease]) -> None:
        """See `Database.release`."""
        await self._rows(_RELEASE, **_of(leases))

    async def read(self, name: str, server: str) -> tuple[int, bytes | None, bytes | None]:
        """See `Database.read`."""
        found = await self._rows(_READ, name=name, server=server)
        return (found[0][0], found[0][1], found[0][2]) if found else (0, None, None)

    async def write(self, lease: Lease, row: Row, content: bytes) -> int | None:
        """See `Database.write`."""
        return await self._keep(lease, row, whole=True, content=content, note=None)

    async def note(self, lease: Lease, row: Row, note: bytes) -> int | None:
        """See `Database.note`."""
        return await self._keep(lease, row, whole=False, content=None, note=note)

    async def restore(self, row: Row, before: int, content: bytes | None, note: bytes | None) -> bool:
        """See `Database.restore`."""
        values = {**asdict(row), "before": before, "content": content, "note": note, "payload": _payload(row)}
        return bool(await self._rows(_RESTORE + _TOLD, **values))

    async def leave(self, member: str) -> None:
        """See `Database.leave`."""
        await self._rows(_LEAVE, name=member)

    async def changes(self) -> AsyncGenerator[tuple[str, str] | None, None]:
        """See `Database.changes`. Ends never: where nothing is heard any more, it listens anew."""
        while True:
            with suppress(psycopg.Error, DatabaseError):
                async with await connected(self._conninfo()) as ears:
                    with impatient(ears, self._patience):
                        await ears.execute(self._in("LISTEN {channel}"))
                    # what came before is not told
                    yield None
                    while True:
                        async for notice in ears.notifies(timeout=_STILL_THERE):
                            yield _operation(notice.payload)
                        with impatient(ears, self._patience):
                            await ears.execute("SELECT 1")
            await asyncio.sleep(_AGAIN)

    async def close(self) -> None:
        """See `Database.close`."""
        await self._connection.close()

    async def _prepare(self, connection: Opened) -> None:
        limit = f"{1000 * self._patience:.0f}ms"
        await connection.execute(_SESSION, [limit, limit, limit, f"wolkvox-exporter {__version__}"])
        await tables.prepare(connection, self._schema)

    async def _look(self, member: Member, lasts: float, connection: Opened) -> View:
        async with connection.transaction():
            await connection.execute(self._in(_BEAT), [member.name, member.configuration])
            await connection.execute(self._in(_FORGET), [_FORGOTTEN * lasts])
            members = await (await connection.execute(self._in(_MEMBERS))).fetchall()
            leases = await (await connection.execute(self._in(_LEASES))).fetchall()
            rows = await (await connection.execute(self._in(_ROWS))).fetchall()
            identity = await tables.identity(connection, self._schema)
            (now,) = await (await connection.execute(_NOW)).fetchone() or (0.0,)
        return View(
            now,
            identity,
            tuple(Member(*each) for each in members),
            {each[0]: Lease(*each) for each in leases},
            tuple(Row(*each) for each in rows),
        )

    async def _keep(
        self, lease: Lease, row: Row, *, whole: bool, content: bytes | None, note: bytes | None
    ) -> int | None:
        found = await self._rows(
            _MINE + (_NEXT if row.version else _FIRST) + _TOLD,
            **asdict(row),
            lease=lease.token,
            number=lease.number,
            holder=lease.holder,
            whole=whole,
            content=content,
            note=note,
            payload=_payload(row),
        )
        return int(found[0][0]) if found else None

    async def _rows(self, statement: LiteralString, **values: object) -> list[TupleRow]:
        async def fetched(connection: Opened) -> list[TupleRow]:
            cursor = await connection.execute(self._in(statement), {"channel": self._schema, **values})
            return await cursor.fetchall() if cursor.description else []

        return await self._connection.do(fetched)

    def _in(self, statement: LiteralString) -> sql.Composed:
        sequence = sql.Identifier(self._schema, "lease_number").as_string()
        return sql.SQL(statement).format(
            schema=sql.Identifier(self._schema), channel=sql.Identifier(self._schema), sequence=sql.Literal(sequence)
        )


def _of(leases: Iterable[Lease]) -> dict[str, object]:
    """Return leases of one holder as parameters."""
    found = list(leases)
    return {
        "tokens": [lease.token for lease in found],
        "numbers": [lease.number for lease in found],
        "holders": [lease.holder for lease in found],
    }


def _payload(row: Row) -> str:
    return json.dumps([row.name, row.server])


def _operation(payload: str) -> tuple[str, str] | None:
    if not payload:
        return None
    name, server = json.loads(payload)
    return str(name), str(server)
