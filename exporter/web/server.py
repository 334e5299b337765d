"""The routes: metrics for Prometheus, a page for people, two answers for whoever watches over the process."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from exporter import __version__
from exporter.clock import Clock
from exporter.publishing import Publisher
from exporter.snapshot import Snapshot
from exporter.web import landing
from exporter.web.guard import LARGEST_BODY, Guard
from exporter.web.negotiation import accepts_gzip, format_for
from exporter.wolkvox.report import ReportName


@dataclass(frozen=True, slots=True)
class Site:
    """What the routes show. `workers_live` tells whether every worker is still at work."""

    publisher: Publisher
    clock: Clock
    telemetry_path: str
    workers_live: Callable[[], bool]
    guard: Guard

    def application(self) -> web.Application:
        """Return the routes, with the guard before them."""
        app = web.Application(client_max_size=LARGEST_BODY)
        self.guard.protect(app)
        app.router.add_get(self.telemetry_path, self.metrics)
        if self.telemetry_path != "/":
            app.router.add_get("/", self.landing)
        app.router.add_get("/-/healthy", self.healthy)
        app.router.add_get("/-/ready", self.ready)
        return app

    async def metrics(self, request: web.Request) -> web.Response:
        """Send the exposition; never asks the API."""
        kind = format_for(request.headers.get("Accept", ""))
        gzipped = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        headers = {"Content-Type": kind.value, "Vary": "Accept, Accept-Encoding"}
        if gzipped:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=await self.publisher.body(kind, gzipped=gzipped), headers=headers)

    async def landing(self, _: web.Request) -> web.Response:
        """Send the page for people."""
        overview = landing.Overview(
            version=__version__,
            now=self.clock.time(),
            monotonic=self.clock.monotonic(),
            telemetry_path=self.telemetry_path,
            snapshots=list(self.publisher.snapshots.values()),
        )
        return web.Response(
            text=landing.render(overview), content_type="text/html", headers={"Cache-Control": "no-store"}
        )

    async def healthy(self, _: web.Request) -> web.Response:
        """Tell whether the loop and the workers live; a failing API does not make the exporter unhealthy."""
        return _verdict(self.workers_live(), "healthy", "a worker has died; see the log, restart the exporter")

    async def ready(self, _: web.Request) -> web.Response:
        """Tell whether each campaigns report was attempted once, whatever came of it."""
        waiting = sum(not _attempted(snapshot) for snapshot in self.publisher.snapshots.values())
        return _verdict(not waiting, "ready", f"{waiting} operations wait for their first poll")


def _attempted(snapshot: Snapshot) -> bool:
    return snapshot.reports[ReportName.CAMPAIGNS].up is not None


def _verdict(good: bool, yes: str, no: str) -> web.Response:  # noqa: FBT001 - the question is in the function's name
    status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
    return web.Response(text=f"{yes if good else no}\n", status=status)
