"""Readers of single values: the API's text to a number, strictly, or not at all.

The API writes every value as text with `.` for decimals and `,` between groups of three digits. Whatever deviates is
`Unreadable`: a missing sample is cheaper than a wrong one. A blank value is no value: the readers return None.
"""

import re
from collections.abc import Callable, Iterable, Mapping

LONGEST_TEXT = 1000
"""Characters of a text; the names and phones of a campaign take some hundred. A longer one is unreadable."""
LARGEST_NUMBER = 1e15
"""A count or ratio beyond it is unreadable: no list is that long, and sums of such counts would be wrong."""
Reader = Callable[[object], float | None]
"""Reads one value; None for a blank one, raises `Unreadable` for what is not documented."""

# a group before the first comma does not begin with 0: `0,500` would be half of something elsewhere
_NUMBER = r"(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d+)?"
_COUNT = re.compile(_NUMBER, re.ASCII)
_PERCENTAGE = re.compile(rf"({_NUMBER})\s?%", re.ASCII)
_COUNT_AND_SHARE = re.compile(rf"({_NUMBER})\s?\(\s?({_NUMBER}\s?%)\s?\)", re.ASCII)
_DURATION = re.compile(r"(\d+):([0-5]\d):([0-5]\d)", re.ASCII)
_SECONDS = re.compile(r"\d+", re.ASCII)
_STATES = {"started": 1.0, "stopped": 0.0}


class Unreadable(ValueError):  # noqa: N818 - reads as what it says of the value
    """The text is none that the API documents for this value."""


def text(value: object) -> str:
    """Return the value's text without surrounding white space, `""` for null.

    Anything but text is unreadable, and so is a text of more than `LONGEST_TEXT` characters.
    """
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise Unreadable
    return printable(value).strip()


def is_blank(row: Mapping[str, object], keys: Iterable[str]) -> bool:
    """Return whether a row has some of these keys, and nothing stands under any of them."""
    found = [row[key] for key in keys if key in row]
    return bool(found) and all(value is None or (isinstance(value, str) and not value.strip()) for value in found)


def printable(written: str) -> str:
    """Return a text with `?` for each half of a surrogate pair, which JSON can spell and nothing else can carry."""
    return written.encode(errors="replace").decode()


def count(value: object) -> float | None:
    """Read `1,234`."""
    written = text(value)
    return _decimal(_whole(_COUNT, written).group()) if written else None


def percentage(value: object) -> float | None:
    """Read `9,336.00 %` or `110%` as a ratio, 93.36 or 1.1; a number without its `%` is unreadable."""
    written = text(value)
    return _decimal(_whole(_PERCENTAGE, written).group(1), exponent=-2) if written else None


def count_of_pair(value: object) -> float | None:
    """Read the count of `12 (3.50 %)`."""
    written = text(value)
    return count(_whole(_COUNT_AND_SHARE, written).group(1)) if written else None


def share_of_pair(value: object) -> float | None:
    """Read the share of `12 (3.50 %)` as a ratio, 0.035."""
    written = text(value)
    return percentage(_whole(_COUNT_AND_SHARE, written).group(2)) if written else None


def duration(value: object) -> float | None:
    """Read `27:10:00`, hours, minutes and seconds, as seconds; the hours may be any number."""
    written = text(value)
    if not written:
        return None
    hours, minutes, seconds = map(int, _whole(_DURATION, written).groups())
    return _decimal(f"{hours * 3600 + minutes * 60 + seconds}")


def seconds(value: object) -> float | None:
    """Read `125` or `00:02:05` as seconds."""
    written = text(value)
    return _decimal(written) if _SECONDS.fullmatch(written) else duration(value)


def state(value: object) -> float | None:
    """Read `started` as 1 and `stopped` as 0, in any letter case."""
    written = text(value)
    if not written:
        return None
    state = _STATES.get(written.lower())
    if state is None:
        raise Unreadable
    return state


def _whole(pattern: re.Pattern[str], written: str) -> re.Match[str]:
    match = pattern.fullmatch(written)
    if match is None:
        raise Unreadable
    return match


def _decimal(digits: str, exponent: int = 0) -> float:
    # the exponent is left to the parser: dividing afterwards would round twice
    number = float(f"{digits.replace(',', '')}e{exponent}")
    if number > LARGEST_NUMBER:
        raise Unreadable
    return number
