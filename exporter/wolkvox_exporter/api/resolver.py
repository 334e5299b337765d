"""Names to addresses, by the system's own means: hosts file, name servers, whatever else it is told to ask."""

import asyncio
import math
import socket
import time
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

from wolkvox_exporter.runtime.concurrency import bounded

KEPT = 900.0
"""Seconds for which an answer that came late is used where the next one is late, too."""
PATIENCE = 2.0
"""Seconds, at most, that the next one has before; RFC 8767 has name servers do the same, after 1.8."""
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
# no IPv6 where this host has none
_ONES_OWN = socket.AI_ADDRCONFIG
_Asked: TypeAlias = tuple[str, int, socket.AddressFamily]


@dataclass(frozen=True, slots=True)
class _Late:
    """What a slow look-up has found, and when."""

    addresses: list[ResolveResult]
    came: float


_LATE: dict[_Asked, _Late] = {}


class Resolver(AbstractResolver):
    """Looks names up in threads that the process does not wait for when it ends.

    Those of the library are waited for: a name server that does not answer would hold up the end for half a minute.
    An answer may take as long as whoever asks waits; a look-up goes on without them. One that took more than half of
    the `bound` seconds in which a connection is to be made may have come too late: it is kept for the next call.
    """

    def __init__(self, bound: float) -> None:
        self._late_after = bound / 2
        self._patience = min(PATIENCE, bound / 4)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name; raises `OSError` if there are none."""
        asked = (host, port, family)
        late = _LATE.get(asked)
        if late is None or time.monotonic() - late.came > KEPT:
            return await self._look_up(asked)
        try:
            async with asyncio.timeout(self._patience):
                return await self._look_up(asked)
        except TimeoutError:
            return late.addresses

    async def _look_up(self, asked: _Asked) -> list[ResolveResult]:
        # once at a time for each name, and shared
        return await bounded(partial(_found, asked, self._late_after), math.inf, ("name", *asked))

    async def close(self) -> None:
        """Leave what hangs to itself."""


def _found(asked: _Asked, late_after: float) -> list[ResolveResult]:
    began = time.monotonic()
    addresses = _addresses(*asked)
    came = time.monotonic()
    if came - began > late_after:
        _LATE[asked] = _Late(addresses, came)
    else:
        _LATE.pop(asked, None)
    return addresses


def _addresses(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    results = []
    try:
        found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, _ONES_OWN)
    except OSError:
        # without a file to open, the system says that there is no such name, or something worse
        socket.socket().close()
        raise
    for kind, _, proto, _, address in found:
        # with the scope of a link-local address
        numeric, _ = socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
        results.append(ResolveResult(hostname=host, host=numeric, port=port, family=kind, proto=proto, flags=_NUMERIC))
    return results
