"""Turns: one request at a time for a token, whoever asks, and none while the API is known to refuse it."""

import asyncio
import hashlib
from dataclasses import dataclass, replace

from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.windows import next_api_midnight
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.runtime.serializable import Instant

FIRST_PAUSE = 5 * 60.0
"""Seconds from the first refusal of a token to its next probe, or the report's interval if that is shorter."""
MAX_PAUSE = 30 * 60.0
"""Seconds: the longest pause between two probes of a refused token."""
QUOTA_PAUSE = 60 * 60.0
"""Seconds between two probes while the day's calls are used up."""
_ENOUGH = 16


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a token is not used before an instant."""

    reason: Reason
    until: Instant
    at: float
    """Seconds since the epoch: when the API refused it."""
    refusals: int
    """How often it was refused in a row."""


class Turn:
    """The use of one token by all operations that have it."""

    def __init__(self, clock: Clock) -> None:
        self.lock = asyncio.Lock()
        self._clock = clock
        self.last: Hold | None = None
        """What forbade calls since the API last took the token, though its time may be over."""

    @property
    def hold(self) -> Hold | None:
        """What forbids a call now."""
        return self.last if self.last and self._clock.monotonic() < self.last.until else None

    def resume(self, hold: Hold) -> None:
        """Go on holding, unless a later refusal is known here; never longer than the longest pause."""
        if self.last is None or self.last.at < hold.at:
            self.last = replace(hold, until=min(hold.until, self._clock.monotonic() + QUOTA_PAUSE))

    def accepted(self) -> None:
        """Note that the API took the token."""
        self.last = None

    def refused(self, error: ApiError, interval: float) -> Hold | None:
        """Note a failed poll of a report with this interval; returns the hold that a refusal leads to."""
        refusals = self.last.refusals if self.last else 0
        if error.reason is Reason.TOKEN:
            pause = min(MAX_PAUSE, min(interval, FIRST_PAUSE) * 2**refusals)
            refusals = min(refusals + 1, _ENOUGH)
        elif error.reason is Reason.QUOTA:
            pause = min(QUOTA_PAUSE, self._to_midnight())
        else:
            return None
        self.last = Hold(error.reason, self._clock.monotonic() + pause, self._clock.time(), refusals)
        return self.last

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
