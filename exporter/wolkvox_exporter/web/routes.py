"""The routes: metrics for Prometheus, a page for people, two answers for whoever watches over the process."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from aiohttp import hdrs, web

from wolkvox_exporter import __version__
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.metrics.cache import Publisher
from wolkvox_exporter.metrics.exposition import EXPORTER
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.runtime.concurrency import bounded
from wolkvox_exporter.web import landing
from wolkvox_exporter.web.negotiation import accepts_gzip, format_for
from wolkvox_exporter.web.streamed import streamed
from wolkvox_exporter.web.toolkit.guard import LARGEST_BODY, Guard

_HEALTHY, _READY, _RELOAD, _TARGETS = "/-/healthy", "/-/ready", "/-/reload", "/-/targets"
_PAGE_TIMEOUT = 10.0
"""Seconds; with eighty operations it takes some 0.04 of one."""
_DIED = "a worker has died and is being started again; see the log and report a bug"


@dataclass(frozen=True, slots=True)
class Site:
    """What the routes show. `workers_live` returns whether every worker is at work.

    `reload` reads the configuration anew and returns what is wrong with it; None: nobody may ask for that over HTTP.
    `auto_reload`: it is also read when its files change.
    """

    publisher: Publisher
    clock: Clock
    telemetry_path: str
    workers_live: Callable[[], bool]
    guard: Guard
    reload: Callable[[], Awaitable[Sequence[str]]] | None = None
    auto_reload: bool = False

    def application(self) -> web.Application:
        """Return the routes, with the guard before them."""
        app = web.Application(client_max_size=LARGEST_BODY)
        # not what watches over the process or repairs it: a restart would not make clients quicker
        self.guard.protect(app, unlimited=(_HEALTHY, _READY, _RELOAD))
        app.router.add_get(self.telemetry_path, self.metrics)
        if self.telemetry_path != "/":
            app.router.add_get("/", self.landing)
        app.router.add_get(_HEALTHY, self.healthy)
        app.router.add_get(_READY, self.ready)
        app.router.add_get(_TARGETS, self.targets)
        app.router.add_post(_RELOAD, self.reloaded)
        app.router.add_put(_RELOAD, self.reloaded)
        return app

    async def metrics(self, request: web.Request) -> web.Response:
        """Send the exposition, or what is in it of some operations; never asks the API."""
        named = request.query.getall("operation", [])
        if unknown := set(named) - self.publisher.snapshots.keys():
            reason = f"404 Not Found: no operation is called {', '.join(sorted(unknown))}\n"
            return web.Response(status=HTTPStatus.NOT_FOUND, text=reason)
        exporter = [EXPORTER] if "exporter" in request.query else []
        operations = frozenset([*named, *exporter]) or None
        kind = format_for(_whole(request, hdrs.ACCEPT))
        headers = {hdrs.CONTENT_TYPE: kind.value, hdrs.VARY: "Accept, Accept-Encoding"}
        if accepts_gzip(_whole(request, hdrs.ACCEPT_ENCODING)):
            headers[hdrs.CONTENT_ENCODING] = "gzip"
            return web.Response(body=await self.publisher.gzipped(kind, operations), headers=headers)
        return web.Response(body=streamed(*await self.publisher.text(kind, operations)), headers=headers)

    async def landing(self, _: web.Request) -> web.Response:
        """Send the page for people, made in a thread, and once for all who ask meanwhile."""
        overview = landing.Overview(
            version=__version__,
            now=self.clock.time(),
            monotonic=self.clock.monotonic(),
            telemetry_path=self.telemetry_path,
            snapshots=list(self.publisher.snapshots.values()),
            reload_failed=not self.publisher.config_loaded,
            config_loaded_at=self.publisher.config_loaded_at,
            auto_reload=self.auto_reload,
            replica=self.publisher.status.replica,
            holders=self.publisher.status.holders,
            store_trouble=self.publisher.status.store_trouble,
            replicas_differing=self.publisher.status.replicas_differing,
        )
        page = await bounded(partial(landing.render, overview), _PAGE_TIMEOUT, self.publisher)
        return web.Response(text=page, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def targets(self, request: web.Request) -> web.Response:
        """Send what Prometheus' HTTP service discovery reads: a target for each operation, and one for the exporter.

        Each is a part of the exposition, so that no fleet is too large for one scrape; together they are all of it.
        """
        parts = (EXPORTER, *self.publisher.snapshots)
        return web.json_response([self._target(request, part) for part in parts])

    def _target(self, request: web.Request, part: str) -> dict[str, object]:
        # an empty parameter would be none to Prometheus
        parameter = {"__param_exporter": "true"} if part == EXPORTER else {"__param_operation": part}
        instance = request.host if part == EXPORTER else f"{request.host}/{part}"
        labels = {"__scheme__": request.scheme, "__metrics_path__": self.telemetry_path, "instance": instance}
        return {"targets": [request.host], "labels": labels | parameter}

    async def healthy(self, _: web.Request) -> web.Response:
        """Return whether the loop and the workers live; a failing API does not make the exporter unhealthy."""
        return _verdict(self.workers_live(), "healthy", _DIED)

    async def ready(self, _: web.Request) -> web.Response:
        """Return whether each campaigns report was attempted once, whatever came of it."""
        waiting = sum(not _attempted(snapshot) for snapshot in self.publisher.snapshots.values())
        trouble = self.publisher.status.store_trouble
        why = f"; the database that replicas share cannot be used: {trouble}" if trouble else ""
        return _verdict(not waiting, "ready", _waiting(waiting) + why)

    async def reloaded(self, _: web.Request) -> web.Response:
        """Read the configuration anew, if that is enabled, and answer what is wrong with it or that it is in effect."""
        if self.reload is None:
            text = "Lifecycle API is not enabled; start the exporter with --web.enable-lifecycle, or send it SIGHUP\n"
            return web.Response(text=text, status=HTTPStatus.FORBIDDEN)
        if problems := await self.reload():
            text = "".join(f"{problem}\n" for problem in ("the configuration before stays in effect", *problems))
            return web.Response(text=text, status=HTTPStatus.INTERNAL_SERVER_ERROR)
        return web.Response(text="reloaded\n")


def _whole(request: web.Request, name: str) -> str:
    """Return a header that is a list, which may come in several lines."""
    return ", ".join(request.headers.getall(name, ()))


def _attempted(snapshot: Snapshot) -> bool:
    return snapshot.reports[ReportName.CAMPAIGNS].up is not None


def _waiting(operations: int) -> str:
    return (
        "1 operation waits for its first poll"
        if operations == 1
        else f"{operations} operations wait for their first poll"
    )


def _verdict(good: bool, yes: str, no: str) -> web.Response:  # noqa: FBT001 - the question is in the function's name
    status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
    return web.Response(text=f"{yes if good else no}\n", status=status)
