"""How long reports have been waiting, less what is not counted."""

from dataclasses import dataclass

NEVER, ENDLESS = float("-inf"), float("inf")
Key = tuple[str, str]
"""An operation and a report."""


@dataclass
class _Waiting:
    """Of a report, since its last attempt began."""

    counted: float
    """Seconds that count."""
    silent: float
    """Seconds in which it did not show that it is held back."""
    interval: float
    """The longest of its intervals meanwhile."""
    others: float
    """The most that calls of reports with the same token could take."""
    looked: float
    excused: float
    """Until when the time does not count, as it was known then."""


class Patience:
    """A stop-watch for each report of each operation."""

    def __init__(self) -> None:
        self._of: dict[Key, _Waiting] = {}

    def looks(self, key: Key, now: float, interval: float, others: float, *, excused: float, shows_why: bool) -> None:
        """Count the time since the last look; `excused` is until when it does not count from now on."""
        this = self._of.get(key)
        if this is None:
            self._of[key] = _Waiting(0.0, 0.0, interval, others, now, excused)
            return
        if ENDLESS not in (this.excused, excused):
            this.counted += max(0.0, now - max(this.looked, this.excused))
        this.silent = 0.0 if shows_why else this.silent + now - this.looked
        this.looked, this.excused = now, excused
        this.interval, this.others = max(this.interval, interval), max(this.others, others)

    def attempts(self, key: Key, now: float) -> None:
        """Begin anew, since a call for it goes out."""
        this = self._of[key]
        self._of[key] = _Waiting(0.0, 0.0, 0.0, 0.0, now, NEVER)
        self._of[key].looked = this.looked

    def is_too_long(self, key: Key) -> bool:
        """Return whether it waits for longer than it ever may."""
        this = self._of[key]
        return this.counted > 2 * this.interval + this.others

    def is_silent_too_long(self, key: Key) -> bool:
        """Return whether it was neither asked nor shown as held back for so long that it has to show why."""
        this = self._of[key]
        return this.silent > 2 * this.interval + this.others

    def stops(self, key: Key) -> None:
        """Stop counting, since the report is off."""
        self._of.pop(key, None)

    def comes_back(self, now: float) -> None:
        """Go on after a time in which the process was down."""
        for this in self._of.values():
            this.looked, this.excused = now, NEVER

    def words(self, key: Key) -> str:
        """Return what it stands at, for people."""
        return str(self._of[key])
