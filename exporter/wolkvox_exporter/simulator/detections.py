"""The answering machines that a campaign met, and when the historical report gets to know of them."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

_SCATTER = 2_654_435_761
"""Knuth's multiplicative hash: neighbouring seconds get lags that look unrelated."""


@dataclass(frozen=True)
class Lag:
    """How late detections are reported: `shortest` to `longest` seconds, by the `seed` another for each second."""

    shortest: int = 0
    longest: int = 0
    seed: int = 0

    def of(self, second: float) -> int:
        """Give the seconds after which a detection of this Unix time is reported."""
        return self.shortest + (int(second) + self.seed) * _SCATTER // 2**8 % (self.longest - self.shortest + 1)


@dataclass
class Detections:
    """Answering machines by the Unix second in which they were heard; iterating gives pairs of second and count."""

    _entries: list[tuple[float, int]] = field(default_factory=list, init=False)
    _sums: list[int] = field(default_factory=lambda: [0], init=False)

    def __iter__(self) -> Iterator[tuple[float, int]]:
        return iter(self._entries)

    def add(self, at: float, count: int) -> None:
        """Add `count` machines heard at the Unix time `at`."""
        entry = (float(at // 1), count)
        if not self._entries or self._entries[-1][0] <= entry[0]:
            self._entries.append(entry)
            self._sums.append(self._sums[-1] + count)
        else:
            insort(self._entries, entry)
            self._sums = list(accumulate((number for _, number in self._entries), initial=0))

    def heard(self, first: float, end: float) -> int:
        """Give the machines heard from the Unix time `first` to before `end`."""
        low, high = bisect_left(self._entries, (first,)), bisect_left(self._entries, (end,))
        return max(0, self._sums[high] - self._sums[low])

    def reported(self, first: float, end: float, now: float, lag: Lag, pace: float = 1.0) -> int:
        """Give those of them that the historical report knows of at the Unix time `now`.

        `pace` is how many seconds of the lag pass in a second.
        """
        # What is older than the longest lag is reported without a look at each: a day has thousands of entries.
        settled = min(end, now - lag.longest / pace)
        low = bisect_left(self._entries, (max(first, settled),))
        high = bisect_left(self._entries, (min(end, now + 1),))
        fresh = (count for second, count in self._entries[low:high] if second + lag.of(second) / pace <= now)
        return self.heard(first, settled) + sum(fresh)
