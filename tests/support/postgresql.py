"""A PostgreSQL of the tests' own: started, stopped, frozen, replaced, and gone with the test."""

import asyncio
import os
import pwd
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from support.processes import GRACE, PATIENCE, environment
from support.tools import unavailable

OWNER, ROLE = "postgres", "wolkvox"
"""Who may all, and the exporter's role, which owns its database."""
PASSWORDS = {OWNER: "of-the-owner", ROLE: "of-the-role"}
_SETTINGS = {
    # what is killed here is never the machine
    "fsync": "off",
    "listen_addresses": "'127.0.0.1'",
    "log_destination": "stderr",
    "wal_level": "replica",
    "max_wal_senders": "4",
    "hot_standby": "on",
    "shared_buffers": "16MB",
}


def installed() -> Path | None:
    """Return the folder of the newest PostgreSQL's own programs, if there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if found:
        return found[-1]
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).parent if elsewhere else None


def programs() -> Path:
    """Return it; where there is none the test is skipped, or fails on a CI machine."""
    return installed() or unavailable("PostgreSQL is not installed: apt-get install postgresql")


@dataclass
class Cluster:
    """A server with a database for exporters, that listens on a port of its own while it runs."""

    folder: Path
    port: int
    pid: int = 0

    def url(self, role: str = ROLE, **parameters: str) -> str:
        """Return what a configuration says of it; the password is not in there."""
        asked = "&".join(f"{key}={value}" for key, value in parameters.items())
        return f"postgresql://{role}@127.0.0.1:{self.port}/{ROLE}" + (f"?{asked}" if asked else "")

    async def execute(self, statement: LiteralString, **names: str) -> list[tuple[Any, ...]]:
        """Run a statement as the owner of all, with names put in, and return its rows."""
        whole = sql.SQL(statement).format(**{key: sql.Identifier(name) for key, name in names.items()})
        async with await self._connected() as connection:
            cursor = await connection.execute(whole)
            return await cursor.fetchall() if cursor.description else []

    async def script(self, text: str) -> None:
        """Run a script as the owner of all."""
        async with await self._connected() as connection:
            await connection.execute(text.encode())

    async def tables(self, schema: str) -> list[str]:
        """Return the names of the tables in a schema."""
        asked = "SELECT tablename::text FROM pg_tables WHERE schemaname = %s ORDER BY 1"
        async with await self._connected() as connection:
            return [name for (name,) in await (await connection.execute(asked, [schema])).fetchall()]

    async def _connected(self) -> psycopg.AsyncConnection[tuple[Any, ...]]:
        return await psycopg.AsyncConnection.connect(self.url(OWNER), password=PASSWORDS[OWNER], autocommit=True)

    async def create(self) -> None:
        """Make it from nothing, and start it."""
        await _init(self)
        await self.start()
        await _create_database(self)

    async def remove(self) -> None:
        """Stop it whatever it does, and leave nothing of it."""
        if self.pid:
            self.freeze(frozen=False)
            await self.stop("immediate")
        # in a thread: whoever looks on the clock goes on meanwhile
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    async def start(self) -> None:
        """Start it, and return once it takes connections."""
        await run("pg_ctl", "start", "--wait", "--pgdata", self.folder, "--log", self.folder / "log")
        self.pid = int((self.folder / "postmaster.pid").read_text(encoding="ascii").split("\n")[0])

    async def stop(self, mode: str = "fast", *, wait: bool = True) -> None:
        """Stop it: `smart`, `fast` or `immediate`; it is stopped on return, or will be in its own time."""
        await run("pg_ctl", "stop", "--wait" if wait else "--no-wait", "--mode", mode, "--pgdata", self.folder)
        self.pid = 0 if wait else self.pid

    async def reload(self) -> None:
        """Let it read its settings anew."""
        await self.execute("SELECT pg_reload_conf()")

    async def end_sessions(self) -> None:
        """End the sessions of all others."""
        await self.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'wolkvox'")

    async def read_only(self, *, read_only: bool = True) -> None:
        """Take no writes, or take them again."""
        await self.execute(
            "ALTER SYSTEM SET default_transaction_read_only = on"
            if read_only
            else "ALTER SYSTEM RESET default_transaction_read_only"
        )
        await self.reload()
        await self.end_sessions()

    def freeze(self, *, frozen: bool = True) -> None:
        """Stop all its processes where they are, or let them go on."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split()
        for pid in [self.pid, *map(int, children)]:
            # of a connection that has just ended
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP if frozen else signal.SIGCONT)


@asynccontextmanager
async def cluster() -> AsyncIterator[Cluster]:
    """Run one meanwhile, with a role and a database for exporters."""
    folder = Path(mkdtemp(prefix="wolkvox-postgresql-"))
    give_away(folder)
    made = Cluster(folder / "data", free_port())
    try:
        await made.create()
        yield made
    finally:
        await made.remove()
        shutil.rmtree(folder)


async def until(cluster: Cluster, statement: LiteralString) -> None:
    """Return as soon as a statement says yes."""
    async with asyncio.timeout(PATIENCE):
        while not (await cluster.execute(statement))[0][0]:  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.05)


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def _init(made: Cluster) -> None:
    secret = made.folder.with_name("password")
    secret.write_text(PASSWORDS[OWNER], encoding="ascii")
    give_away(secret)
    await run(
        *("initdb", "--pgdata", made.folder, "--username", OWNER, "--pwfile", secret),
        *("--auth", "scram-sha-256", "--no-sync", "--no-locale", "--encoding", "UTF8"),
    )
    settings = {**_SETTINGS, "port": str(made.port), "unix_socket_directories": f"'{made.folder}'"}
    with (made.folder / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.writelines(f"{key} = {value}\n" for key, value in settings.items())


async def _create_database(made: Cluster) -> None:
    address = made.url(OWNER).replace(f"/{ROLE}", "/postgres")
    async with await psycopg.AsyncConnection.connect(address, password=PASSWORDS[OWNER], autocommit=True) as owner:
        await owner.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(ROLE), PASSWORDS[ROLE]))
        await owner.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(ROLE)))


def give_away(path: Path) -> None:
    """Let PostgreSQL's own user have what root has made: as root it does not run."""
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(path, user.pw_uid, user.pw_gid)


async def run(name: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's own programs, as its own user."""
    as_user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    process = await asyncio.create_subprocess_exec(
        programs() / name,
        *map(str, arguments),
        stdin=asyncio.subprocess.DEVNULL,
        # a server that is started keeps the pipes
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd="/",
        env=environment() | {"LC_ALL": "C"},
        **as_user,  # type: ignore[arg-type]
    )
    async with asyncio.timeout(PATIENCE + GRACE):
        assert await process.wait() == 0, name
