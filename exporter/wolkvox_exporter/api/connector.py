"""Connections to the API: bounded in time as a whole, and how far each comes is noted."""

import asyncio
import socket
import ssl
from contextvars import ContextVar
from functools import partial

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from wolkvox_exporter.api import failures
from wolkvox_exporter.api.phases import Connecting
from wolkvox_exporter.api.resolver import Resolver

_CONNECTING: ContextVar[Connecting] = ContextVar("connecting")


class Connector(aiohttp.TCPConnector):
    """Makes a connection for each call; name, TCP, proxy and TLS together may take `bound` seconds.

    What goes wrong on the way is an `ApiError` that says which of them it was.
    """

    def __init__(self, context: ssl.SSLContext, bound: float) -> None:
        # a pooled connection would be dead at the next poll, and the library would retry on its own
        super().__init__(ssl=context, resolver=Resolver(bound), socket_factory=_new_socket, force_close=True)
        self._bound = bound
        # the library asks for a protocol when TCP is there, and for another one when the proxy has made its tunnel
        self._factory = partial(_connected, self._factory)

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the library's own
    ) -> Connection:
        """Return a connection; raises `ApiError`."""
        connecting = Connecting(self._bound, proxied=req.proxy is not None, encrypted=req.is_ssl())
        _CONNECTING.set(connecting)
        # raised outside the handler: the library's exceptions carry the proxy's password
        try:
            async with asyncio.timeout(self._bound):
                return await super().connect(req, traces, timeout)
        except TimeoutError:
            failure = failures.too_slow(connecting)
        except Exception as error:  # noqa: BLE001 - whatever the library or the operating system throws is told apart there
            failure = failures.not_connected(error, connecting)
        raise failure


def _new_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    _CONNECTING.get().opening()
    family, kind, protocol, *_ = address
    return socket.socket(family, kind, protocol)


def _connected(protocol: "partial[ResponseHandler]") -> ResponseHandler:
    _CONNECTING.get().connected()
    return protocol()
