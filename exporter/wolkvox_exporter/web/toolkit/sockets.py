"""Sockets that listen: all that an address of the flag `--web.listen-address` stands for."""

import errno
import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, TypeAlias

import structlog

from wolkvox_exporter.runtime.concurrency import in_thread
from wolkvox_exporter.runtime.plain_error import PlainError
from wolkvox_exporter.web.toolkit.address import Address, shown

_BACKLOG = 128
_EVERY = ("0.0.0.0", "::")  # noqa: S104 - this is what `:port` says
_NOT_OF_THIS_MACHINE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_AS_NUMBERS = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV

_Candidate: TypeAlias = tuple[socket.AddressFamily, tuple[Any, ...]]

log = structlog.get_logger()


class AddressError(PlainError):
    """The address cannot be had."""

    def __init__(self, address: Address, reason: str) -> None:
        super().__init__(f"cannot listen on {shown(address)} ({reason}); choose with --web.listen-address")


async def listening(addresses: Sequence[Address]) -> list[socket.socket]:
    """Return sockets that listen on all of the addresses; raises `AddressError`, and leaves none open, otherwise.

    A host name stands for all its addresses that this machine has, every address for those of IPv4 and of IPv6. Where
    the port is the system's choice, it is the same for all that one address of the flag stands for.
    """
    for number, address in enumerate(addresses):
        if address[1] and address in addresses[:number]:
            raise AddressError(address, "it is given twice")
    with ExitStack() as opened:
        found: list[socket.socket] = []
        for address in addresses:
            try:
                found += await _all_of(address, opened)
            except OSError as error:
                raise AddressError(address, _reason(error, address, found)) from None
        opened.pop_all()
    return found


def name(listener: socket.socket) -> Address:
    """Return host and port that a socket listens on."""
    host, port = socket.getnameinfo(listener.getsockname(), _AS_NUMBERS)
    return host, int(port)


async def _all_of(address: Address, opened: ExitStack) -> list[socket.socket]:
    """Return the sockets of one address of the flag, for which `opened` answers; raises `OSError`."""
    host, port = address
    found: list[socket.socket] = []
    left_out: list[str] = []
    missing: OSError | None = None
    for family, where in await _resolved(address):
        try:
            listener = socket.create_server((where[0], port, *where[2:]), family=family, backlog=_BACKLOG)
        except OSError as error:
            if error.errno not in _NOT_OF_THIS_MACHINE:
                raise
            left_out.append(where[0])
            missing = error
        else:
            found.append(opened.enter_context(listener))
            port = name(listener)[1]
    if missing and not found:
        raise missing
    # a machine may have one family only, but whoever is given a name may be led to any of its addresses
    if left_out and host is not None:
        log.warning("not listening", name=host, addresses=", ".join(left_out), reason="this machine does not have them")
    return found


async def _resolved(address: Address) -> list[_Candidate]:
    """Return families and addresses of sockets, each once; raises `OSError`."""
    host, port = address
    found: dict[_Candidate, None] = {}
    for each in _EVERY if host is None else (host,):
        for family, *_, where in await in_thread("name", socket.getaddrinfo, each, port, type=socket.SOCK_STREAM):
            found[family, where] = None
    return list(found)


def _reason(error: OSError, address: Address, found: Sequence[socket.socket]) -> str:
    if isinstance(error, socket.gaierror):
        return "no such address" if error.errno == socket.EAI_NONAME else str(error.strerror)
    if error.errno == errno.EADDRINUSE and address[1] in {name(listener)[1] for listener in found}:
        return f"{os.strerror(error.errno)}, perhaps by another of the addresses given"
    return os.strerror(error.errno) if error.errno else str(error)
