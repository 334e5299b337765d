"""The life of the exporter: startup, main loop, shutdown. The only place that starts tasks."""

import asyncio
import os
import platform
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from exporter import __version__
from exporter.clock import Clock, SystemClock
from exporter.config import Config, Operation
from exporter.metrics import ExporterStatus
from exporter.polling.turns import Turns
from exporter.polling.worker import Worker
from exporter.publishing import Publisher
from exporter.web.address import Address, in_url
from exporter.web.door import Door
from exporter.web.guard import MAX_REQUESTS, Guard
from exporter.web.server import Site
from exporter.web.watched import Watched
from exporter.wolkvox.client import Client, Witness

SPREAD = 0.1
"""The share of an interval over which the first polls of all operations are spread."""
_WEB_GRACE = 2.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the exporter answers."""

    address: Address
    telemetry_path: str = "/metrics"
    web_config_file: Path | None = None
    max_requests: int = MAX_REQUESTS
    """Requests that are answered at a time; 0 is any number."""


class AddressError(Exception):
    """The address cannot be had."""

    def __init__(self, address: Address, error: OSError) -> None:
        where = f"{in_url(address[0]) if address[0] else ''}:{address[1]}"
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else "no such address"
        super().__init__(f"cannot listen on {where} ({reason}); choose with --web.listen-address")


class Exporter:
    """One configuration, polled and published. The clock is the tests' to change, `spread` whoever cannot wait's."""

    def __init__(
        self, config: Config, clock: Clock | None = None, spread: float = SPREAD, witnesses: Sequence[Witness] = ()
    ) -> None:
        self.clock = clock or SystemClock()
        self.publisher = Publisher(self.clock, _status(self.clock))
        self._clients = list(map(_client, config.operations, witnesses or repeat(None)))
        turns = Turns(self.clock)
        self.workers = [
            Worker(operation, client, turns, self.clock, self.publisher.publish, first=first)
            for operation, client, first in zip(
                config.operations, self._clients, _first_polls(config.operations, self.clock, spread), strict=True
            )
        ]
        for worker in self.workers:
            # in the order of the configuration, whoever is polled first
            worker.publish()
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def running(self, listen: Listen) -> AsyncIterator[int]:
        """Poll and answer until left; yields the port, which is the system's choice where 0 was asked for.

        Raises `AddressError`, and `ConfigError` for the web configuration file, before anything is asked of the API.
        """
        watched = Watched(listen.web_config_file, self.clock) if listen.web_config_file else None
        site = self._site(listen, Guard(self.clock, watched, listen.max_requests))
        runner = web.AppRunner(site.application(), access_log=None, shutdown_timeout=_WEB_GRACE)
        try:
            await runner.setup()
            await _listen(runner, listen.address, watched)
            self._start()
            yield runner.addresses[0][1]
        finally:
            await self._stop()
            await runner.cleanup()

    async def once(self) -> bool:
        """Poll each report once; returns whether none failed."""
        try:
            await asyncio.gather(*(worker.once() for worker in self.workers))
            await self.publisher.refresh()
        finally:
            await self._stop()
        return all(state.up is not False for worker in self.workers for state in worker.snapshot.reports.values())

    def _site(self, listen: Listen, guard: Guard) -> Site:
        return Site(self.publisher, self.clock, listen.telemetry_path, self._is_live, guard)

    def _start(self) -> None:
        for name, work in [("publisher", self.publisher.run()), *((w.name, w.run()) for w in self.workers)]:
            self._tasks.append(_watched(name, work))

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in self._clients:
            await client.close()
        self.publisher.close()

    def _is_live(self) -> bool:
        return not any(task.done() for task in self._tasks)


async def serve(config: Config, listen: Listen) -> None:
    """Run until SIGTERM or SIGINT."""
    with stopped_by_signals() as stop:
        async with Exporter(config).running(listen) as port:
            log.info("listening", address=listen.address[0] or "*", port=port, version=__version__)
            await stop.wait()
            log.info("stopping")


@contextmanager
def stopped_by_signals() -> Iterator[asyncio.Event]:
    """Give an event that SIGTERM and SIGINT set."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _listen(runner: web.AppRunner, address: Address, watched: Watched | None) -> None:
    try:
        await Door(runner, address, watched).start()
    except OSError as error:
        raise AddressError(address, error) from None


def _watched(name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    async def watch() -> None:
        try:
            await work
        except Exception:
            log.exception("worker died", worker=name, remedy="restart the exporter and report a bug with this line")
            raise

    return asyncio.create_task(watch(), name=name)


def _first_polls(operations: tuple[Operation, ...], clock: Clock, spread: float) -> list[float]:
    now, number = clock.monotonic(), len(operations)
    return [now + place / number * spread * operation.interval for place, operation in enumerate(operations)]


def _client(operation: Operation, witness: Witness | None) -> Client:
    return Client(
        operation.base_url,
        proxy_url=operation.proxy_url.get_secret_value() if operation.proxy_url else None,
        ca_file=operation.ca_file,
        timeout=operation.timeout,
        witness=witness,
    )


def _status(clock: Clock) -> ExporterStatus:
    return ExporterStatus(__version__, platform.python_version(), config_loaded=True, config_loaded_at=clock.time())
