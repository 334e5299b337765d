"""What is left of the day's calls, so that this exporter does not take the last ones from other integrations."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from wolkvox_exporter.api.reports import quota
from wolkvox_exporter.api.windows import next_api_midnight
from wolkvox_exporter.runtime.serializable import Table


@dataclass(frozen=True, slots=True)
class Spending:
    """The calls of the day as reported at `reported_at`, seconds since the epoch, and our own since."""

    calls: Table[str, float] = field(default_factory=lambda: MappingProxyType({}))
    reported_at: float = 0.0
    since: int = 0

    def spend(self) -> "Spending":
        """Return the spending after one more call of our own."""
        return replace(self, since=self.since + 1)

    def has_room(self, reserve: float, now: float) -> bool:
        """Return whether more than `reserve`, a share of the limit, is left at `now`.

        Without figures of today there is no telling, and so there is.
        """
        if now >= next_api_midnight(self.reported_at) or not {quota.LIMIT, quota.USED} <= self.calls.keys():
            return True
        limit = self.calls[quota.LIMIT]
        return limit - self.calls[quota.USED] - self.since >= reserve * limit


def reported(calls: Mapping[str, float], at: float) -> Spending:
    """Return the spending after a quota report that was asked for at `at`, seconds since the epoch."""
    return Spending(MappingProxyType(dict(calls)), at, 0)
