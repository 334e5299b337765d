"""What was promised, by name, and how it is told where it is broken."""

from enum import StrEnum, auto


class Promise(StrEnum):
    """What must never or always be."""

    ONE_AT_A_TIME = auto()
    INTERRUPTED = auto()
    """No call while one may last that was under way when the process was killed."""
    NEVER_EARLY = auto()
    NEVER_HELD = auto()
    RESERVE = auto()
    ROUND = auto()
    """A round has so many calls at most, each campaign once, the least recently asked first."""
    RETRIES = auto()
    WHO_GOES_FIRST = auto()
    PROMPT = auto()
    """What may be asked is asked as soon as the token is free."""
    ALWAYS = auto()
    """No report waits longer than two of its intervals and the time-outs of all that share the token."""
    SHOWN = auto()
    """What is not asked for, held back say, shows why."""
    TOLD = auto()
    """What is due and not asked for too long shows why, however busy the token is."""
    LONGEST_WAIT = auto()
    CODEC = auto()
    """A state that was written and read decides the same."""
    NOTHING_MADE_UP = auto()
    """A success is shown where there was one."""


class BrokenError(AssertionError):
    """A promise was broken."""

    def __init__(self, promise: Promise, at: float, words: str) -> None:
        super().__init__(f"{promise} at {at:.3f}: {words}")
        self.promise = promise
