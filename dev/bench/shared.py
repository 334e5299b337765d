"""What a database adds to polls, and what two replicas keep and write there in a day."""

import asyncio
import time
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from typing import TypeVar

from bench.fleet import FOLDER, SPREAD, Fleet, running
from bench.plan import MIB, Figures, Size
from bench.processes import MeasurementError, cpu
from bench.windows import Window, percentile
from support.postgresql import PASSWORDS, ROLE, Cluster, cluster, installed
from wolkvox_exporter.config.database import SCHEMA
from wolkvox_exporter.replicas.leases import Pace
from wolkvox_exporter.replicas.store import Lease, Member, Row
from wolkvox_exporter.storage.postgresql.database import Postgresql

_CALLS_AN_HOUR = 28
"""Of an operation with the default intervals: campaigns, AMD, and the day's quota."""
_HOURS, _MINUTES, _CHECKPOINT = 24, 60, 5
"""What is measured is an hour, with a checkpoint every five minutes, as PostgreSQL makes them by default."""
_TABLES = ("member", "lease", "operation")
_Result = TypeVar("_Result")


def shared(size: Size) -> Figures:
    """One poll a second without a state, with a folder and with a database; then an hour of two replicas at once."""
    if installed() is None:
        raise MeasurementError("PostgreSQL is not installed: apt-get install postgresql")
    return asyncio.run(_measured(size))


async def _measured(size: Size) -> Figures:
    async with cluster() as server:
        # tests do without
        await server.execute("ALTER SYSTEM SET fsync = on")
        await server.execute("SELECT pg_reload_conf()")
        address = f"{server.url()}?password={PASSWORDS[ROLE]}"
        none, folder = (_poll(size, state, server)[0] for state in ("", FOLDER))
        passfile = server.folder.with_name("passfile")
        passfile.write_text(f"127.0.0.1:{server.port}:{ROLE}:{ROLE}:{PASSWORDS[ROLE]}\n", encoding="ascii")
        passfile.chmod(0o600)
        own, of_the_database = _poll(size, server.url(passfile=f"{passfile}"), server)
        hour = _Hour(server, address)
        return {
            "CPU a poll without state, ms": 1000 * none,
            "CPU a poll, folder, ms": 1000 * folder,
            "CPU a poll, database, ms": 1000 * own,
            "the database's own CPU a poll, ms": 1000 * of_the_database,
            **await hour.figures(),
        }


def _poll(size: Size, state: str, server: Cluster) -> tuple[float, float]:
    """Return the processor time of one poll in seconds, of the exporter and of the database."""
    fleet = Fleet(size.package, size.operations, size.campaigns, size.even_interval, SPREAD, state=state)
    with running(fleet) as subject:
        before, database, since = cpu(subject.pid), cpu(server.pid), time.monotonic()
        time.sleep(max(size.seconds, size.even_interval))
        used, in_database = cpu(subject.pid) - before, cpu(server.pid) - database
        window = Window(since, time.monotonic())
        polls = sum(window.overlaps(answer.at, answer.at) for answer in subject.answers())
    return used / max(polls, 1), in_database / max(polls, 1)


class _Hour:
    """What two replicas do in an hour, as fast as it goes, with what an exporter has kept before."""

    def __init__(self, server: Cluster, address: str) -> None:
        self._server = server
        self._replicas = [Postgresql(lambda: address, SCHEMA) for _ in range(2)]
        self._pace = Pace()
        self._took: dict[str, list[float]] = {"note": [], "write": []}

    async def figures(self) -> Figures:
        """Do it, and return what was found."""
        rows = await self._kept()
        leases = [await self._taken(place) for place in range(len(rows))]
        before, files = await self._written(), await self._size()
        for minute in range(_MINUTES):
            await self._coordinate(leases)
            calls = (minute + 1) * _CALLS_AN_HOUR // _MINUTES - minute * _CALLS_AN_HOUR // _MINUTES
            for _ in range(calls):
                rows = [
                    await self._call(place, lease, *row)
                    for place, (lease, row) in enumerate(zip(leases, rows, strict=True))
                ]
            await self._rest(minute)
        written, size = await self._written() - before, await self._size()
        content = sum(len(content) for _, content in rows)
        for each in self._replicas:
            await each.close()
        return {
            "states as they are kept, all operations, MiB": content / MIB,
            "size of the database's tables after an hour, MiB": size / MIB,
            "the same, before it, MiB": files / MIB,
            "WAL of two replicas a day, MiB": written * _HOURS / MIB,
            "a note before a call, median, ms": 1000 * percentile(self._took["note"], 0.5),
            "a note before a call, 99th percentile, ms": 1000 * percentile(self._took["note"], 0.99),
            "a state after a call, median, ms": 1000 * percentile(self._took["write"], 0.5),
            "a state after a call, 99th percentile, ms": 1000 * percentile(self._took["write"], 0.99),
        }

    async def _kept(self) -> list[tuple[Row, bytes]]:
        view = await self._replicas[0].look(Member("r0", 0.0, "c"), self._pace.length)
        found = []
        for row in view.rows:
            _, content, _ = await self._replicas[0].read(row.name, row.server)
            found.append((row, content or b""))
        if not found or not all(content for _, content in found):
            raise MeasurementError("the exporter has kept no state in the database")
        return found

    async def _taken(self, place: int) -> Lease:
        lease = await self._of(place).take(f"token {place}", f"r{place % 2}", 0, 3600)
        if lease is None:
            raise MeasurementError("a lease cannot be had")
        return lease

    def _of(self, place: int) -> Postgresql:
        return self._replicas[place % 2]

    async def _coordinate(self, leases: Iterable[Lease]) -> None:
        """Look and renew as often as in a minute."""
        for number, each in enumerate(self._replicas):
            mine = [lease for lease in leases if lease.holder == f"r{number}"]
            for _ in range(round(60 / self._pace.look)):
                await each.look(Member(f"r{number}", 0.0, "c"), self._pace.length)
            for _ in range(round(60 / self._pace.renewal)):
                await each.renew(mine, 3600)

    async def _call(self, place: int, lease: Lease, row: Row, content: bytes) -> tuple[Row, bytes]:
        """Note a call, keep a state, and read both as the other replica does."""
        database, other = self._of(place), self._of(place + 1)
        note = b"x" * 400
        row = _later(row, await self._timed("note", database.note(lease, row, note)))
        await other.read(row.name, row.server)
        row = _later(row, await self._timed("write", database.write(lease, row, content)))
        await other.read(row.name, row.server)
        return row, content

    async def _timed(self, what: str, work: Awaitable[_Result]) -> _Result:
        since = time.monotonic()
        result = await work
        self._took[what].append(time.monotonic() - since)
        return result

    async def _rest(self, minute: int) -> None:
        """Do what autovacuum and the checkpointer do by themselves, which know no faster time."""
        for table in _TABLES:
            await self._server.execute("VACUUM {schema}.{table}", schema=SCHEMA, table=table)
        if (minute + 1) % _CHECKPOINT == 0:
            await self._server.execute("CHECKPOINT")

    async def _written(self) -> float:
        ((bytes_,),) = await self._server.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8")
        return float(bytes_)

    async def _size(self) -> float:
        ((bytes_,),) = await self._server.execute(
            "SELECT sum(pg_total_relation_size(c.oid))::float8 FROM pg_class c JOIN pg_namespace n "
            "ON n.oid = c.relnamespace WHERE n.nspname = 'wolkvox_exporter' AND c.relkind = 'r'"
        )
        return float(bytes_)


def _later(row: Row, version: int | None) -> Row:
    if version is None:
        raise MeasurementError("a row was not kept")
    return replace(row, version=version)
