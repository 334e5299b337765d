"""The tables in which replicas meet, in a schema of their own: made, brought up to date, or refused."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import sql

from wolkvox_exporter.replicas.store import DatabaseError, Identity
from wolkvox_exporter.storage.postgresql.connection import Opened

# nothing is derived from a token but by scrypt with the salt, and nothing says who anybody is
_FIRST: LiteralString = """
CREATE TABLE {schema}.about (
    version integer NOT NULL,
    made text NOT NULL DEFAULT gen_random_uuid()::text,
    salt text NOT NULL DEFAULT gen_random_uuid()::text || gen_random_uuid()::text
);
INSERT INTO {schema}.about (version) VALUES (1);
CREATE SEQUENCE {schema}.lease_number;
CREATE TABLE {schema}.member (
    name text PRIMARY KEY,
    seen timestamptz NOT NULL,
    configuration text NOT NULL
);
CREATE TABLE {schema}.lease (
    token text PRIMARY KEY,
    number bigint NOT NULL,
    holder text NOT NULL,
    until timestamptz NOT NULL,
    lasts float8 NOT NULL
);
CREATE TABLE {schema}.operation (
    name text NOT NULL,
    server text NOT NULL,
    version bigint NOT NULL,
    token text NOT NULL,
    content bytea,
    note bytea,
    PRIMARY KEY (name, server)
);
-- it is compressed already
ALTER TABLE {schema}.operation ALTER COLUMN content SET STORAGE EXTERNAL;
"""
_RIGHTS: LiteralString = """\
UPDATE {schema}.about SET version = {version};
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
COMMIT;
"""
MIGRATIONS: Sequence[LiteralString] = (_FIRST,)
"""What leads from each version of the schema to the next; the first makes the schema."""
_LOCK: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_VERSION: LiteralString = "SELECT version FROM {schema}.about"
_IDENTITY: LiteralString = """
SELECT (SELECT system_identifier FROM pg_control_system())::text,
    ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer,
    made, salt
FROM {schema}.about
"""
_STANDBY = "it is a standby, which cannot be written to"
_STANDBY_REMEDY = "name all its hosts in state with target_session_attrs=read-write"


def script(schema: str, role: str) -> str:
    """Return what makes the schema and lets a role use it, for an administrator to run where that role may not."""
    names = {"schema": sql.Identifier(schema), "role": sql.Identifier(role), "version": sql.Literal(len(MIGRATIONS))}
    whole: LiteralString = "".join(("BEGIN;\nCREATE SCHEMA {schema};", *MIGRATIONS, _RIGHTS))
    return sql.SQL(whole).format(**names).as_string()


async def prepare(connection: Opened, schema: str) -> None:
    """Make the schema, or bring it up to date. Raises `DatabaseError` where it is not ours, and psycopg's errors."""
    await _refuse_standby(connection)
    async with connection.transaction():
        # replicas that start together make it one after the other
        await connection.execute(_LOCK, [f"wolkvox-exporter {schema}"])
        version = await _version(connection, schema)
        if version > len(MIGRATIONS):
            raise DatabaseError(
                f"the schema {schema} is of version {version}, which a later version of the exporter has made",
                "use that version, or name another schema in state_schema",
            )
        for step in MIGRATIONS[version:]:
            await connection.execute(_in(schema, step))
        if version < len(MIGRATIONS):
            await connection.execute(_in(schema, "UPDATE {schema}.about SET version = %s"), [len(MIGRATIONS)])


async def identity(connection: Opened, schema: str) -> Identity:
    """Return which database this is, so that another in its place is found out."""
    found = await (await connection.execute(_in(schema, _IDENTITY))).fetchone()
    if found is None:
        raise _foreign(schema)
    system, timeline, made, salt = found
    return Identity(system, timeline, made, salt)


def _in(schema: str, statement: LiteralString) -> sql.Composed:
    return sql.SQL(statement).format(schema=sql.Identifier(schema))


async def _refuse_standby(connection: Opened) -> None:
    found = await (await connection.execute("SELECT pg_is_in_recovery()")).fetchone()
    if found and found[0]:
        raise DatabaseError(_STANDBY, _STANDBY_REMEDY)


async def _version(connection: Opened, schema: str) -> int:
    """Return which version the schema is of; 0 where there is nothing in it, and it may have been made just now."""
    tables = await connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s", [schema]
    )
    names = {name for (name,) in await tables.fetchall()}
    if not names:
        exists = await connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema])
        if await exists.fetchone() is None:
            await connection.execute(_in(schema, "CREATE SCHEMA {schema}"))
        return 0
    if "about" not in names or "operation" not in names:
        raise _foreign(schema)
    found = await (await connection.execute(_in(schema, _VERSION))).fetchone()
    if found is None:
        raise _foreign(schema)
    return int(found[0])


def _foreign(schema: str) -> DatabaseError:
    return DatabaseError(
        f"the schema {schema} holds something else than an exporter's state", "name another schema in state_schema"
    )
