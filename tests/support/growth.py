"""How the cost of reading grows with what is read: by ratios, since how long it takes depends on the machine."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from wolkvox_exporter.api.errors import ApiError

Text = TypeVar("Text", str, bytes)

TIMES = 8
"""How much larger the larger text is."""
LINEAR = 20.0
"""What a linear reader stays below, also on a busy machine; a quadratic one takes 64 times as long."""


def growth(read: Callable[[Text], object], made_of: Text, size: int, *, before: Text, after: Text) -> float:
    """Return how many times as long it takes to read a text with `TIMES` as many pieces."""
    small, large = (before + made_of * (number // len(made_of)) + after for number in (size, TIMES * size))
    return _seconds(read, large) / _seconds(read, small)


def _seconds(read: Callable[[Text], object], text: Text) -> float:
    """Return the shortest of three, which is disturbed least."""
    return min(_once(read, text) for _ in range(3))


def _once(read: Callable[[Text], object], text: Text) -> float:
    began = time.process_time()
    with suppress(ApiError):
        read(text)
    # where there is next to nothing to do, the clock's own steps would make the ratio
    return max(1e-3, time.process_time() - began)
