"""Turns: one request at a time for a token, whoever asks, and none while the API is known to refuse it."""

import asyncio
import hashlib
from dataclasses import dataclass

from exporter.clock import Clock
from exporter.wolkvox.errors import ApiError, Reason
from exporter.wolkvox.window import next_api_midnight

MAX_PAUSE = 30 * 60.0
"""Seconds: the longest pause between two probes of a refused token."""
QUOTA_PAUSE = 60 * 60.0
"""Seconds between two probes while the day's calls are used up."""


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

    def refused(self, error: ApiError, started: float, interval: float) -> Hold | None:
        """Note a failed poll that began at `started`; returns the hold that a refusal leads to."""
        if error.reason is Reason.TOKEN:
            pause = max(interval, min(MAX_PAUSE, interval * 2**self._refusals))
            self._refusals = min(self._refusals + 1, 16)
            self._hold = Hold(Reason.TOKEN, started + pause)
        elif error.reason is Reason.QUOTA:
            self._hold = Hold(Reason.QUOTA, self._clock.monotonic() + min(QUOTA_PAUSE, self._to_midnight()))
        return self.hold

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
