"""What the referee writes down of a report: how far its round has come, and which subjects it was asked for."""

from dataclasses import dataclass
from datetime import date

Day = tuple[date, str]
"""A calendar day of a zone."""


@dataclass(frozen=True)
class Round:
    """How far a report has come: a round has one call, or one for each campaign."""

    since: float
    """From when on it is wanted."""
    started: float | None = None
    asked: tuple[str, ...] = ()
    """What was asked for in it, repetitions not counted."""
    failed: int = 0
    """Calls that failed for good."""
    repeated: tuple[int, int] = (0, 0)
    """How often the call under way was repeated after a reset, and after `concurrency`."""
    again: tuple[str, float] | None = None
    """What is to be repeated, and from when on."""
    is_refused: bool = False
    """Whether another token is to be used at once."""
    is_missed: bool = False
    """Whether there was no token when it was due."""
    success: float | None = None
    """When it succeeded last, as it is shown."""
    good: int = 0
    """Answers that brought data since then."""
    is_not_understood: bool = False
    """Whether the question for all was not, and one for a single subject may follow in this life of the process."""


@dataclass(frozen=True)
class Asked:
    """What was found out of a report that is asked for all at once, or for one subject after the other."""

    order: tuple[str, ...] = ()
    """All subjects that were asked for, the latest last."""
    day: Day | None = None
    """Of the last question."""
    each_day: Day | None = None
    """The day on which it was found that they have to be asked for one by one."""
    all_answers: bool = False
    probed: float = float("-inf")
