"""A body that is made while it is sent."""

import asyncio
from collections.abc import Iterable

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

SMALL = 64 * 1024
"""Bytes of a body that is made and sent at once."""


def streamed(length: int, parts: Iterable[bytes]) -> bytes | Payload:
    """Return a body of `length` bytes in all."""
    return b"".join(parts) if length <= SMALL else _Streamed(length, parts)


class _Streamed(Payload):
    def __init__(self, length: int, parts: Iterable[bytes]) -> None:
        super().__init__(parts)
        self._parts = parts
        self._length = length

    @property
    def size(self) -> int:
        """Bytes in all, for the head of the answer."""
        return self._length

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send, and return once the client has taken all of it; others have the event loop between two parts."""
        for part in self._parts:
            await writer.write(part)
            await asyncio.sleep(0)
        await writer.drain()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Refuse: the whole is nowhere."""
        raise TypeError(f"this is sent, never kept as text ({encoding}, {errors})")
