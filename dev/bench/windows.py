"""What is counted of a series of instants: which belong to a burst, and their percentiles."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.scraping import Scrape


@dataclass(frozen=True)
class Window:
    """From when to when, on the monotonic clock."""

    began: float
    ended: float

    @property
    def length(self) -> float:
        """Seconds."""
        return self.ended - self.began

    def overlaps(self, began: float, ended: float) -> bool:
        """Return whether some of it lies within."""
        return began <= self.ended and ended >= self.began


def bursts(answers: Iterable[float], scrapes: Sequence[Scrape], gap: float) -> list[Window]:
    """Return from when to when each burst of answers was taken in: until the last scrape that brought something new.

    A burst ends where nothing is answered for `gap` seconds; what changes later belongs to it up to the next one.
    """
    ordered = sorted(answers)
    starts = [at for before, at in zip([-math.inf, *ordered], ordered, strict=False) if at - before > gap]
    found = []
    for began, following in zip(starts, [*starts[1:], math.inf], strict=False):
        changed = [scrape.ended for scrape in scrapes if scrape.changed and began <= scrape.ended < following]
        if changed:
            found.append(Window(began, max(changed)))
    return found


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that at least a share of all values do not exceed; not a number without values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
