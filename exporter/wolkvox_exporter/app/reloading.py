"""The configuration read anew while the exporter runs: one way, whether a signal, a request or its files ask for it."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeAlias

import structlog

from wolkvox_exporter.config import Config, ConfigError
from wolkvox_exporter.metrics.cache import Publisher
from wolkvox_exporter.polling.pool import Changes, Pool
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.runtime.concurrency import NoThreadError, bounded
from wolkvox_exporter.runtime.files import digest_of
from wolkvox_exporter.runtime.systemd import ServiceManager

READ_TIMEOUT = 30.0
"""Seconds that reading the configuration and its token files may take."""
_INTERRUPTED: tuple[str, ...] = ("the reload was interrupted; see the log",)

Digests: TypeAlias = Mapping[Path, str | None]
"""Files and the digests of what is in them, None where that cannot be read."""
_Read: TypeAlias = Config | tuple[str, ...]
"""A configuration, or what is wrong with it."""
_Answer: TypeAlias = asyncio.Future[tuple[str, ...]]

log = structlog.get_logger()


class Reloading:
    """Takes a configuration over as soon as somebody asks for it; while it is bad, the one before stays in effect."""

    def __init__(
        self,
        load: Callable[[], Config],
        config: Config,
        pool: Pool,
        publisher: Publisher,
        clock: Clock,
        *,
        manager: ServiceManager,
    ) -> None:
        self._load = load
        self._state = config.state
        self._in_effect: Digests = config.digests
        self._problems: tuple[str, ...] = ()
        self._pool = pool
        self._publisher = publisher
        self._clock = clock
        self._manager = manager
        self._busy = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._waiting: list[_Answer] = []

    def request(self) -> None:
        """Ask for it. Asked while one is under way, it is done once more after that."""
        self._wanted.set()

    async def result(self) -> tuple[str, ...]:
        """Ask for it, and return what is wrong with the configuration, or nothing once it is in effect."""
        answer: _Answer = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self.request()
        return await answer

    async def run(self) -> NoReturn:
        """Reload whenever it is asked for, one at a time."""
        while True:
            await self._wanted.wait()
            async with self._busy:
                self._wanted.clear()
                waiting, self._waiting = self._waiting, []
                self._manager.reloading()
                try:
                    await self._reload(waiting=waiting)
                finally:
                    self._manager.ready()

    async def look(self) -> Digests:
        """Return what is in the files of the configuration in effect; what cannot be read in time counts as gone."""
        files = tuple(self._in_effect)
        try:
            return await bounded(partial(_look, files), READ_TIMEOUT, self)
        except (TimeoutError, NoThreadError):
            return dict.fromkeys(files)

    def is_due(self, found: Digests) -> bool:
        """Return whether what a look found is to be read: it is not in effect, or what was read last was bad.

        A bad configuration is read again although it has not changed: its repair may lie elsewhere.
        """
        return found != self._in_effect or not self._publisher.config_loaded

    async def follow(self, found: Digests) -> bool:
        """Reload what a look found, if that is still due; return whether it is done, False if it changed meanwhile.

        The service manager hears nothing: it did not ask. Of the same problems as before nobody is told again.
        """
        async with self._busy:
            if not self.is_due(found):
                return True
            read = await self._read()
            if not await self._is_of(read, found):
                return False
            await self._reload_unless_reported(read)
            return True

    async def refuse(self, problem: str) -> None:
        """Count what is in the files as a bad configuration, for this reason."""
        async with self._busy:
            await self._reload_unless_reported((problem,))

    async def _is_of(self, read: _Read, found: Digests) -> bool:
        if isinstance(read, Config):
            return all(read.digests.get(path, digest) == digest for path, digest in found.items())
        return await self.look() == found

    async def _reload_unless_reported(self, read: _Read) -> None:
        if read != self._problems:
            await self._reload(read)

    async def _reload(self, read: _Read | None = None, waiting: Iterable[_Answer] = ()) -> None:
        problems = _INTERRUPTED
        try:
            problems = await self._adopt(await self._read() if read is None else read)
            for problem in problems:
                log.error("configuration not reloaded, the one before stays in effect", problem=problem)
        finally:
            await self._settle(problems, waiting)

    async def _settle(self, problems: tuple[str, ...], waiting: Iterable[_Answer]) -> None:
        self._problems = problems
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

    async def _read(self) -> _Read:
        try:
            return await bounded(self._load, READ_TIMEOUT, self._load)
        except ConfigError as error:
            return tuple(map(str, error.problems))
        except TimeoutError:
            return (f"it could not be read within {READ_TIMEOUT:g} s; look at where it and its tokens are kept",)
        except NoThreadError as error:
            return (str(error),)

    async def _adopt(self, read: _Read) -> tuple[str, ...]:
        """Put a configuration in effect; return what is wrong with it, or nothing."""
        if not isinstance(read, Config):
            return read
        try:
            changes = await self._pool.adopt(read.operations)
        except OSError as error:
            return (f"a ca_file cannot be read ({error.strerror}); make it readable for the exporter",)
        self._in_effect = read.digests
        warn(read)
        self._warn_of_state(read)
        _tell(changes)
        return ()

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


def _look(files: Iterable[Path]) -> Digests:
    return {path: digest_of(path) for path in files}


def _tell(changes: Changes) -> None:
    log.info(
        "configuration reloaded",
        added=", ".join(changes.added),
        removed=", ".join(changes.removed),
        changed=", ".join(f"{name} ({', '.join(keys)})" for name, keys in changes.changed.items()),
        unchanged=", ".join(changes.unchanged),
    )
