"""What happens to a campaign besides dialling, as data: a timetable of when and what."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from wolkvox_exporter.simulator.truth import Oddity

RESULTS = ("answer", "no_answer", "failed", "machine")
"""The attributes of a campaign that hold the results of its dialled records."""


@dataclass(frozen=True)
class Change:
    """Give the campaign another status, name, skill or pace; None leaves what is there.

    `pace` is a factor on the calls per minute.
    """

    status: str | None = None
    name: str | None = None
    skill: str | None = None
    pace: float | None = None


@dataclass(frozen=True)
class Recycle:
    """Make the records with one of these results clean again: `dial` and those results fall, `recycled` rises."""

    results: tuple[str, ...] = RESULTS


@dataclass(frozen=True)
class Reload:
    """Replace the list by a new one with `times` as many records: everything starts at 0.

    The next report still has the `dial` of the list before.
    """

    times: float = 1.0


@dataclass(frozen=True)
class Redial:
    """Call the records without an answer or failed on another phone: they move between the results, `dial` stays."""

    phone: str


@dataclass(frozen=True)
class Once:
    """Misrepresent the campaign in exactly one good report, the next that is asked."""

    oddity: Oddity


Event = Change | Recycle | Reload | Redial | Once
_Entry_co = TypeVar("_Entry_co", covariant=True)

START = Change(status="started")
STOP = Change(status="stopped")
VANISH = Once(Oddity.VANISHED)
DIP = Once(Oddity.DIPPED)


@dataclass
class Timetable(Generic[_Entry_co]):
    """Events by when they are due, in seconds of simulated time since the simulation began.

    With `every` the whole table comes again and again, so many seconds apart.
    """

    entries: Sequence[tuple[float, _Entry_co]] = ()
    every: float | None = None
    _elapsed: float = field(default=0.0, init=False, repr=False)
    _next: int = field(default=0, init=False, repr=False)
    _due: float = field(default=float("inf"), init=False, repr=False)

    def __post_init__(self) -> None:
        self.entries = sorted(self.entries, key=lambda entry: entry[0])
        if self.entries:
            self._due = self.entries[0][0]

    def due(self, seconds: float) -> Iterable[_Entry_co]:
        """Let `seconds` pass, and give what falls due within them."""
        self._elapsed += seconds
        return () if self._due > self._elapsed else self._fallen_due()

    def _fallen_due(self) -> Iterator[_Entry_co]:
        while self._due <= self._elapsed:
            event = self.entries[self._next][1]
            self._next_entry()
            yield event

    def _next_entry(self) -> None:
        self._next += 1
        if self._next < len(self.entries):
            self._due += self.entries[self._next][0] - self.entries[self._next - 1][0]
        elif self.every is None:
            self._due = float("inf")
        else:
            self._next = 0
            self._due += self.every - self.entries[-1][0] + self.entries[0][0]
