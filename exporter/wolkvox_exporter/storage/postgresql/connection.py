"""A connection to PostgreSQL that is opened when it is needed, and given up as soon as it does not answer in time."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

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
    """Return a connection that prepares no statements: behind a pooler the next one may go over another connection."""
    return await AsyncConnection.connect(conninfo, autocommit=True, prepare_threshold=None)


class Connection:
    """Does one thing at a time, each within `patience` seconds; what is not done by then may have been done.

    `conninfo` returns libpq's, anew for each connection, as its password may have changed; `prepare` is done first when
    it is opened.
    """

    def __init__(self, conninfo: Conninfo, patience: float, prepare: Prepare) -> None:
        self._conninfo = conninfo
        self._patience = patience
        self._prepare = prepare
        self._busy = asyncio.Lock()
        self._opened: Opened | None = None

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

    async def _within(self, work: Callable[[Opened], Awaitable[_Result]]) -> _Result:
        # the library would wait for a server that does not answer in order to cancel
        task = asyncio.create_task(self._done(work))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if self._opened:
                _hang_up(self._opened)
            else:
                task.cancel()
            self._opened = None
            task.add_done_callback(_heard)
            raise

    async def _done(self, work: Callable[[Opened], Awaitable[_Result]]) -> _Result:
        try:
            if self._opened is None or self._opened.closed:
                self._opened = None
                opened = await connected(self._conninfo())
                self._opened = opened
                await self._prepare(opened)
            return await work(self._opened)
        except psycopg.Error as error:
            broken, self._opened = self._opened, None
            if broken:
                await broken.close()
            raise explained(error) from None
        except DatabaseError:
            await self.close()
            raise


def _hang_up(opened: Opened) -> None:
    """End a connection under the library, which then finds it closed rather than waiting."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(opened.fileno())) as raw:
        raw.shutdown(socket.SHUT_RDWR)


def _heard(task: "asyncio.Task[object]") -> None:
    if not task.cancelled():
        task.exception()
