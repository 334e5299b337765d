"""What many tasks have to do at the same moment, one after the other, with the event loop free in between."""

import asyncio
from weakref import WeakKeyDictionary

_LOCKS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def in_turn() -> None:
    """Return once the event loop has looked at its sockets since the last caller went on; first come, first served.

    Tasks that become ready together run together, a step each, and whoever connects meanwhile waits for all of them:
    with eighty operations and a millisecond each that is long.
    """
    async with _LOCKS.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        await asyncio.sleep(0)
