"""Names to addresses, by the system's own means: hosts file, name servers, whatever else it is told to ask."""

import socket
from functools import partial

from aiohttp.abc import AbstractResolver, ResolveResult

from wolkvox_exporter.runtime.concurrency import bounded

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
# no IPv6 where this host has none
_ONES_OWN = socket.AI_ADDRCONFIG


class Resolver(AbstractResolver):
    """Looks names up in threads that the process does not wait for when it ends.

    Those of the library are waited for: a name server that does not answer would hold up the end for half a minute.
    `patience` is how long an answer may take, in seconds.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name; raises `OSError` if there are none, or none in time."""
        try:
            return await bounded(partial(_addresses, host, port, family), self._patience, ("name", host, port, family))
        except TimeoutError:
            # with a number, since the library takes one without for the connection's
            raise socket.gaierror(socket.EAI_AGAIN, "no answer in time") from None

    async def close(self) -> None:
        """Leave what hangs to itself."""


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
