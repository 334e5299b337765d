"""The web configuration file as it is now: read again when it, or a file that it names, has changed."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

import structlog

from wolkvox_exporter.config.problems import ConfigError, Problem
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.runtime.concurrency import NoThreadError, bounded
from wolkvox_exporter.web.toolkit import web_config
from wolkvox_exporter.web.toolkit.web_config import WebConfig

LOOK_EVERY = 1.0
"""Seconds for which one look at the files holds."""
PATIENCE = 5.0
"""Seconds that a look may take before nobody is let in until it ends."""
_SWITCHED = "what keeps strangers out cannot be taken away while it runs; put it back, or restart"
_LATER = "TLS is switched on at the start only; restart"
_LATE = "the files cannot be read in time; look at the disk or share that they are on"

log = structlog.get_logger()

_Signature: TypeAlias = tuple[object, ...]
Load: TypeAlias = Callable[[Path], WebConfig]
_Found: TypeAlias = WebConfig | tuple[Problem, ...] | None
"""A file that is new to us, or what is wrong with it; None: it is as it was."""


class WatchedConfig:
    """The file; a bad one raises `ConfigError` at the start, and lets nobody in later.

    `load` and `patience`, in seconds, are the tests' to change.
    """

    def __init__(self, path: Path, clock: Clock, load: Load = web_config.load, patience: float = PATIENCE) -> None:
        self._path = path
        self._clock = clock
        self._load = load
        self._patience = patience
        self._good = load(path)
        self._seen = _signature(path, self._good)
        self._problems: tuple[Problem, ...] = ()
        self._looked = clock.monotonic()
        self._look: asyncio.Task[None] | None = None
        self._had_users = bool(self._good.settings.basic_auth_users)
        self.uses_tls = self._good.tls is not None

    @property
    def latest(self) -> WebConfig:
        """What was good last, for what lets nobody in."""
        return self._good

    async def current(self) -> WebConfig | None:
        """Return what is in effect, None while the file is bad or cannot be read in time."""
        if self._look is None and self._clock.monotonic() - self._looked >= LOOK_EVERY:
            self._look = asyncio.create_task(self._look_again())
        if look := self._look:
            # one for all who come meanwhile; it goes on although one of them leaves
            await asyncio.wait({look})
            look.result()
        return None if self._problems else self._good

    async def _look_again(self) -> None:
        # a bad file is tried again although it has not changed: its repair may lie in a file that is not looked at yet
        seen = None if self._problems else self._seen
        read = partial(_look, self._path, self._good, seen, self._load)
        try:
            self._seen, found = await bounded(read, self._patience, self)
        except TimeoutError:
            self._judge((self._problem(_LATE),))
        except NoThreadError as error:
            self._judge((self._problem(f"the files cannot be read: {error}"),))
        else:
            self._take(found)
            self._looked = self._clock.monotonic()
        finally:
            self._look = None

    def _take(self, found: _Found) -> None:
        if not isinstance(found, WebConfig):
            self._judge(found or ())
            return
        self._judge(tuple(self._taken_away(found)))
        if not self._problems:
            self._good = found
            log.info("web configuration read", file=str(self._path), users=len(found.settings.basic_auth_users))
            if found.tls and not self.uses_tls:
                log.warning("web configuration", at=str(self._path), path="tls_server_config", warning=_LATER)

    def _taken_away(self, config: WebConfig) -> list[Problem]:
        gone = {
            "tls_server_config": self.uses_tls and not config.tls,
            "basic_auth_users": self._had_users and not config.settings.basic_auth_users,
        }
        return [self._problem(_SWITCHED, key) for key, is_gone in gone.items() if is_gone]

    def _problem(self, text: str, key: str = "") -> Problem:
        return Problem(str(self._path), 1, key, text)

    def _judge(self, problems: tuple[Problem, ...]) -> None:
        if problems != self._problems:
            for problem in problems:
                at = f"{problem.file}:{problem.line}"
                log.error(
                    "web configuration", at=at, path=problem.path, problem=problem.text, effect="no one is let in"
                )
        self._problems = problems


def _look(path: Path, good: WebConfig, seen: _Signature | None, load: Load) -> tuple[_Signature, _Found]:
    # taken before reading: a change meanwhile is read the next time
    signature = _signature(path, good)
    if signature == seen:
        return signature, None
    try:
        return signature, load(path)
    except ConfigError as error:
        return signature, error.problems


def _signature(path: Path, good: WebConfig) -> _Signature:
    return tuple(_state(file) for file in (path, *good.files))


def _state(path: Path) -> object:
    try:
        found = path.stat()
    except OSError as error:
        return error.errno
    return found.st_mtime_ns, found.st_size, found.st_ino
