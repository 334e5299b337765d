"""Turns: one request at a time for a token, whoever asks, and none while the API is known to refuse it."""

import asyncio
import hashlib
from dataclasses import dataclass

from exporter.clock import Clock
from exporter.wolkvox.errors import ApiError, Reason
from exporter.wolkvox.window import next_api_midnight

FIRST_PAUSE = 5 * 60.0
"""Seconds from the first refusal of a token to its next probe, or the report's interval if that is shorter."""
MAX_PAUSE = 30 * 60.0
"""Seconds: the longest pause between two probes of a refused token."""
QUOTA_PAUSE = 60 * 60.0
"""Seconds between two probes while the day's calls are used up."""
_ENOUGH = 16


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a token is not used before an instant on the monotonic clock."""

    reason: Reason
    until: float


class Turn:
    """The use of one token by all operations that have it."""

    def __init__(self, clock: Clock) -> None:
        self.lock = asyncio.Lock()
        self._clock = clock
        self._hold: Hold | None = None
        self._refusals = 0

    @property
    def hold(self) -> Hold | None:
        """What forbids a call now."""
        return self._hold if self._hold and self._clock.monotonic() < self._hold.until else None

    def accepted(self) -> None:
        """Note that the API took the token."""
        self._hold = None
        self._refusals = 0

    def refused(self, error: ApiError, interval: float) -> Hold | None:
        """Note a failed poll of a report with this interval; returns the hold that a refusal leads to."""
        now = self._clock.monotonic()
        if error.reason is Reason.TOKEN:
            pause = min(MAX_PAUSE, min(interval, FIRST_PAUSE) * 2**self._refusals)
            self._refusals = min(self._refusals + 1, _ENOUGH)
            self._hold = Hold(Reason.TOKEN, now + pause)
        elif error.reason is Reason.QUOTA:
            self._hold = Hold(Reason.QUOTA, now + min(QUOTA_PAUSE, self._to_midnight()))
        else:
            return None
        return self._hold

    def _to_midnight(self) -> float:
        now = self._clock.time()
        return next_api_midnight(now) - now


class Turns:
    """The turns of all tokens."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turns: dict[str, Turn] = {}

    def of(self, token: str) -> Turn:
        """Return the turn of a token."""
        return self._turns.setdefault(fingerprint(token), Turn(self._clock))


def fingerprint(token: str) -> str:
    """Return what tells a token from others without showing it."""
    return hashlib.sha256(token.encode()).hexdigest()
