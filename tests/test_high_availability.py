"""The document on replicas: what it tells an administrator to run does what it says."""

import re

import pytest
from psycopg.conninfo import make_conninfo

from docs.generate import ROOT
from support.postgresql import OWNER, PASSWORDS, Cluster, cluster, programs
from support.processes import run
from wolkvox_exporter.config.database import SCHEMA, url
from wolkvox_exporter.replicas.store import Member
from wolkvox_exporter.storage.postgresql.database import Postgresql

PAGE = (ROOT / "docs" / "high-availability.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
ANA = Member("ana", 0.0, "c")


def renamed(text: str) -> str:
    """Return a text with a role, a database and a schema that are not those of the tests."""
    return text.replace("wolkvox", "documented")


async def ran(server: Cluster, database: str, text: str) -> None:
    """Run SQL as an administrator does."""
    address = make_conninfo(server.url(OWNER), dbname=database, password=PASSWORDS[OWNER])
    psql = (programs() / "psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", address)
    done = await run(*psql, stdin=renamed(text).encode())
    assert (done.code, done.err) == (0, ""), text


@pytest.mark.parametrize("owns_database", [True, False])
async def test_the_sql_of_the_document_is_enough(*, owns_database: bool) -> None:
    """If an administrator runs what the document says, then the exporter makes its tables, and all else can be run."""
    database, own_schema, *later = BLOCKS
    assert "CREATE DATABASE" in database
    assert "AUTHORIZATION" in own_schema
    assert len(later) == 3
    async with cluster() as server:
        if not owns_database:
            database = database.replace(" OWNER wolkvox", "")
        await ran(server, "postgres", database)
        if not owns_database:
            await ran(server, "documented", own_schema)
        password = re.findall(r"PASSWORD '(.*)'", database)[0]
        conninfo = make_conninfo(server.url("documented"), dbname="documented", password=password)
        exporter = Postgresql(lambda: conninfo, renamed(SCHEMA))
        try:
            first = (await exporter.look(ANA, 15)).identity
            for block in later:
                await ran(server, "documented", block)
            # the identity is another one, as the document says of a restored copy
            assert (await exporter.look(ANA, 15)).identity != first
        finally:
            await exporter.close()


def test_the_addresses_of_the_document_are_taken() -> None:
    """If the document shows an address, then the configuration takes it."""
    shown = re.findall(r"postgresql://[^`\s]+|postgresql:///[^`\s)]+", PAGE)
    assert len(shown) == 2
    assert [url(each) for each in shown] == shown


def test_alerts_and_metrics_of_the_document_exist() -> None:
    """If the document names an alert or a metric, then there is one."""
    metrics = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert [
        name for name in re.findall(r"`(wolkvox_\w+)`", PAGE) if f"`{name}`" not in metrics and name != SCHEMA
    ] == []
    pages = {path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md")}
    assert set(re.findall(r"\bWolkvox[A-Z]\w+", PAGE)) <= pages
