"""Where connections arrive: how many there may be, and TLS before anything is said."""

import asyncio
import math
import ssl
from collections.abc import Mapping, Sequence
from typing import cast

import structlog
from aiohttp import web

from wolkvox_exporter.web.toolkit import sockets, tls
from wolkvox_exporter.web.toolkit.address import Address, shown
from wolkvox_exporter.web.toolkit.connection import Connection
from wolkvox_exporter.web.toolkit.watcher import WatchedConfig

MOST_CONNECTIONS = 256
"""Connections at a time; for one more the oldest that waits for a request is closed, or else the new one."""
HANDSHAKE_TIMEOUT = 10.0
"""Seconds that a TLS handshake may take."""
_CLOSING_TIMEOUT = 5.0
_LOG_AGAIN = 60.0
_NO_CERTIFICATE = "the web configuration file cannot be used"

log = structlog.get_logger()


class _OnceAMinute:
    """Lets a line into the log once a minute, whatever happens how often."""

    def __init__(self) -> None:
        self._logged = -math.inf
        self._unlogged = 0

    def line(self) -> Mapping[str, int] | None:
        """Return what belongs on a line that may be logged now, how many were not, or None."""
        now = asyncio.get_running_loop().time()
        if now - self._logged < _LOG_AGAIN:
            self._unlogged += 1
            return None
        self._logged, unlogged, self._unlogged = now, self._unlogged, 0
        return {"unlogged": unlogged} if unlogged else {}


class Listener(web.BaseSite):
    """Listens on addresses; with a certificate in the web configuration file connections begin with a handshake."""

    __slots__ = ("_crowded", "_handshakes", "_refused", "_servers", "_wanted", "_web_config", "addresses")

    def __init__(
        self, runner: web.AppRunner, wanted: Sequence[Address], web_config: WatchedConfig | None = None
    ) -> None:
        super().__init__(runner)
        self.addresses: Sequence[Address] = ()
        """Where it listens."""
        self._wanted = wanted
        self._servers: list[asyncio.Server] = []
        self._web_config = web_config if web_config and web_config.uses_tls else None
        self._handshakes: dict[asyncio.Task[None], asyncio.Transport] = {}
        self._crowded, self._refused = _OnceAMinute(), _OnceAMinute()

    @property
    def name(self) -> str:
        """The addresses as URLs begin."""
        scheme = "https" if self._web_config else "http"
        return ", ".join(f"{scheme}://{shown(address)}" for address in self.addresses or self._wanted)

    async def start(self) -> None:
        """Listen on all addresses; raises `AddressError`."""
        await super().start()
        listening = await sockets.listening(self._wanted)
        self.addresses = [sockets.name(listener) for listener in listening]
        loop = asyncio.get_running_loop()
        # nothing waits here, so that a start that is cancelled leaves no socket to nobody
        self._servers = [
            await loop.create_server(lambda: _Arrival(self), sock=listener, start_serving=False)
            for listener in listening
        ]
        for server in self._servers:
            await server.start_serving()

    async def stop(self) -> None:
        """Listen no more."""
        await super().stop()
        for server in self._servers:
            server.close()
        for handshake in self._handshakes:
            handshake.cancel()
        await asyncio.gather(*self._handshakes, return_exceptions=True)

    def accept(self, arrival: "_Arrival", transport: asyncio.Transport) -> None:
        """Serve a connection that has just been made."""
        if self._is_full() and not self._free_a_place():
            transport.abort()
        elif self._web_config is None:
            self._serve(transport)
        else:
            # nothing may be read before the handshake does it; Python 3.11.2, say, begins to read right after this call
            asyncio.get_running_loop().call_soon(transport.pause_reading)
            handshake = asyncio.create_task(self._shake_hands(self._web_config, arrival, transport))
            self._handshakes[handshake] = transport
            handshake.add_done_callback(self._forget)

    def _is_full(self) -> bool:
        server = self._runner.server
        return server is not None and len(server.connections) + len(self._handshakes) >= MOST_CONNECTIONS

    def _free_a_place(self) -> bool:
        if (more := self._crowded.line()) is not None:
            effect = "idle ones are closed, or new ones"
            log.warning("too many connections", most=MOST_CONNECTIONS, effect=effect, **more)
        connections = self._runner.server.connections if self._runner.server else []
        if any(isinstance(each, Connection) and each.give_way() for each in connections):
            return True
        return any(handshake.cancel() for handshake in self._handshakes if not handshake.cancelling())

    def _forget(self, handshake: asyncio.Task[None]) -> None:
        transport = self._handshakes.pop(handshake)
        if handshake.cancelled():
            # perhaps before it could begin, and close what it was given
            transport.abort()
        elif error := handshake.exception():
            transport.abort()
            log.error("no TLS connection", error=type(error).__name__, remedy="please report a bug")

    def _serve(self, transport: asyncio.Transport, early: bytes = b"") -> None:
        if self._runner.server is None:
            transport.abort()
            return
        connection = Connection(self._runner.server, asyncio.get_running_loop())
        transport.set_protocol(connection)
        connection.connection_made(transport)
        if early:
            connection.data_received(early)

    async def _shake_hands(self, web_config: WatchedConfig, arrival: "_Arrival", transport: asyncio.Transport) -> None:
        config = await web_config.current()
        context = config.tls if config and config.tls else tls.refusing()
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport,
                arrival,
                context,
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT,
                ssl_shutdown_timeout=_CLOSING_TIMEOUT,
            )
        except ssl.SSLError as error:
            self._refuse(transport, tls.reason(error) if config and config.tls else _NO_CERTIFICATE)
            return
        except OSError as error:
            # somebody who looked whether the port is open, or was too slow
            log.debug("no TLS connection", reason=type(error).__name__)
            return
        if secured is None or arrival.is_gone:
            return
        allowed = config.allowed_sans if config else ()
        if allowed and not tls.is_allowed(secured.get_extra_info("peercert"), allowed):
            self._refuse(secured, "the client's certificate has none of client_allowed_sans")
            secured.abort()
        else:
            self._serve(secured, bytes(arrival.early))

    def _refuse(self, transport: asyncio.Transport, reason: str) -> None:
        """Log why a client has no connection, which it may not know: it sees an alert, or a connection that closes."""
        client = (transport.get_extra_info("peername") or ("",))[0]
        if (more := self._refused.line()) is None:
            log.debug("no TLS connection", client=client, reason=reason)
        else:
            log.info("no TLS connection", client=client, reason=reason, **more)


class _Arrival(asyncio.Protocol):
    """A connection until it is served; what a client says right after the handshake is kept for that."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.early = bytearray()
        self.is_gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._listener.accept(self, cast("asyncio.Transport", transport))

    def data_received(self, data: bytes) -> None:
        self.early += data

    def connection_lost(self, _: BaseException | None) -> None:
        self.is_gone = True
