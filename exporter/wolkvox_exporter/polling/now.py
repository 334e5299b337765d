"""The time of a decision."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Now:
    """One moment on both clocks, in seconds: paces are monotonic, midnights are wall."""

    monotonic: float
    wall: float

    def at(self, monotonic: float) -> float:
        """Return the Unix time of an instant of the monotonic clock, by the wall clock of this moment."""
        return self.wall - self.monotonic + monotonic
