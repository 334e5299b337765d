"""Numbers and durations as people say them."""

_JUST_NOW = 5
_OVERDUE = 120
_MILLISECONDS = 1000
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def count(number: int, noun: str) -> str:
    """Write how many there are of something."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def took(seconds: float) -> str:
    """Write how long something took, so that what is fast is not said to take no time."""
    milliseconds = round(seconds * 1000)
    if milliseconds < _MILLISECONDS:
        return f"{max(milliseconds, 1)} ms"
    return f"{seconds:.1f} s"


def span(seconds: float) -> str:
    """Write a duration in its largest unit and the one below."""
    left = int(seconds)
    first = next((place for place, (_, size) in enumerate(_UNITS) if left >= size), len(_UNITS) - 1)
    parts = []
    for unit, size in _UNITS[first : first + 2]:
        number, left = divmod(left, size)
        parts += [f"{number} {unit}"] if number else []
    return " ".join(parts)


def ago(seconds: float) -> str:
    """Write how long ago something was."""
    return "just now" if seconds < _JUST_NOW else f"{span(seconds)} ago"


def ahead(seconds: float) -> str:
    """Write in how many seconds something is to come, roughly; what is long overdue is said to be."""
    if -_OVERDUE <= seconds < 1:
        return "now"
    unit, size = next(((unit, size) for unit, size in _UNITS if abs(seconds) >= size * 1.5), _UNITS[-1])
    about = f"{round(abs(seconds) / size)} {unit}"
    return f"in {about}" if seconds > 0 else f"due {about} ago"
