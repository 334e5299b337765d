"""The configuration read anew while the exporter runs: one way, whether a signal or a request asked for it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import structlog

from wolkvox_exporter.config import Config, ConfigError
from wolkvox_exporter.metrics.cache import Publisher
from wolkvox_exporter.polling.pool import Changes, Pool
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.runtime.concurrency import NoThreadError, bounded
from wolkvox_exporter.runtime.systemd import ServiceManager

READ_TIMEOUT = 30.0
"""Seconds that reading the configuration and its token files may take."""
_INTERRUPTED: tuple[str, ...] = ("the reload was interrupted; see the log",)

log = structlog.get_logger()


class Reloading:
    """Takes a configuration over as soon as somebody asks for it; while it is bad, the one before stays in effect."""

    def __init__(
        self,
        load: Callable[[], Config],
        state: Path | None,
        pool: Pool,
        publisher: Publisher,
        clock: Clock,
        *,
        manager: ServiceManager,
    ) -> None:
        self._load = load
        self._state = state
        self._pool = pool
        self._publisher = publisher
        self._clock = clock
        self._manager = manager
        self._wanted = asyncio.Event()
        self._waiting: list[asyncio.Future[tuple[str, ...]]] = []

    def request(self) -> None:
        """Ask for it. Asked while one is under way, it is done once more after that."""
        self._wanted.set()

    async def result(self) -> tuple[str, ...]:
        """Ask for it, and return what is wrong with the configuration, or nothing once it is in effect."""
        answer: asyncio.Future[tuple[str, ...]] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self.request()
        return await answer

    async def run(self) -> NoReturn:
        """Reload whenever it is asked for, one at a time."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            waiting, self._waiting = self._waiting, []
            self._manager.reloading()
            problems = _INTERRUPTED
            try:
                problems = await self._reload()
            finally:
                self._manager.ready()
                await self._settle(problems, waiting)

    async def _settle(self, problems: tuple[str, ...], waiting: list[asyncio.Future[tuple[str, ...]]]) -> None:
        if problems:
            self._publisher.update(config_loaded=False)
        else:
            self._publisher.update(config_loaded=True, config_loaded_at=self._clock.time())
        try:
            # who gets the answer finds its effect in the next scrape
            await self._publisher.refresh()
        finally:
            for answer in waiting:
                if not answer.done():
                    answer.set_result(problems)

    async def _reload(self) -> tuple[str, ...]:
        try:
            config = await bounded(self._load, READ_TIMEOUT, self._load)
            changes = await self._pool.adopt(config.operations)
        except ConfigError as error:
            problems = tuple(map(str, error.problems))
        except TimeoutError:
            problems = (f"it could not be read within {READ_TIMEOUT:g} s; look at where it and its tokens are kept",)
        except NoThreadError as error:
            problems = (str(error),)
        except OSError as error:
            problems = (f"a ca_file cannot be read ({error.strerror}); make it readable for the exporter",)
        else:
            warn(config)
            self._warn_of_state(config)
            _tell(changes)
            return ()
        for problem in problems:
            log.error("configuration not reloaded, the one before stays in effect", problem=problem)
        return problems

    def _warn_of_state(self, config: Config) -> None:
        if config.state != self._state:
            log.warning("state is not reloaded", remedy="restart the exporter to keep the state in another place")


def warn(config: Config) -> None:
    """Log which operations have no token now, and what a configuration may not have been meant to say."""
    for problem in config.unreadable_tokens:
        at, remedy = f"{problem.file}:{problem.line}", "put it right; the other operations are polled meanwhile"
        log.error("no token", at=at, path=problem.path, error=problem.text, remedy=remedy)
    for warning in config.warnings:
        log.warning("configuration", at=f"{warning.file}:{warning.line}", path=warning.path, warning=warning.text)


def _tell(changes: Changes) -> None:
    log.info(
        "configuration reloaded",
        added=", ".join(changes.added),
        removed=", ".join(changes.removed),
        changed=", ".join(f"{name} ({', '.join(keys)})" for name, keys in changes.changed.items()),
        unchanged=", ".join(changes.unchanged),
    )
