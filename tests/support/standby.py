"""Two PostgreSQL of which one follows the other, and takes its place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import LiteralString

from support.postgresql import OWNER, PASSWORDS, Cluster, free_port, give_away, run, until


class Pair:
    """A primary and its streaming standby; which of both is which changes."""

    def __init__(self, folder: Path) -> None:
        self.primary, self.standby = (Cluster(folder / name, free_port()) for name in ("a", "b"))
        self.ports = self.primary.port, self.standby.port
        """Of both, in an order that stays."""

    async def create(self) -> None:
        """Make both from nothing."""
        await self.primary.create()
        await self._follow()

    async def remove(self) -> None:
        """Leave nothing of them."""
        for each in (self.standby, self.primary):
            await each.remove()

    async def make_anew(self) -> None:
        """Put others in their places."""
        await self.remove()
        await self.create()

    async def be_synchronous(self, *, synchronous: bool = True) -> None:
        """Acknowledge nothing that the standby has not got, or do not wait for it."""
        await self.primary.execute(
            "ALTER SYSTEM SET synchronous_standby_names = '*'"
            if synchronous
            else "ALTER SYSTEM RESET synchronous_standby_names"
        )
        await self.primary.reload()

    async def part(self) -> None:
        """Let the standby hear of nothing more: what is acknowledged from now on is lost if it takes over."""
        await self.standby.execute("ALTER SYSTEM SET primary_conninfo = ''")
        await self.standby.reload()
        await until(self.primary, "SELECT NOT EXISTS (SELECT FROM pg_stat_replication)")

    async def fail_over(self) -> None:
        """Let the primary be gone, and the standby take its place, without a standby as yet."""
        await self.primary.stop("immediate")
        await run("pg_ctl", "promote", "--wait", "--pgdata", self.standby.folder)
        self.primary, self.standby = self.standby, self.primary
        await self.be_synchronous(synchronous=False)

    async def follow(self) -> None:
        """Let the former primary be the standby, from a copy."""
        await self.standby.remove()
        await self._follow()

    async def _follow(self) -> None:
        primary, standby = self.primary, self.standby
        conninfo = f"postgresql://{OWNER}:{PASSWORDS[OWNER]}@127.0.0.1:{primary.port}/postgres"
        arguments = ("--pgdata", standby.folder, "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
        await run("pg_basebackup", "--dbname", conninfo, *arguments)
        with (standby.folder / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"port = {standby.port}\nunix_socket_directories = '{standby.folder}'\n")
        await standby.start()
        await until(primary, _STREAMS)


_STREAMS: LiteralString = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')"


@asynccontextmanager
async def pair() -> AsyncIterator[Pair]:
    """Run two meanwhile."""
    folder = Path(mkdtemp(prefix="wolkvox-postgresql-"))
    give_away(folder)
    made = Pair(folder)
    try:
        await made.create()
        yield made
    finally:
        await made.remove()
        rmtree(folder)
