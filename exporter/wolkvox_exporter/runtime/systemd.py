"""Messages to the service manager: systemd's notification protocol, sd_notify(3), and its watchdog.

The protocol is one datagram a message, and the libraries for it either wrap a C library or do no more than this.
"""

import os
import socket
import time
from collections.abc import Callable
from contextlib import closing
from typing import NoReturn, Self

import structlog

from wolkvox_exporter.runtime.clock import Clock

STATUS_EVERY = 5.0
"""Seconds between two status lines for people, where no watchdog asks for more."""
# a service manager reads at once; one that does not must not keep the event loop waiting
_SEND_TIMEOUT = 0.1
_SOCKET, _WATCHDOG, _WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"

log = structlog.get_logger()


class ServiceManager:
    """Whoever started the exporter, if it listens; else every message goes nowhere. Sending never fails."""

    def __init__(self, address: str | None = None, watchdog: float | None = None) -> None:
        self._address = address
        self._watchdog = watchdog
        self._shown = ""

    @classmethod
    def from_environment(cls) -> Self:
        """Take over what the service manager wrote into the environment, so that no child process inherits it."""
        address, watchdog, pid = (os.environ.pop(name, "") for name in (_SOCKET, _WATCHDOG, _WATCHDOG_PID))
        meant = watchdog.isdecimal() and int(watchdog) > 0 and pid in ("", str(os.getpid()))
        return cls(address or None, int(watchdog) / 1e6 if meant else None)

    @property
    def is_listening(self) -> bool:
        """Whether there is anybody to send messages to."""
        return self._address is not None

    @property
    def period(self) -> float:
        """Seconds between two signs of life: half of what the watchdog allows, so that one may be late."""
        return min(STATUS_EVERY, self._watchdog / 2) if self._watchdog else STATUS_EVERY

    def ready(self) -> None:
        """Report that the exporter answers, at its start and after a reload, whether or not it was a success."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Report that the configuration is being read again; `ready` reports the end of it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """Report that the exporter ends in order."""
        self._send("STOPPING=1", "STATUS=stopping")

    async def watch(self, clock: Clock, status: Callable[[], str]) -> NoReturn:
        """Report how it goes, in a line for people, and that the event loop runs, until cancelled."""
        while True:
            self._show(status())
            if self._watchdog:
                self._send("WATCHDOG=1")
            await clock.sleep_until(clock.monotonic() + self.period)

    def _show(self, text: str) -> None:
        if text != self._shown:
            self._send(f"STATUS={text}")
            self._shown = text

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        # a name that begins with @ is one of the abstract namespace, which begins with a zero byte
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)) as sender:
                sender.settimeout(_SEND_TIMEOUT)
                sender.sendto("\n".join(lines).encode(), address)
        except (OSError, ValueError) as error:
            log.debug("the service manager cannot be told", message=lines[0], error=str(error))
