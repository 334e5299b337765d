"""What a poll is: what it may ask for, and what it brings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from wolkvox_exporter.api.client import Call
from wolkvox_exporter.api.errors import ApiError
from wolkvox_exporter.api.fields import Unread
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.polling.snapshot import Snapshot

Change = Callable[[Snapshot], Snapshot]


class Asker(Protocol):
    """Asks the API on behalf of a poll, one call at a time."""

    def time(self) -> float:
        """Seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds that never jump."""

    async def ask(self, call: Call) -> Answer:
        """Ask; raises `ApiError`."""

    def may_go_on(self) -> bool:
        """Tell whether a poll of several calls may make one more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a poll changes, what could not be read, and what ended it early if something did."""

    change: Change
    unread: Unread
    error: ApiError | None = None


class Poll(Protocol):
    """One report of one operation."""

    interval: float
    """Seconds."""
    fields: tuple[str, ...]
    """The API's keys, for the count of unreadable values."""

    async def run(self, asker: Asker) -> Outcome | None:
        """Ask, and return what it brought, or None if there was nothing to ask for. Raises `ApiError`."""
