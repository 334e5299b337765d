"""The operation's day, and the window of the AMD report: from midnight to now, written as the API reads it."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = 86_400.0
_BEHIND = 5 * 3_600.0  # whatever the customer's country: America/Bogota, no daylight saving
_API_ZONE = timezone(timedelta(seconds=-_BEHIND))


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to `end`, both aware instants."""

    start: datetime
    end: datetime

    @property
    def parameters(self) -> dict[str, str]:
        """The window as `date_ini` and `date_end` in GMT-5."""
        return {"date_ini": _written(self.start), "date_end": _written(self.end)}


def today(now: float, zone: ZoneInfo) -> Window:
    """Return the window from the midnight of `zone` to `now`, in seconds since the epoch."""
    end = datetime.fromtimestamp(now, UTC)
    return Window(first_instant(end.astimezone(zone).date(), zone), end)


def tomorrow(now: float, zone: ZoneInfo) -> datetime:
    """Return when the day after that of `now`, in seconds since the epoch, begins in `zone`."""
    return first_instant(datetime.fromtimestamp(now, zone).date() + timedelta(days=1), zone)


def next_api_midnight(now: float) -> float:
    """Return when, in seconds since the epoch, the API's next day begins."""
    return ((now - _BEHIND) // _DAY + 1) * _DAY + _BEHIND


def api_midnight_before(now: float) -> float:
    """Return when, in seconds since the epoch, the API's day of `now` began."""
    return next_api_midnight(now) - _DAY


@lru_cache(maxsize=128)
def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day: midnight, or where clocks skip it, the moment they jump."""
    midnight = datetime.combine(day, time.min, zone)
    # read as before and as after a jump; the two differ only where midnight is skipped or comes twice
    before, after = (int(midnight.replace(fold=fold).timestamp()) for fold in (0, 1))
    if before <= after:
        return datetime.fromtimestamp(before, UTC)
    seconds = range(after, before + 1)
    jump = bisect_left(seconds, True, key=lambda second: datetime.fromtimestamp(second, zone).date() >= day)  # noqa: FBT003 - what is searched for
    return datetime.fromtimestamp(seconds[jump], UTC)


def _written(instant: datetime) -> str:
    return instant.astimezone(_API_ZONE).strftime("%Y%m%d%H%M%S")
