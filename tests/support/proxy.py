"""What lies between a program and a server: connections that are passed on, cut, left hanging, or answered no more."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum

_HOST = "127.0.0.1"
_AT_ONCE = 65536


class Way(StrEnum):
    """What becomes of what is sent."""

    PASSES = "passes"
    HANGS = "hangs"
    """Nothing arrives, and nobody is told; it does as soon as it passes again."""
    LOSES_ANSWERS = "loses answers"
    """What is asked arrives, what is answered does as soon as it passes again, if anybody waits."""


class Proxy:
    """Passes connections on to a port of this machine, as long as it is told to."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.is_cut = False
        """Whether connections are closed as soon as they are made."""
        self._passes = {True: asyncio.Event(), False: asyncio.Event()}
        """Whether questions, and answers, arrive."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.be(Way.PASSES)

    def be(self, way: Way) -> None:
        """Let what is sent from now on, and on its way already, fare otherwise."""
        blocked = {Way.PASSES: (), Way.HANGS: (True, False), Way.LOSES_ANSWERS: (False,)}[way]
        for is_question, passes in self._passes.items():
            (passes.clear if is_question in blocked else passes.set)()

    def cut(self, *, cut: bool = True) -> None:
        """Reset all connections, and refuse new ones; or take them again."""
        self.is_cut = cut
        for writer in list(self._writers) if cut else ():
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            _reset(writer)
            return
        try:
            back, forth = await asyncio.open_connection(_HOST, self.target)
        except OSError:
            _reset(writer)
            return
        both = {writer, forth}
        self._writers |= both
        copies = [
            asyncio.create_task(self._copy(reader, forth, is_question=True)),
            asyncio.create_task(self._copy(back, writer, is_question=False)),
        ]
        self._tasks.update(copies)
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        for copy in copies:
            copy.cancel()
        self._tasks.difference_update(copies)
        self._writers -= both
        for each in both:
            each.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_question: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(_AT_ONCE):
                await self._passes[is_question].wait()
                writer.write(data)
                await writer.drain()
            await self._passes[is_question].wait()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Proxy"]:
        """Take connections meanwhile, on a free port."""
        server = await asyncio.start_server(self._serve, _HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            for task in self._tasks:
                task.cancel()


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    with suppress(OSError):
        # with nothing said, as of a machine that is gone
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()
