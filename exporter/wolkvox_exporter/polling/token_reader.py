"""The tokens of a worker's operations, read again before each call: from files that may change, or hang."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from wolkvox_exporter.config import TokenUnreadable
from wolkvox_exporter.polling.account import Account
from wolkvox_exporter.polling.state import Question
from wolkvox_exporter.polling.threads import read_token
from wolkvox_exporter.runtime.clock import Clock

TOKEN_CHECK = 10.0
"""Seconds between two looks at the token's source while there is none, or the API refuses it."""
PATIENCE = 0.2
"""Seconds that other operations wait for one's token file, in the event loop's time."""
_AT_ONCE = 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading an operation's token: the token, or a problem; `question` is what was due, if any."""

    account: Account
    question: Question | None
    at: float
    """Monotonic."""
    token: str = field(default="", repr=False)
    problem: str = ""


class TokenReader:
    """Reads tokens, and lets nobody wait long for one that is slow; `ended` is told when such a one has come."""

    def __init__(self, clock: Clock, ended: Callable[[], None]) -> None:
        self._clock = clock
        self._ended = ended
        self._latest: Reading | None = None
        self._slow: dict[Account, asyncio.Task[Reading]] = {}
        self._looked: dict[Account, float] = {}

    @property
    def slow(self) -> dict[Account, asyncio.Task[Reading]]:
        """The readings under way that others do not wait for, by operation."""
        return self._slow

    def keep(self, reading: Reading) -> None:
        """Keep a token for the decision that follows at once."""
        self._latest = reading

    def taken(self, account: Account) -> str | None:
        """Return the token of an operation if it was read a moment ago; what was read is good for one call."""
        latest, self._latest = self._latest, None
        if latest and latest.account is account and self._clock.monotonic() - latest.at < _AT_ONCE:
            return latest.token
        return None

    async def read(self, account: Account, question: Question | None) -> Reading | None:
        """Read a token; None if that takes longer, and others are asked for meanwhile."""
        self._looked[account] = self._clock.monotonic()
        reading = asyncio.create_task(self._read(account, question))
        done, _ = await asyncio.wait({reading}, timeout=PATIENCE)
        if done:
            return reading.result()
        self._slow[account] = reading
        reading.add_done_callback(lambda _: self._ended())
        return None

    async def _read(self, account: Account, question: Question | None) -> Reading:
        try:
            token = await read_token(account.operation.token)
        except TokenUnreadable as error:
            return Reading(account, question, self._clock.monotonic(), problem=str(error))
        return Reading(account, question, self._clock.monotonic(), token)

    def came(self) -> list[Reading]:
        """Return the slow readings that have ended since."""
        ended = [account for account, reading in self._slow.items() if reading.done()]
        return [self._slow.pop(account).result() for account in ended]

    def next_look(self, account: Account) -> float:
        """Return when, on the monotonic clock, to look for another token; in the past if it was never looked for."""
        return self._looked.get(account, float("-inf")) + TOKEN_CHECK

    def forget(self, account: Account) -> None:
        """Look again at once where another token is needed."""
        self._looked.pop(account, None)

    def cancel(self) -> None:
        """Leave what is under way to itself."""
        for reading in self._slow.values():
            reading.cancel()
        self._slow.clear()
