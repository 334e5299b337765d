"""Durations as Prometheus writes them: `90s`, `5m`, `1h30m`."""

import re

from wolkvox_exporter.config.problems import BadValue

_UNITS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_SHORTEST = 1.0
_LONGEST = 86_400.0

PATTERN = "^(?=[0-9])" + "".join(rf"(?:([0-9]{{1,9}}){unit})?" for unit in _UNITS) + "$"
"""A regular expression that Python and the editors' JavaScript read alike."""

_DURATION = re.compile(PATTERN.removesuffix("$") + r"\Z")
_NUMBER = re.compile(r"[-+]?[0-9._]*[0-9][0-9._]*")


def parse(text: str) -> float:
    """Return the seconds of a duration."""
    match = _DURATION.match(text)
    if match:
        return sum(int(digits or 0) * unit for digits, unit in zip(match.groups(), _UNITS.values(), strict=True)) / 1000
    if _NUMBER.fullmatch(text):
        raise BadValue("a duration needs its unit; write 5m or 300s")
    raise BadValue("this is no duration; write one such as 90s, 5m or 1h30m (units y w d h m s ms, in this order)")


def bounded(text: str) -> float:
    """Return the seconds of a duration that makes sense for polling."""
    seconds = parse(text)
    if seconds < _SHORTEST:
        raise BadValue("the duration is too short; write 1s or more")
    if seconds > _LONGEST:
        raise BadValue("the duration is too long; write 1d or less")
    return seconds


def bounded_or_off(text: str) -> float:
    """Return the seconds of a duration, or 0 for `0`, which switches something off."""
    return 0.0 if text in {"0", "0s"} else bounded(text)


def written(seconds: float) -> str:
    """Write seconds as `parse` reads them, to the millisecond."""
    left, text = round(seconds * 1000), ""
    for unit, size in _UNITS.items():
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"
