"""What is left of the day's calls, so that this exporter does not take the last ones from other integrations."""

from collections.abc import Mapping

from exporter.wolkvox import quota
from exporter.wolkvox.window import next_api_midnight


class Budget:
    """The day's calls of an operation as last reported, and those made since. `reserve` is a share of the limit."""

    def __init__(self, reserve: float) -> None:
        self._reserve = reserve
        self._calls: Mapping[str, float] = {}
        self._spent = 0
        self._day_ends = 0.0

    def reported(self, calls: Mapping[str, float], now: float) -> None:
        """Take a quota report of `now`, seconds since the epoch."""
        self._calls, self._spent, self._day_ends = calls, 0, next_api_midnight(now)

    def spend(self) -> None:
        """Count a call of our own."""
        self._spent += 1

    def has_room(self, now: float) -> bool:
        """Tell whether more than the reserve is left; without figures of today there is no telling, and so there is."""
        if now >= self._day_ends or not {quota.LIMIT, quota.USED} <= self._calls.keys():
            return True
        limit = self._calls[quota.LIMIT]
        return limit - self._calls[quota.USED] - self._spent >= self._reserve * limit
