"""The files of the configuration, looked at while the exporter runs: what changes in them takes effect by itself."""

from typing import NoReturn

from wolkvox_exporter.app import LOOK_INTERVAL
from wolkvox_exporter.app.reloading import Reloading
from wolkvox_exporter.runtime.clock import Clock

SETTLE = 2.0
"""Seconds after which a second look has to find the same: a file may be half written, or gone for a moment."""
MOST_LOOKS = 30
"""Looks, each after `SETTLE`, at which files may have changed before that is a failure."""
_RESTLESS = (
    f"its files have changed at each of {MOST_LOOKS} looks, {SETTLE:g} s apart, so none is taken for whole; write a "
    "new one elsewhere and move it into the place of the old one"
)


class ConfigWatch:
    """Compares contents, not times or names: links that are swapped count, and a touch does not."""

    def __init__(self, reloading: Reloading, clock: Clock, interval: float = LOOK_INTERVAL) -> None:
        self._reloading = reloading
        self._clock = clock
        self._interval = interval

    async def run(self) -> NoReturn:
        """Look every `interval` seconds."""
        while True:
            await self._sleep(self._interval)
            await self._look()

    async def _look(self) -> None:
        found = await self._reloading.look()
        for _ in range(MOST_LOOKS):
            if not self._reloading.is_due(found):
                return
            await self._sleep(SETTLE)
            before, found = found, await self._reloading.look()
            if found == before and await self._reloading.follow(found):
                return
        await self._reloading.refuse(_RESTLESS)

    async def _sleep(self, seconds: float) -> None:
        await self._clock.sleep_until(self._clock.monotonic() + seconds)
