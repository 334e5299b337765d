"""A connection to PostgreSQL that is opened when it is needed, and given up as soon as it does not answer in time."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from wolkvox_exporter.replicas.store import DatabaseError
from wolkvox_exporter.storage.postgresql.errors import explained, slow

_Result = TypeVar("_Result")
Opened = AsyncConnection[TupleRow]
Conninfo = Callable[[], str]
"""Raises `DatabaseError` where there is no password to be had."""
Prepare = Callable[[Opened], Awaitable[None]]


async def connected(conninfo: str) -> Opened:
    """Return a connection that prepares no statements: behind a pooler the next one may go over another connection.

    Texts are UTF-8, whatever database or environment say: in a database of SQL_ASCII they would be bytes.
    """
    return await AsyncConnection.connect(conninfo, autocommit=True, prepare_threshold=None, client_encoding="UTF8")


class Connection:
    """Does one thing at a time, each within `patience` seconds; what is not done by then may have been done.

    Only connecting may take longer, as long as libpq allows: it goes on, for whoever asks next.

    `conninfo` returns libpq's, anew for each connection, as its password may have changed; `prepare` is done first when
    it is opened.
    """

    def __init__(self, conninfo: Conninfo, patience: float, prepare: Prepare) -> None:
        self._conninfo = conninfo
        self._patience = patience
        self._prepare = prepare
        self._busy = asyncio.Lock()
        self._opened: Opened | None = None
        self._connecting: asyncio.Task[Opened] | None = None

    async def do(self, work: Callable[[Opened], Awaitable[_Result]]) -> _Result:
        """Do some work with the connection, and return what it does. Raises `DatabaseError`."""
        try:
            async with asyncio.timeout(self._patience), self._busy:
                return await self._within(work)
        except TimeoutError:
            raise slow() from None

    async def close(self) -> None:
        """Give the connection back, as far as the server takes part."""
        opened, self._opened = self._opened, None
        if opened:
            await opened.close()
        connecting, self._connecting = self._connecting, None
        if connecting:
            connecting.cancel()
            await asyncio.wait({connecting})
            if not connecting.cancelled() and not connecting.exception():
                await connecting.result().close()

    async def _within(self, work: Callable[[Opened], Awaitable[_Result]]) -> _Result:
        # the library would wait for a server that does not answer in order to cancel
        task = asyncio.create_task(self._done(work))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_heard)
            if not task.done():
                self._abandon(task)
            raise

    def _abandon(self, task: "asyncio.Task[Any]") -> None:
        """Wait for work no longer: who comes next makes another connection, and the work finds this one closed."""
        opened, self._opened = self._opened, None
        if opened:
            _hang_up(opened)
        else:
            task.cancel()

    async def _done(self, work: Callable[[Opened], Awaitable[_Result]]) -> _Result:
        opened = self._opened
        try:
            if opened is None or opened.closed:
                self._opened = None
                opened = self._opened = await self._connected()
                await self._prepare(opened)
            return await work(opened)
        except (psycopg.Error, DatabaseError) as error:
            # another may be there by now, if nobody waits for this one any more
            if self._opened is opened:
                self._opened = None
            raise (explained(error) if isinstance(error, psycopg.Error) else error) from None
        finally:
            if opened and self._opened is not opened:
                await opened.close()

    async def _connected(self) -> Opened:
        """Return a new connection: hosts before the right one take their time, and whoever asks next waits on."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(connected(self._conninfo()))
            self._connecting.add_done_callback(_heard)
        connecting = self._connecting
        await asyncio.wait({connecting})
        self._connecting = None
        return connecting.result()


@contextmanager
def impatient(opened: Opened, seconds: float) -> Iterator[None]:
    """Hang up if what is done meanwhile takes longer, which then raises an error of psycopg's."""
    late = asyncio.get_running_loop().call_later(seconds, _hang_up, opened)
    try:
        yield
    finally:
        late.cancel()


def _hang_up(opened: Opened) -> None:
    """End a connection under the library, which then finds it closed rather than waiting."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(opened.fileno())) as raw:
        raw.shutdown(socket.SHUT_RDWR)


def _heard(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled():
        task.exception()
