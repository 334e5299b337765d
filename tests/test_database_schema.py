"""The command that prints the tables of replicas, for whoever administers the database."""

from pathlib import Path

import pytest

from support.postgresql import OWNER, PASSWORDS, cluster, programs
from support.processes import EXPORTER, run
from wolkvox_exporter.replicas.store import Member, Row
from wolkvox_exporter.storage.postgresql.database import Postgresql

ROLE, SCHEMA = 'wolk"vox', "réplicas {schema} 'x'"
"""Names with all that has a meaning in SQL, or in what it is put together by."""


async def printed(*arguments: str) -> str:
    """Return what the command prints."""
    done = await run(*EXPORTER, "database-schema", *arguments)
    assert (done.code, done.err) == (0, "")
    return done.out


async def test_the_tables_are_printed_without_a_database() -> None:
    """If an administrator wants the SQL, then it is printed where there is neither a configuration nor a database."""
    text = await printed("wolkvox")
    assert 'CREATE SCHEMA "wolkvox_exporter";' in text
    assert text.startswith("-- ")
    assert text.endswith("COMMIT;\n")
    assert await printed("wolkvox", "--schema=wolkvox_exporter") == text


@pytest.mark.parametrize("line", [("pg_monitor",), ("a" * 64,), ("wolkvox", "--schema=pg_x"), ("wolkvox\n",)])
async def test_names_that_postgresql_refuses_or_cuts_off_are_refused(line: tuple[str, ...]) -> None:
    """If a role or a schema cannot be called so, then that is said, and nothing is printed."""
    done = await run(*EXPORTER, "database-schema", *line)
    assert (done.code, done.out) == (2, "")
    assert "write a name of 63 bytes at most that does not begin with pg_" in done.err


async def test_what_is_printed_is_what_the_exporter_wants(tmp_path: Path) -> None:
    """If psql runs what is printed, then a role that may nothing else uses it; where it fails, nothing is there."""
    script = tmp_path / "schema.sql"
    script.write_text(await printed(ROLE, f"--schema={SCHEMA}"), encoding="utf-8")
    async with cluster() as server:
        psql = (programs() / "psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--file={script}")
        address = f"{server.url(OWNER)}?password={PASSWORDS[OWNER]}"
        # there is no such role yet
        done = await run(*psql, address)
        assert (done.code, "does not exist" in done.err) == (3, True), done.err
        assert await server.tables(SCHEMA) == []
        await server.execute("CREATE ROLE {role} LOGIN PASSWORD 'p'", role=ROLE)
        done = await run(*psql, address)
        assert (done.code, done.out, done.err) == (0, "", "")
        conninfo = f"host=127.0.0.1 port={server.port} dbname=wolkvox user={ROLE} password=p"
        database = Postgresql(lambda: conninfo, SCHEMA)
        try:
            assert [each.name for each in (await database.look(Member("ana", 0.0, "c"), 15)).members] == ["ana"]
            lease = await database.take("t", "ana", 0, 60)
            assert lease is not None
            assert await database.write(lease, Row("ventas-co", "https://wv0001", 0, "t"), b"content") == 1
        finally:
            await database.close()
        assert await server.tables(SCHEMA) == ["about", "lease", "member", "operation"]
        assert await server.execute("SELECT count(*) FROM pg_tables WHERE tableowner = 'wolk\"vox'") == [(0,)]
        done = await run(*psql, address)
        assert (done.code, "already exists" in done.err) == (3, True), done.err
