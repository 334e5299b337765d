"""The life of the exporter: startup, main loop, reload, shutdown."""

import asyncio
import platform
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from aiohttp import web

from wolkvox_exporter import __version__
from wolkvox_exporter.api.client import Observer
from wolkvox_exporter.app.config_watch import ConfigWatch
from wolkvox_exporter.app.reloading import Reloading, warn
from wolkvox_exporter.app.replication import Replication, Shared, shared_in
from wolkvox_exporter.app.status import status
from wolkvox_exporter.config import Config, Operation, durations
from wolkvox_exporter.config.cost import calls_a_day
from wolkvox_exporter.metrics import ExporterStatus
from wolkvox_exporter.metrics.cache import Publisher
from wolkvox_exporter.polling.account import Account
from wolkvox_exporter.polling.pool import Pool, Spread
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.polling.store import Store
from wolkvox_exporter.runtime import logs
from wolkvox_exporter.runtime.clock import Clock, SystemClock
from wolkvox_exporter.runtime.interpreter import collect_garbage, prefer_latency
from wolkvox_exporter.runtime.signals import deliver, stopped_by_signals
from wolkvox_exporter.runtime.supervisor import Supervisor
from wolkvox_exporter.runtime.systemd import ServiceManager
from wolkvox_exporter.storage import Directory, state_in
from wolkvox_exporter.web.routes import Site
from wolkvox_exporter.web.toolkit import MAX_REQUESTS
from wolkvox_exporter.web.toolkit.address import Address
from wolkvox_exporter.web.toolkit.guard import Guard
from wolkvox_exporter.web.toolkit.listener import Listener
from wolkvox_exporter.web.toolkit.watcher import WatchedConfig
from wolkvox_exporter.web.toolkit.web_config import UNPROTECTED

_WEB_GRACE = 2.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the exporter answers."""

    addresses: Sequence[Address]
    """All of them, or none and an `AddressError`."""
    telemetry_path: str = "/metrics"
    lifecycle: bool = False
    """Whether a request may reload the configuration."""
    web_config_file: Path | None = None
    max_requests: int = MAX_REQUESTS
    """Requests that are answered at a time; 0 is any number."""


class Exporter:
    """One configuration, polled and published. The clock is the tests' to change, `spread` whoever cannot wait's.

    `states` by operation are what its workers go on from, `store` is where they keep theirs, `shared` is where several
    exporters do that are one. `load` reads the configuration anew for a reload; without it the one given stays. With
    `auto_reload` its files are looked at so many seconds apart. `manager` is whoever wants to be told how it goes.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock | None = None,
        *,
        spread: Spread = Spread(),  # noqa: B008 - immutable
        observers: Sequence[Observer] = (),
        states: Mapping[str, OperationState] | None = None,
        store: Store | None = None,
        shared: Shared | None = None,
        load: Callable[[], Config] | None = None,
        auto_reload: float | None = None,
        manager: ServiceManager | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.publisher = Publisher(self.clock, _exporter_status(self.clock))
        self.supervisor = Supervisor(self.clock)
        self._replication = Replication(shared, lambda: self.pool, self.publisher, self.clock) if shared else None
        self.pool = Pool(
            config.operations,
            self.publisher,
            self.supervisor,
            self.clock,
            spread=spread,
            observers=observers,
            states=states or {},
            store=self._replication.ledger if self._replication else store,
            elsewhere=self._replication.operations.moved if self._replication else None,
        )
        self.protection = UNPROTECTED
        """What keeps strangers out while it runs, for the log."""
        self._manager = manager or ServiceManager()
        self.reloading = Reloading(
            load or (lambda: config), config, self.pool, self.publisher, self.clock, manager=self._manager
        )
        self._watch = ConfigWatch(self.reloading, self.clock, auto_reload) if auto_reload else None

    @property
    def accounts(self) -> list[Account]:
        """The operations in the order of the configuration."""
        return self.pool.accounts

    @asynccontextmanager
    async def running(self, listen: Listen) -> AsyncIterator[Sequence[Address]]:
        """Poll and answer until left; yields where, with the port that the system chose where 0 was asked for.

        Raises `AddressError`, and `ConfigError` for the web configuration file, before anything is asked of the API.
        """
        runner: web.AppRunner | None = None
        try:
            watched = WatchedConfig(listen.web_config_file, self.clock) if listen.web_config_file else None
            if watched:
                self.protection = watched.latest.protection
            site = self._site(listen, Guard(self.clock, watched, listen.max_requests))
            runner = web.AppRunner(site.application(), access_log=None, shutdown_timeout=_WEB_GRACE)
            await runner.setup()
            # what is remembered is there at the first scrape
            await self.publisher.refresh()
            listener = Listener(runner, listen.addresses, watched)
            await listener.start()
            await self.pool.prepare()
            self._start()
            yield listener.addresses
        finally:
            await self._stop()
            if runner:
                await runner.cleanup()

    async def once(self) -> bool:
        """Poll each report once; returns whether none failed."""
        try:
            await self.pool.once()
            await self.publisher.refresh()
        finally:
            await self._stop()
        return all(
            state.up is not False for account in self.accounts for state in account.state.published.reports.values()
        )

    def is_live(self) -> bool:
        """Return whether every worker is at work."""
        return self.supervisor.is_healthy

    def _site(self, listen: Listen, guard: Guard) -> Site:
        reload = self.reloading.result if listen.lifecycle else None
        auto_reload = self._watch is not None
        return Site(self.publisher, self.clock, listen.telemetry_path, self.is_live, guard, reload, auto_reload)

    def _status(self) -> str:
        loaded = self.publisher.config_loaded
        return status(self.publisher.snapshots.values(), is_live=self.is_live(), config_loaded=loaded)

    def _start(self) -> None:
        self.supervisor.start("publisher", self.publisher.run)
        self.supervisor.start("configuration", self.reloading.run)
        if self._watch:
            self.supervisor.start("configuration watch", self._watch.run)
        if self._manager.is_listening:
            self.supervisor.start("service manager", partial(self._manager.watch, self.clock, self._status))
        self.supervisor.start("garbage", partial(collect_garbage, self.clock))
        self.pool.start()
        if self._replication:
            self._replication.start(self.supervisor)

    async def _stop(self) -> None:
        if self._replication:
            await self._replication.finish()
        await self.supervisor.stop()
        if self._replication:
            await self._replication.leave()
        await self.pool.close()


async def serve(load: Callable[[], Config], listen: Listen, auto_reload: float | None = None) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP loads the configuration anew.

    With `auto_reload` changes of its files do so, too, which are looked at so many seconds apart.
    Raises `ConfigError`, `StateError` and `AddressError` before anything is asked of the API.
    """
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.Shortage())
    # a reload that is asked for meanwhile follows the start
    reloading: asyncio.Future[Reloading] = loop.create_future()
    deliver(signal.SIGHUP, partial(reloading.add_done_callback, lambda made: made.result().request()))
    manager, config, clock = ServiceManager.from_environment(), load(), SystemClock()
    warn(config)
    folder, shared = (config.state, None) if isinstance(config.state, Path) else (None, shared_in(config.state))
    with state_in(folder, clock) as store, stopped_by_signals() as stop:
        states = await _remembered(store, config.operations)
        exporter = Exporter(
            config,
            clock,
            states=states,
            store=store,
            shared=shared,
            load=load,
            auto_reload=auto_reload,
            manager=manager,
        )
        reloading.set_result(exporter.reloading)
        watched = {"auto_reload": durations.written(auto_reload)} if auto_reload else {}
        async with exporter.running(listen) as addresses:
            prefer_latency()
            _log_start(config)
            for host, port in addresses:
                log.info("listening", address=host, port=port, **exporter.protection, **watched, version=__version__)
            # not only once data are there: an API that is down must keep neither this service nor others from starting
            manager.ready()
            await stop.wait()
            log.info("stopping")
            manager.stopping()


def _log_start(config: Config) -> None:
    calls = [calls_a_day(operation) for operation in config.operations]
    log.info(
        "started",
        config=str(config.file),
        operations=len(calls),
        reports=sum(map(len, calls)),
        calls_a_day=sum(sum(each.values()) for each in calls),
        state=str(config.state) if config.state else "none",
    )


async def _remembered(store: Directory | None, operations: Iterable[Operation]) -> dict[str, OperationState]:
    return await store.load_all(operations) if store else {}


def _exporter_status(clock: Clock) -> ExporterStatus:
    return ExporterStatus(__version__, platform.python_version(), config_loaded=True, config_loaded_at=clock.time())
