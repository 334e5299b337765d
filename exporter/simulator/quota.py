"""The calls a day that an operation may spend, by all its tokens together."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from exporter.simulator.answers import Row
from exporter.simulator.model import Operation

API_ZONE = timezone(timedelta(hours=-5))
"""The zone of the API's days and dates, wherever the operation is."""


@dataclass
class Quota:
    """What an operation has spent since midnight, by token; days are those of GMT-5."""

    operation: Operation
    _spent: Counter[str] = field(default_factory=Counter, init=False, repr=False)
    _day: date = field(default=date.min, init=False, repr=False)

    def spend(self, token: str, now: float) -> bool:
        """Charge `token` a call at the Unix time `now`; False if the day's calls are used up."""
        day = datetime.fromtimestamp(now, API_ZONE).date()
        if day != self._day:
            self._day, self._spent = day, Counter()
        if self._spent.total() >= self.operation.daily_limit:
            return False
        self._spent[token] += 1
        return True

    def row(self, token: str) -> Row:
        """Write what the report `token_info` tells the owner of `token`."""
        limit, spent = self.operation.daily_limit, self._spent.total()
        return {
            "description": self.operation.name,
            "token_limit": str(limit),
            "token_use_today": str(self._spent[token]),
            "all_token_today": str(spent),
            "available_consumption_options": str(limit - spent),
        }
