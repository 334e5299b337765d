"""The reports that wait for another token than the one that the API refused."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.config import TokenSource
from wolkvox_exporter.polling.threads import changed_at
from wolkvox_exporter.polling.turns import Hold, Turn, fingerprint


@dataclass(frozen=True, slots=True)
class WaitingMemory:
    """What waits, and the hold of the turn that the operation had last."""

    reports: frozenset[ReportName]
    hold: Hold | None
    # of the token, and so nothing that is written down
    refused: Annotated[str | None, Field(exclude=True)] = field(default=None, repr=False)


class Waiting:
    """Knows what waits for a token, and when the wait is over."""

    def __init__(self, source: TokenSource, memory: WaitingMemory | None = None) -> None:
        self._source = source
        self._hold = memory.hold if memory else None
        self._turn: Turn | None = None
        self._reports = set(memory.reports if memory else ())
        self._refused = memory.refused if memory else None

    def __bool__(self) -> bool:
        return bool(self._reports)

    def memory(self) -> WaitingMemory:
        """Return what a later one goes on from."""
        hold = self._turn.last if self._turn else self._hold
        return WaitingMemory(frozenset(self._reports), hold, self._refused)

    def add(self, report: ReportName, refused: str = "") -> None:
        """Let a report wait for another token than `refused`; for any if there is none."""
        self._reports.add(report)
        self._refused = fingerprint(refused) if refused else ""

    def discard(self, report: ReportName) -> None:
        """Wait no longer; only another refusal makes the report wait again."""
        self._reports.discard(report)

    async def renewed(self, token: str, turn: Turn) -> AbstractSet[ReportName]:
        """Return what need not wait any longer, now that this is the token."""
        await self.recall(token, turn)
        self._turn = turn
        if not self._reports or fingerprint(token) == self._refused:
            return frozenset()
        over, self._reports = self._reports, set()
        return over

    async def recall(self, token: str, turn: Turn) -> None:
        """Go on once from what is remembered, so that whoever has the same token knows of its refusal, too."""
        if self._turn is None:
            await self._go_on(token, turn)
            self._turn = turn

    async def _go_on(self, token: str, turn: Turn) -> None:
        if self._hold:
            await self._resume(self._hold, token, turn)
        elif self._refused is None:
            # some other report has shown since that the token is taken: these are asked in their interval
            self._reports.clear()

    async def _resume(self, hold: Hold, token: str, turn: Turn) -> None:
        """Go on with a hold, unless it was the hold of another token."""
        if hold.reason is Reason.TOKEN and self._refused is None:
            await self._recognise(hold, token)
        if hold.reason is not Reason.TOKEN or fingerprint(token) == self._refused:
            turn.resume(hold)

    async def _recognise(self, hold: Hold, token: str) -> None:
        """Tell after a restart whether the token is still the refused one, by the time that its file was written.

        Of a token without a file there is no telling, and a file that was written since may hold the same token, as
        one does that is made anew at each start of a service: both are asked again, in their interval.
        """
        changed = await changed_at(self._source)
        if changed is not None and changed <= hold.at:
            self._refused = fingerprint(token)
        else:
            self._reports.clear()
