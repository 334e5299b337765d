"""Servers that are no wolkvox: scripted answers, ears without a mouth, doors that do not open, proxies."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from urllib.parse import urlsplit

Handler = Callable[[str, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Answers one request; the first argument is its head."""
HOST = "127.0.0.1"
_NO_LINGER = struct.pack("ii", 1, 0)


class Server:
    """A server that writes down what reaches it."""

    def __init__(self, handle: Handler) -> None:
        self.url = ""
        self.connections = 0
        self.heads: list[str] = []
        self._handle = handle
        self._tasks: set[asyncio.Task[object]] = set()

    @property
    def targets(self) -> list[str]:
        """The first line of each request."""
        return [head.partition("\r\n")[0] for head in self.heads]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection with one request."""
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        # a cancelled task would end in a traceback of asyncio's own
        with suppress(OSError, EOFError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            await self._handle(head, reader, writer)
        writer.close()

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def serving(handle: Handler, ssl_context: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Serve by `handle` on a free port."""
    server = Server(handle)
    listener = await asyncio.start_server(server.serve, HOST, 0, ssl=ssl_context)
    server.url = f"{'https' if ssl_context else 'http'}://{HOST}:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        await server.close()


def replying(body: bytes, status: str = "200 OK", *headers: str) -> Handler:
    """Return a handler that answers with `body`."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers)
    return writing("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def writing(answer: bytes) -> Handler:
    """Return a handler that sends these bytes, or none, and closes the connection."""

    async def handle(_: str, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return handle


async def reset(_: str, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with a TCP RST."""
    hang_up(writer)


def hang_up(writer: asyncio.StreamWriter) -> None:
    """Break a connection by a TCP RST."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()


async def forward(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Handle a request as an HTTP proxy does: a tunnel for CONNECT, otherwise one plain request."""
    method, target, _ = head.split(" ", 2)
    tunnel = method == "CONNECT"
    address = urlsplit(f"//{target}" if tunnel else target)
    there, out = await asyncio.open_connection(address.hostname, address.port)
    if tunnel:
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    else:
        out.write(head.replace(f"{address.scheme}://{address.netloc}", "", 1).encode())
    try:
        await asyncio.gather(_pipe(reader, out), _pipe(there, writer))
    finally:
        out.close()
        with suppress(OSError):
            await out.wait_closed()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def breaking_handshakes(answer: bytes | None = None) -> AsyncIterator[str]:
    """Reset every connection as soon as it says something, or answer with these bytes and close it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        if answer is None:
            hang_up(writer)
        else:
            writer.write(answer)
            writer.close()

    async with await asyncio.start_server(handle, HOST, 0) as listener:
        yield f"{HOST}:{listener.sockets[0].getsockname()[1]}"


@contextmanager
def closed_port() -> Iterator[str]:
    """Give an address that refuses connections: it is taken, and nobody listens there."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        yield f"{HOST}:{taken.getsockname()[1]}"


@contextmanager
def silent() -> Iterator[str]:
    """Give an address where connections are accepted by the kernel and nobody ever says a word."""
    with socket.create_server((HOST, 0)) as listener:
        yield f"{HOST}:{listener.getsockname()[1]}"


@contextmanager
def full() -> Iterator[str]:
    """Give an address where connection requests are dropped, as a firewall does: its queue is full."""
    with socket.create_server((HOST, 0), backlog=0) as listener, suppress(BlockingIOError):
        waiting = [socket.socket() for _ in range(4)]
        try:
            for caller in waiting:
                caller.settimeout(0)
                with suppress(BlockingIOError):
                    caller.connect(listener.getsockname())
            yield f"{HOST}:{listener.getsockname()[1]}"
        finally:
            for caller in waiting:
                caller.close()
