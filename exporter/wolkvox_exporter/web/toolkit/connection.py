"""One connection: what aiohttp makes of it, and how long a client may take."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import TypeAlias, cast

import structlog
from aiohttp import hdrs, web
from aiohttp.http_exceptions import LineTooLong

from wolkvox_exporter.web.toolkit.guard import HEADERS, refusal

HEAD_TIMEOUT = 10.0
"""Seconds in which the head of the first request has come."""
SEND_TIMEOUT = 30.0
"""Seconds in which an answer has been taken."""
IDLE_TIMEOUT = 75.0
"""Seconds that a connection is kept without a request, longer than Prometheus usually waits between two scrapes."""
BODY_TIMEOUT = 5.0
"""Seconds that the body of a request is waited for, after its answer."""
_LONGEST_LINE = 8190
_MOST_HEADERS = 64

_Make: TypeAlias = Callable[..., web.BaseRequest]

log = structlog.get_logger()


class Connection(web.RequestHandler):
    """A connection as aiohttp serves it, less what it waits for without end.

    Where aiohttp has no public way to ask, this looks at its fields; the tests fail if they change.
    """

    __slots__ = ("_head_timer", "_send_timer", "_socket")

    def __init__(self, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            # which aiohttp takes for no access log, whatever its annotation says
            access_log=cast("logging.Logger", None),
            keepalive_timeout=IDLE_TIMEOUT,
            lingering_time=BODY_TIMEOUT,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            max_headers=_MOST_HEADERS,
            auto_decompress=False,
        )
        # or aiohttp would answer some requests before the guard sees them
        self._request_factory = partial(_without_expectation, server.request_factory)
        # apart from aiohttp's, which it forgets when it closes, although there may be something to be sent still
        self._socket: asyncio.Transport | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._socket = cast("asyncio.Transport", transport)
        # so that whatever a client has not taken counts as paused
        self._socket.set_write_buffer_limits(high=1, low=0)
        super().connection_made(transport)
        self._head_timer = self._loop.call_later(HEAD_TIMEOUT, self._abort)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        super().data_received(data)
        if self._head_timer and self._request_count:
            self._head_timer.cancel()
            self._head_timer = None

    def pause_writing(self) -> None:
        """Wait for the client to take its answer."""
        super().pause_writing()
        self._send_timer = self._loop.call_later(SEND_TIMEOUT, self._abort)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        self._stop_timers()

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._stop_timers()
        self._socket = None
        super().connection_lost(exc)

    def give_way(self) -> bool:
        """End if no request is under way or waits; returns whether it did."""
        is_idle = self._socket is not None and not self._request_in_progress and not self._messages
        if is_idle:
            self._abort()
        return is_idle

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109 - aiohttp's signature
        """End in order; what a client has not taken by then it does not get."""
        await super().shutdown(timeout)
        self._abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP, or what met a bug, with the headers of every answer."""
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            response = super().handle_error(request, status, exc, message)
        else:
            # neither answered nor logged in aiohttp's words, which repeat what was sent: there may be a password in it
            log.debug("not HTTP", client=request.remote, error=type(exc).__name__)
            response = refusal(HTTPStatus(status), _complaint(exc))
            response.force_close()
        response.headers.update(HEADERS)
        return response

    def _abort(self) -> None:
        self._stop_timers()
        if self._socket:
            self._socket.abort()
            self._socket = None

    def _stop_timers(self) -> None:
        for timer in (self._head_timer, self._send_timer):
            if timer:
                timer.cancel()
        self._head_timer = self._send_timer = None


def _complaint(error: BaseException | None) -> str:
    """Return what is wrong with a request that aiohttp has not read."""
    if isinstance(error, LineTooLong):
        return f"a line of the request has more than {_LONGEST_LINE} bytes"
    if str(getattr(error, "message", "")).startswith("Too many headers"):
        return f"the request has more than {_MOST_HEADERS} headers"
    return "this is not HTTP as it should be"


def _without_expectation(make: _Make, *parts: object) -> web.BaseRequest:
    """Make a request that expects nothing: it is answered at once and its body not waited for, as RFC 9110 allows."""
    request = make(*parts)
    if hdrs.EXPECT not in request.headers:
        return request
    headers = request.headers.copy()
    headers.popall(hdrs.EXPECT)
    return request.clone(headers=headers)
