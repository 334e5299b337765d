"""How the interpreter shares its one lock, and when it collects garbage: so that the event loop is seldom late."""

import gc
import sys
from typing import NoReturn

from wolkvox_exporter.runtime.clock import Clock

SWITCH_INTERVAL = 0.0005
"""Seconds after which a thread at work gives way to the event loop, which wants the lock several times for a scrape."""
COLLECTION_INTERVAL = 3600.0
"""Seconds between two collections of everything that is not young."""
_NEVER = 2**30


def prefer_latency() -> None:
    """Let the event loop wait less for other threads, and not for the garbage of what lives long.

    A full collection looks at every object: some 30 ms of them belong to modules, as many to the figures of twenty
    thousand campaigns, which are no part of any cycle. Automatically, that happens every few polls.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)


async def collect_garbage(clock: Clock) -> NoReturn:
    """Collect everything now and then: cycles of what lived long are few, but a process runs for months."""
    while True:
        await clock.sleep_until(clock.monotonic() + COLLECTION_INTERVAL)
        gc.collect()
