"""The calls a day that an operation may spend, by all its tokens and all its integrations together."""

from collections import Counter
from dataclasses import dataclass, field

from wolkvox_exporter.api.reports.quota import NUMBERS
from wolkvox_exporter.simulator.answers import Row, completed
from wolkvox_exporter.simulator.operation import Operation
from wolkvox_exporter.simulator.window import midnight_before


@dataclass
class Quota:
    """What an operation has spent since midnight, by token; days are those of GMT-5."""

    operation: Operation
    _spent: Counter[str] = field(default_factory=Counter, init=False, repr=False)
    _day: float = field(default=0.0, init=False, repr=False)

    def spend(self, token: str, now: float) -> bool:
        """Charge `token` a call at the Unix time `now`; False if the day's calls are used up."""
        day = midnight_before(now)
        if day != self._day:
            self._day, self._spent = day, Counter()
        if self._used(now) >= self.operation.daily_limit:
            return False
        self._spent[token] += 1
        return True

    def _used(self, now: float) -> int:
        # The others spend evenly from midnight on, by the time alone: asking for it changes nothing.
        others = int((now - self._day) / 3_600 * self.operation.others_per_hour)
        spent = self._spent.total()
        return spent + min(others, max(0, self.operation.daily_limit - spent))

    def row(self, token: str, now: float) -> Row:
        """Write what the report `token_info` tells the owner of `token`, who was charged for it, at the time `now`."""
        limit, used = self.operation.daily_limit, self._used(now)
        row = {
            "description": self.operation.name,
            "token_limit": str(limit),
            "token_use_today": str(self._spent[token]),
            "all_token_today": str(used),
            "available_consumption_options": str(limit - used),
        }
        return completed(row, NUMBERS)
