"""The signals of a process that runs until it is told to stop: the first ends it in order, and none ever kills it.

Those of the event loop would not do: when the loop is closed, they have their default effect again.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from wolkvox_exporter.runtime import stderr

STOPPING = (signal.SIGTERM, signal.SIGINT)
ALL = (*STOPPING, signal.SIGHUP)


@contextmanager
def ending_in_order(*, reloadable: bool) -> Iterator[None]:
    """Let SIGTERM and SIGINT end the process with exit code 0 at any moment, and SIGHUP not at all if `reloadable`.

    While a loop runs, `stopped_by_signals` and `deliver` take over. Afterwards all of them are ignored.
    """
    for number in STOPPING:
        signal.signal(number, _leave)
    if reloadable:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        _ignore()


def unblock() -> None:
    """Take what came before there were handlers, and what comes from now on."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ALL)


def deliver(number: signal.Signals, action: Callable[[], object]) -> None:
    """Let the running loop do something whenever the signal comes; once the loop has ended, nothing."""
    loop = asyncio.get_running_loop()

    def handle(_: int, __: FrameType | None) -> None:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(action)

    signal.signal(number, handle)


@contextmanager
def stopped_by_signals() -> Iterator[asyncio.Event]:
    """Give an event that SIGTERM and SIGINT set; afterwards all signals are ignored, since the process ends."""
    stop = asyncio.Event()
    with _waking_the_loop():
        for number in STOPPING:
            deliver(number, stop.set)
        try:
            yield stop
        finally:
            _ignore()


def _leave(_: int, __: FrameType | None) -> None:
    """End the process while it starts: nothing has begun that wants an order, and an exception could be swallowed."""
    _ignore()
    stderr.drain()
    os._exit(0)


def _ignore() -> None:
    """Let no signal interrupt the end of the process, not even that of the interpreter."""
    for number in ALL:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _waking_the_loop() -> Iterator[None]:
    """Let the loop notice a signal that comes in the very moment before it falls asleep."""
    loop = asyncio.get_running_loop()
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.settimeout(0)
        writer.settimeout(0)
        loop.add_reader(reader, reader.recv, 4096)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            loop.remove_reader(reader)
