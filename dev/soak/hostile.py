"""Bad clients: they ask and do not read, do not finish asking, say nothing, or go away in the middle."""

import asyncio
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress

_REQUEST = b"GET /metrics HTTP/1.1\r\nHost: exporter\r\nAccept-Encoding: identity\r\n\r\n"
_NO_LINGER = struct.pack("ii", 1, 0)
_HOLD = 20.0
"""Seconds that a connection is held."""
_EACH = 2
"""Clients of each kind at a time."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def run(host: str, port: int) -> None:
    """Be hostile until cancelled."""
    async with asyncio.TaskGroup() as group:
        for number in range(_EACH):
            for act in (_read_slowly, _ask_half, _say_nothing, _go_away, _ask_too_much, _talk_nonsense):
                group.create_task(_again_and_again(act, host, port, number))


async def _again_and_again(act: Callable[[Streams], Awaitable[None]], host: str, port: int, seed: int) -> None:
    await asyncio.sleep(seed)
    while True:
        with suppress(OSError, EOFError):
            await _once(act, host, port)
        await asyncio.sleep(0.5)


async def _once(act: Callable[[Streams], Awaitable[None]], host: str, port: int) -> None:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    connection.setblocking(False)  # noqa: FBT003 - the library's own signature
    await asyncio.get_running_loop().sock_connect(connection, (host, port))
    streams = await asyncio.open_connection(sock=connection, limit=1024)
    try:
        await act(streams)
    finally:
        streams[1].transport.abort()


async def _read_slowly(streams: Streams) -> None:
    streams[1].write(_REQUEST * 20)
    for _ in range(int(_HOLD)):
        await streams[0].read(64)
        await asyncio.sleep(1)


async def _ask_half(streams: Streams) -> None:
    streams[1].write(_REQUEST[:40])
    await asyncio.sleep(_HOLD)


async def _say_nothing(_: Streams) -> None:
    await asyncio.sleep(_HOLD)


async def _go_away(streams: Streams) -> None:
    streams[1].write(_REQUEST)
    await asyncio.sleep(random.uniform(0, 0.01))  # noqa: S311 - at any moment


async def _ask_too_much(streams: Streams) -> None:
    streams[1].write(_REQUEST * 200)
    await asyncio.sleep(2)


async def _talk_nonsense(streams: Streams) -> None:
    streams[1].write(random.randbytes(2048) + b"\r\n\r\n")  # noqa: S311 - any bytes will do
    await streams[0].read()
    await asyncio.sleep(1)
