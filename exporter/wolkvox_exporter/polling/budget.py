"""What is left of the day's calls, so that this exporter does not take the last ones from other integrations."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from wolkvox_exporter.api.reports import quota
from wolkvox_exporter.api.windows import next_api_midnight
from wolkvox_exporter.runtime.serializable import Table


@dataclass(frozen=True, slots=True)
class Spending:
    """The calls of the day that ends at `day_ends`, seconds since the epoch: as last reported, and our own since."""

    calls: Table[str, float]
    since: int
    day_ends: float


class Budget:
    """The day's calls of an operation as last reported, and those made since. `reserve` is a share of the limit."""

    def __init__(self, reserve: float, spending: Spending | None = None) -> None:
        self._reserve = reserve
        self.spending = spending or Spending(MappingProxyType({}), 0, 0.0)

    def reported(self, calls: Mapping[str, float], now: float) -> None:
        """Take a quota report of `now`, seconds since the epoch."""
        self.spending = Spending(MappingProxyType(dict(calls)), 0, next_api_midnight(now))

    def spend(self) -> None:
        """Count a call of our own."""
        self.spending = self.after_one_more()

    def after_one_more(self) -> Spending:
        """Return what will be spent after one more call of our own."""
        return replace(self.spending, since=self.spending.since + 1)

    def has_room(self, now: float) -> bool:
        """Tell whether more than the reserve is left; without figures of today there is no telling, and so there is."""
        calls = self.spending.calls
        if now >= self.spending.day_ends or not {quota.LIMIT, quota.USED} <= calls.keys():
            return True
        return calls[quota.LIMIT] - calls[quota.USED] - self.spending.since >= self._reserve * calls[quota.LIMIT]
