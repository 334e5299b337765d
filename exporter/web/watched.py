"""The web configuration file as it is now: read again when it, or a file that it names, has changed."""

from pathlib import Path

import structlog

from exporter.clock import Clock
from exporter.config import ConfigError, Problem
from exporter.web import webconfig
from exporter.web.webconfig import WebConfig

_AGAIN = 1.0
"""Seconds between two attempts to read a bad file, whose repair may lie in a file that is not known yet."""
_SWITCHED = "what keeps strangers out cannot be taken away while it runs; put it back, or restart"
_LATER = "TLS is switched on at the start only; restart"

log = structlog.get_logger()


class Watched:
    """The file; a bad one raises `ConfigError` at the start, and closes the door later."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._good = webconfig.load(path)
        self._seen = self._signature()
        self._problems: tuple[Problem, ...] = ()
        self._tried = clock.monotonic()
        self._had_users = bool(self._good.settings.basic_auth_users)
        self.uses_tls = self._good.tls is not None

    @property
    def latest(self) -> WebConfig:
        """What was good last, for that which opens no door."""
        return self._good

    def current(self) -> WebConfig | None:
        """Return what is in effect, None while the file is bad."""
        signature, now = self._signature(), self._clock.monotonic()
        if signature != self._seen or (self._problems and now - self._tried >= _AGAIN):
            # taken before reading: a change meanwhile is read the next time
            self._seen, self._tried = signature, now
            self._read()
        return None if self._problems else self._good

    def _read(self) -> None:
        try:
            config = webconfig.load(self._path)
        except ConfigError as error:
            self._judge(error.problems)
            return
        self._judge(tuple(self._taken_away(config)))
        if not self._problems:
            self._good = config
            log.info("web configuration read", file=str(self._path), users=len(config.settings.basic_auth_users))
            if config.tls and not self.uses_tls:
                log.warning("web configuration", at=str(self._path), path="tls_server_config", warning=_LATER)

    def _taken_away(self, config: WebConfig) -> list[Problem]:
        gone = {
            "tls_server_config": self.uses_tls and not config.tls,
            "basic_auth_users": self._had_users and not config.settings.basic_auth_users,
        }
        return [Problem(str(self._path), 1, key, _SWITCHED) for key, is_gone in gone.items() if is_gone]

    def _judge(self, problems: tuple[Problem, ...]) -> None:
        if problems != self._problems:
            for problem in problems:
                at = f"{problem.file}:{problem.line}"
                log.error(
                    "web configuration", at=at, path=problem.path, problem=problem.text, effect="no one is let in"
                )
        self._problems = problems

    def _signature(self) -> tuple[object, ...]:
        return tuple(_state(path) for path in (self._path, *self._good.files))


def _state(path: Path) -> object:
    try:
        found = path.stat()
    except OSError as error:
        return error.errno
    return found.st_mtime_ns, found.st_size, found.st_ino
