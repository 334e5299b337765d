"""The date window of a historical report, as the API reads it: in GMT-5, whatever the customer's country."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

API_ZONE = timezone(timedelta(hours=-5))
"""The zone of the API's days and dates, wherever the operation is."""

DAY = 86_400.0
"""Seconds from one midnight of the API to the next."""

_DIGITS = 14
_LONGEST = timedelta(days=31).total_seconds()


def midnight_before(now: float) -> float:
    """Give the Unix time at which the API's day of the Unix time `now` began."""
    return datetime.fromtimestamp(now, API_ZONE).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


@dataclass(frozen=True)
class Window:
    """From the Unix time `first` to the end of the second `last`."""

    first: float
    last: float

    @classmethod
    def asked(cls, params: Mapping[str, str]) -> "Window":
        """Read `date_ini` and `date_end`; ValueError if they are no dates, reversed or over 31 days apart."""
        window = cls(_instant(params["date_ini"]), _instant(params["date_end"]))
        if not 0 <= window.last - window.first <= _LONGEST:
            raise ValueError("the window ends before it begins or is too long")
        return window


def _instant(text: str) -> float:
    # strptime alone would take 2026112 for a date.
    if len(text) != _DIGITS or not (text.isascii() and text.isdigit()):
        raise ValueError(f"not a date of {_DIGITS} digits")
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=API_ZONE).timestamp()
