"""What a request passes before it is answered: rate limit, users, whether a page sent it, how many are under way."""

import math
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from http import HTTPStatus
from typing import TypeAlias

import structlog
from aiohttp import hdrs, web

from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.web.toolkit import MAX_REQUESTS
from wolkvox_exporter.web.toolkit.rate_limit import Bucket
from wolkvox_exporter.web.toolkit.schema import RateLimit
from wolkvox_exporter.web.toolkit.users import Users, Verdict
from wolkvox_exporter.web.toolkit.watcher import WatchedConfig

LARGEST_BODY = 65_536
"""Bytes of a request's body; nothing that is served here takes any."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Server": "wolkvox-exporter",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer; `Server` keeps aiohttp from telling its version and Python's."""
_CHALLENGE = {hdrs.WWW_AUTHENTICATE: 'Basic realm="wolkvox-exporter", charset="UTF-8"'}
_CHANGES_NOTHING = {hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS}
_FROM_A_PAGE = (
    "a page in a browser sent this (Origin, Sec-Fetch-Site) and may change nothing; use a program such as curl"
)
_SOON = 1

_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger()


class Guard:
    """Stands before the routes; without a web configuration file there are neither limit nor users."""

    def __init__(
        self,
        clock: Clock,
        web_config: WatchedConfig | None = None,
        max_requests: int = MAX_REQUESTS,
        users: Users | None = None,
    ) -> None:
        self._web_config = web_config
        self._clock = clock
        self._max_requests = max_requests or math.inf
        self._under_way = 0
        self._unlimited: Collection[str] = ()
        self._bucket: Bucket | None = None
        self._users = users or Users()

    def protect(self, app: web.Application, unlimited: Collection[str] = ()) -> None:
        """Put everything that the application answers behind the guard, unknown paths too.

        The paths `unlimited` are answered however many requests are under way, and are none of them.
        """
        self._unlimited = unlimited
        app.on_response_prepare.append(self._add_headers)
        if self._web_config:
            app.middlewares.append(self._admitted)
        app.middlewares.extend((_not_from_a_page, self._bounded))

    @web.middleware
    async def _admitted(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        config = await self._web_config.current() if self._web_config else None
        if config is None:
            return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "the web configuration file cannot be used; see the log")
        limit, users = config.settings.rate_limit, config.settings.basic_auth_users
        if limit and not self._bucket_for(limit).allows(self._clock.monotonic()):
            return refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many requests", math.ceil(limit.interval))
        if users:
            verdict = await self._users.verdict(request.headers.get(hdrs.AUTHORIZATION, ""), users)
            if verdict is not Verdict.ADMITTED:
                return _turned_away(verdict)
        return await handler(request)

    @web.middleware
    async def _bounded(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        if (request.content_length or 0) > LARGEST_BODY:
            return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {LARGEST_BODY} bytes")
        if request.path in self._unlimited:
            return await handler(request)
        if self._under_way >= self._max_requests:
            return refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many requests are under way", _SOON)
        self._under_way += 1
        try:
            response = await handler(request)
            # sending counts: a client that does not take its answer is one that is under way
            with suppress(ConnectionError):
                await response.prepare(request)
                await response.write_eof()
            return response
        finally:
            self._under_way -= 1

    def _bucket_for(self, limit: RateLimit) -> Bucket:
        if self._bucket is None or self._bucket.limit != limit:
            self._bucket = Bucket(limit, self._clock.monotonic())
        return self._bucket

    async def _add_headers(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)
        if self._web_config:
            response.headers.update(self._web_config.latest.settings.http_server_config.headers.written())


def refusal(status: HTTPStatus, reason: str, retry_after: int | None = None) -> web.Response:
    """Return an answer without content; `retry_after` is in seconds."""
    headers = {} if retry_after is None else {hdrs.RETRY_AFTER: str(retry_after)}
    return web.Response(status=status, text=f"{status.value} {status.phrase}: {reason}\n", headers=headers)


@web.middleware
async def _not_from_a_page(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Refuse what would change something if a page in a browser sent it, since a user who looks at any may reach this.

    Not even a page of this host may: by a name that is made to lead here any page can pass for one.
    """
    if request.method not in _CHANGES_NOTHING and _is_from_a_page(request):
        return refusal(HTTPStatus.FORBIDDEN, _FROM_A_PAGE)
    return await handler(request)


def _is_from_a_page(request: web.Request) -> bool:
    # browsers send one or both with all but GET and HEAD, programs neither; `none` is what no page had a part in
    sites = request.headers.getall("Sec-Fetch-Site", ())
    return hdrs.ORIGIN in request.headers or any(site != "none" for site in sites)


def _turned_away(verdict: Verdict) -> web.Response:
    if verdict is Verdict.BUSY:
        return refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many passwords are being checked", _SOON)
    response = refusal(HTTPStatus.UNAUTHORIZED, "give a user and a password that are right")
    response.headers.update(_CHALLENGE)
    return response
