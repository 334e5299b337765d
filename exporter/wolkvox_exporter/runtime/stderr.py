"""Standard error that nobody has to read: a thread writes it, and lines that find no place in its queue are dropped.

The standard library's QueueListener would not do: its end waits for the reader, and a bounded `queue.Queue` blocks for
ever where a destructor logs in the middle of a `put`.
"""

import atexit
import io
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue

CAPACITY = 1000
"""Lines that wait for a reader at most."""
FLUSH_TIMEOUT = 1.0
"""Seconds that the end of the process waits for a reader at most."""


class BackgroundWriter(io.TextIOBase):
    """A text stream that takes whole lines and never makes its user wait.

    `resumed` is called in the writing thread, with the number of lines that were dropped, once all others are written.
    """

    def __init__(self, descriptor: int, resumed: Callable[[int], None]) -> None:
        self.dropped = 0
        """Lines that found no place, or that the system refused to write."""
        self._descriptor = descriptor
        self._resumed = resumed
        self._queue: SimpleQueue[bytes] = SimpleQueue()
        self._begun = threading.local()
        # reentrant: a destructor may write at any point
        self._counting = threading.RLock()
        self._accepted = self._settled = 0
        threading.Thread(target=self._run, name="stderr", daemon=True).start()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Take text; what follows its last line feed waits for the next one of the same thread."""
        *lines, self._begun.text = (getattr(self._begun, "text", "") + text).split("\n")
        for line in lines:
            self._put(f"{line}\n".encode(errors="backslashreplace"))
        return len(text)

    def drain(self) -> None:
        """Wait until all is written, for `FLUSH_TIMEOUT` at most; the process is to end then."""
        deadline = time.monotonic() + FLUSH_TIMEOUT
        while self._settled < self._accepted:
            if time.monotonic() > deadline:
                # what the interpreter itself may still write must not wait for the reader either
                with suppress(OSError):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), self._descriptor)
                return
            time.sleep(0.01)

    def _put(self, line: bytes) -> None:
        with self._counting:
            if self._accepted - self._settled >= CAPACITY:
                self.dropped += 1
                return
            self._accepted += 1
        self._queue.put(line)

    def _run(self) -> None:
        reported = 0
        while True:
            arrived = self._write(self._queue.get())
            if arrived and self._queue.empty() and (missing := self.dropped - reported):
                reported += missing
                self._resumed(missing)
            self._settled += 1

    def _write(self, line: bytes) -> bool:
        while line:
            try:
                line = line[os.write(self._descriptor, line) :]
            except BlockingIOError:
                # somebody else's choice: the descriptor may be shared
                select.select((), (self._descriptor,), ())
            except OSError:
                with self._counting:
                    self.dropped += 1
                return False
        return True


def write_in_background(resumed: Callable[[int], None]) -> None:
    """Let nothing in this process wait for whoever reads its standard error, from now on to its end."""
    # closed from the start, its number may be that of another file by now
    descriptor = sys.stderr.fileno() if sys.stderr else os.open(os.devnull, os.O_WRONLY)
    sys.stderr = BackgroundWriter(descriptor, resumed)
    atexit.register(drain)


def drain() -> None:
    """Before the process ends, wait for the reader, if there is one; for `FLUSH_TIMEOUT` at most."""
    if isinstance(sys.stderr, BackgroundWriter):
        sys.stderr.drain()


def lines_dropped() -> int:
    """Return how many lines of standard error were dropped since the start because nobody read them."""
    return sys.stderr.dropped if isinstance(sys.stderr, BackgroundWriter) else 0
