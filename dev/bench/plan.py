"""How large and how long measurements are."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

MIB = 2**20
Figures: TypeAlias = dict[str, float]
"""What was measured, by name and unit, in the order of the table; not a number where that could not be."""


@dataclass(frozen=True)
class Size:
    """A fleet to be measured. `package` is the checkout whose exporter it is."""

    package: Path
    operations: int
    campaigns: int
    seconds: float
    """The longest that one thing is measured without a break."""

    @property
    def even_interval(self) -> float:
        """Seconds between two polls of an operation so that the fleet has one each second."""
        return max(1.0, self.operations)

    @property
    def burst_interval(self) -> float:
        """The same where all polls fall together: long enough that each burst ends."""
        return 4 + self.operations / 5

    @property
    def bursts(self) -> int:
        """How many bursts are measured: small ones are short, so there are more of them."""
        return max(3, round(2 * self.seconds / self.burst_interval))

    @property
    def stored_interval(self) -> float:
        """The same where what is written is counted."""
        return max(2, self.operations / 8)
