"""A database that cannot be used: whoever runs the exporter reads why and what to do, and it goes on by itself."""

import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from support.alone import alone
from support.postgresql import PASSWORDS, ROLE, Cluster, cluster, give_away
from support.processes import config_file, require, run
from support.proxy import Proxy, Way
from support.standby import pair
from wolkvox_exporter.config.database import Database, Password
from wolkvox_exporter.replicas.store import DatabaseError, Member
from wolkvox_exporter.storage.postgresql.database import Postgresql
from wolkvox_exporter.storage.postgresql.opening import opened
from wolkvox_exporter.storage.postgresql.schema import script

pytestmark = pytest.mark.asyncio(loop_scope="module")
ANA = Member("ana", 0.0, "c")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server() -> AsyncIterator[Cluster]:
    """Run a PostgreSQL."""
    async with cluster() as made:
        yield made


async def test_an_unreachable_database_is_waited_for(tmp_path: Path, server: Cluster) -> None:
    """If the database cannot be reached at the start, then nothing is asked, and it goes on once it can be."""
    async with Proxy(server.port).listening() as way:
        way.cut()
        state = f"postgresql://{ROLE}@127.0.0.1:{way.port}/{ROLE}"
        async with alone(tmp_path, state, state_schema="unreachable") as exporter:
            await exporter.refuses("connection failed: ", "look whether it runs")
            await exporter.is_not_ready("look whether it runs")
            way.cut(cut=False)
            await exporter.goes_on()
            # and goes away again
            way.cut()
            await exporter.refuses("server closed the connection unexpectedly", "look whether it runs")
            assert (await exporter.get("/-/ready"))[0] == 200
            assert 'wolkvox_campaign_records{campaign="Mora"' in (await exporter.get("/metrics"))[1]
            way.cut(cut=False)
            await exporter.goes_on()


async def test_a_database_that_hangs_is_told_of_once_and_keeps_no_process_from_ending(
    tmp_path: Path, server: Cluster
) -> None:
    """If the database answers nothing, then the log says so once in each way, and a process ends all the same."""
    async with Proxy(server.port).listening() as way:
        state = f"postgresql://{ROLE}@127.0.0.1:{way.port}/{ROLE}"
        async with alone(tmp_path, state, state_schema="hanging") as exporter:
            await exporter.goes_on()
            way.be(Way.HANGS)
            await exporter.refuses("the database does not answer in time", "look whether it hangs")
            # it does not answer new connections either
            await exporter.refuses("connection timeout expired", "look whether it runs")
            assert await exporter.program.end(signal.SIGTERM, within=10.0) == 0
            said = [line for line in exporter.program.err if "cannot be used" in line or '"warning"' in line]
            assert len([line for line in said if "cannot be used" in line]) == 2
            assert [line for line in said if "cannot be used" not in line and "every 5m" not in line] == []


async def test_a_wrong_password_is_put_right_while_it_runs(tmp_path: Path, server: Cluster) -> None:
    """If the password in its file is wrong, then that is said without it, and another is used once it is there."""
    async with alone(tmp_path, server.url(), password="wrong-horse", state_schema="password") as exporter:
        await exporter.refuses("password authentication failed", "user, password")
        await exporter.is_not_ready("password authentication failed")
        exporter.password.write_text(PASSWORDS[ROLE])
        await exporter.goes_on()
        assert "wrong-horse" not in exporter.program.text
        assert PASSWORDS[ROLE] not in exporter.program.text


async def test_a_missing_right_is_granted_while_it_runs(tmp_path: Path, server: Cluster) -> None:
    """If the role may not make the schema, then that is said, and once an administrator has made it, it is used."""
    role = "plain"
    await server.execute("CREATE ROLE plain LOGIN PASSWORD 'of-a-plain-role'")
    state = f"postgresql://{role}@127.0.0.1:{server.port}/{ROLE}"
    async with alone(tmp_path, state, password="of-a-plain-role", state_schema="granted") as exporter:
        await exporter.refuses("permission denied for database wolkvox", "grant the role what is missing")
        await exporter.is_not_ready("permission denied for database wolkvox")
        await server.script(script("granted", role))
        await exporter.goes_on()


async def test_a_standby_is_refused_until_it_is_promoted(tmp_path: Path) -> None:
    """If the database is a standby, then that is said, and once it has been promoted, it is used."""
    async with pair() as both, alone(tmp_path, both.standby.url()) as exporter:
        await exporter.refuses("it is a standby", "target_session_attrs=read-write")
        await exporter.is_not_ready("it is a standby")
        await both.fail_over()
        await exporter.goes_on()


async def test_a_database_that_takes_no_writes_is_waited_for(tmp_path: Path, server: Cluster) -> None:
    """If the database becomes read-only while the exporter runs, then it asks nothing more until it is not."""
    async with alone(tmp_path, server.url(), state_schema="read_only") as exporter:
        await exporter.goes_on()
        await server.read_only()
        try:
            await exporter.refuses("read-only transaction", "or make it writable")
        finally:
            await server.read_only(read_only=False)
        await exporter.goes_on()


async def test_a_schema_of_something_else_is_left_alone(tmp_path: Path, server: Cluster) -> None:
    """If the schema holds something else, then that is said, nothing is written, and it goes on once it is free."""
    await server.execute("CREATE SCHEMA payroll AUTHORIZATION wolkvox")
    await server.execute("CREATE TABLE payroll.salary AS SELECT 7 AS amount")
    async with alone(tmp_path, server.url(), state_schema="payroll") as exporter:
        await exporter.refuses("the schema payroll holds something else", "name another schema in state_schema")
        await exporter.is_not_ready("the schema payroll holds something else")
        assert await server.tables("payroll") == ["salary"]
        assert await server.execute("SELECT amount FROM payroll.salary") == [(7,)]
        await server.execute("DROP TABLE payroll.salary")
        await exporter.goes_on()


async def test_a_later_schema_is_left_alone(tmp_path: Path, server: Cluster) -> None:
    """If a later version has made the schema, then that is said, and nothing of it changes."""
    async with alone(tmp_path, server.url(), state_schema="later") as exporter:
        await exporter.goes_on()
    # what it had sent may be done yet
    await server.end_sessions()
    contents = "SELECT name, version, content, note FROM later.operation"
    before = await server.execute(contents)
    await server.execute("UPDATE later.about SET version = 99")
    async with alone(tmp_path, server.url(), state_schema="later") as exporter:
        await exporter.refuses("is of version 99, which a later version of the exporter has made", "use that version")
        await exporter.is_not_ready("use that version")
        assert await server.execute("SELECT version FROM later.about") == [(99,)]
        assert await server.execute(contents) == before
        await server.execute("UPDATE later.about SET version = 1")
        await exporter.goes_on()


@asynccontextmanager
async def small_disk(folder: Path) -> AsyncIterator[Path]:
    """Mount a disk of four megabytes that PostgreSQL may write to."""
    folder.mkdir()  # noqa: ASYNC240 - at once
    mount = ("mount", "-t", "tmpfs", "-o", "size=4m", "small", folder)
    await require("mounting a small disk needs root: sudo make test", *mount)
    try:
        give_away(folder)
        yield folder
    finally:
        await run("umount", "--lazy", folder)


async def test_a_full_disk_is_waited_for(tmp_path: Path) -> None:
    """If the database's disk is full, then that is said and nothing is asked, and it goes on once there is room."""
    # beside a server's own folder, where its user may look
    async with cluster() as server, small_disk(server.folder.with_name("disk")) as disk:
        await server.script(f"CREATE TABLESPACE small LOCATION '{disk}'")
        await server.execute("ALTER ROLE wolkvox SET default_tablespace = small")
        await server.execute("GRANT CREATE ON TABLESPACE small TO wolkvox")
        (filling := disk / "filling").write_bytes(bytes(2**22 - 2**14))
        async with alone(tmp_path, server.url()) as exporter:
            await exporter.refuses("No space left on device", "make room on the database's disk")
            await exporter.is_not_ready("No space left on device")
            filling.unlink()
            await exporter.goes_on()


async def _reaches(database: Postgresql, attempts: int = 20) -> list[str]:
    """Return why it could not be reached, attempt by attempt, until it was."""
    reasons: list[str] = []
    while len(reasons) < attempts:
        try:
            await database.look(ANA, 15.0)
        except DatabaseError as error:
            reasons.append(error.reason)
        else:
            return reasons
    raise AssertionError(reasons)


@pytest.mark.parametrize("way", ["refuses", "hangs"])
async def test_a_host_that_is_gone_is_passed_over(server: Cluster, tmp_path: Path, way: str) -> None:
    """If the first of several hosts refuses, or does not answer at all, then the next one is used."""
    (file := tmp_path / "password").write_text(PASSWORDS[ROLE])
    async with Proxy(server.port).listening() as first:
        first.be(Way.HANGS)
        first.cut(cut=way == "refuses")
        hosts = f"127.0.0.1:{first.port},127.0.0.1:{server.port}"
        url = f"postgresql://{ROLE}@{hosts}/{ROLE}?target_session_attrs=read-write"
        # with leases that are shorter than libpq waits for a host
        database = opened(Database(url, "hosts", lease=3.0, password=Password(file)))
        try:
            reasons = await _reaches(database)
            assert set(reasons) <= {"the database does not answer in time"}
            assert (await database.look(ANA, 15.0)).members
            await server.end_sessions()
            # as does a connection that is lost
            await _reaches(database)
        finally:
            await database.close()


async def test_a_password_that_changes_is_read_anew(server: Cluster, tmp_path: Path) -> None:
    """If role and file get another password while connections are open, then the next connection has it."""
    await server.execute("CREATE ROLE changing LOGIN PASSWORD 'first'; GRANT CREATE ON DATABASE wolkvox TO changing")
    (file := tmp_path / "password").write_text("first\n")
    database = opened(Database(server.url("changing"), "changing", password=Password(file)))
    try:
        await database.look(ANA, 15.0)
        await server.execute("ALTER ROLE changing PASSWORD 'second'")
        await database.look(ANA, 15.0)
        await server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'changing'")
        with pytest.raises(DatabaseError, match="terminating connection"):
            await database.look(ANA, 15.0)
        with pytest.raises(DatabaseError, match="password authentication failed"):
            await database.look(ANA, 15.0)
        file.write_text("second\n")
        assert await _reaches(database) == []
    finally:
        await database.close()


async def test_without_the_extra_it_is_said_how_to_install_it(tmp_path: Path) -> None:
    """If psycopg is not installed, then the exporter does not start, and says what to install."""
    config = config_file(tmp_path, "http://127.0.0.1:9", {"a": {"token": "t-of-nobody"}}, state="postgresql://a@h/b")
    without = "import sys; sys.modules['psycopg'] = None; from wolkvox_exporter.__main__ import main; sys.exit(main())"
    ended = await run(sys.executable, "-c", without, f"--config.file={config}")
    assert ended.code == 1
    assert "state: PostgreSQL needs the extra postgresql; install it: pip install" in ended.err
    assert "wolkvox-exporter[postgresql]" in ended.err


async def test_what_is_no_database_that_is_supported_is_refused(tmp_path: Path) -> None:
    """If `state` is the address of something else, then the exporter does not start, and says what there is."""
    config = config_file(tmp_path, "http://127.0.0.1:9", {"a": {"token": "t-of-nobody"}}, state="redis://127.0.0.1/0")
    ended = await run(sys.executable, "-m", "wolkvox_exporter", f"--config.file={config}")
    assert ended.code == 1
    assert "state: this is no store that is supported: a folder, and PostgreSQL by its address" in ended.err
