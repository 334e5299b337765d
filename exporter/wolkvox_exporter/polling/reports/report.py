"""What a report is to the polling."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from wolkvox_exporter.api.client import Call
from wolkvox_exporter.api.fields import Unread
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.state import Failure, OperationState

ONLY = ""
"""The subject of a report that has one question."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was answered: to a question of the moment `asked`, at the moment `came`."""

    answer: Answer
    asked: Now
    came: Now


class Begin(Protocol):
    """What changes when a call goes out for a subject; `begins`: whether it begins a round."""

    def __call__(
        self, state: OperationState, operation: Operation, subject: str, now: Now, *, begins: bool
    ) -> OperationState:
        """Return the state after that."""


def _one_question(_state: OperationState, _operation: Operation, _now: Now) -> str | None:
    return ONLY


def _no_more(_state: OperationState, _operation: Operation, _now: Now) -> str | None:
    return None


def _still(_state: OperationState, _operation: Operation, _subject: str, _now: Now) -> bool:
    return True


def _never(_state: OperationState, _operation: Operation, _failure: Failure, _now: Now) -> bool:
    return False


def _same(state: OperationState, _subject: str) -> OperationState:
    return state


def _as_it_is(state: OperationState, _operation: Operation) -> OperationState:
    return state


@dataclass(frozen=True, slots=True)
class Report:
    """One report: how often it is asked for, with which questions, and what comes of an answer. All is pure.

    A round asks for one subject after the other; most reports have but one.
    """

    fields: tuple[str, ...]
    """The API's keys, for the count of unreadable values."""
    interval: Callable[[Operation], float]
    """Seconds between two rounds; 0 where it is off."""
    call: Callable[[Operation, str, Now], Call]
    """The request for a subject."""
    taken: Callable[[OperationState, Operation, str, Exchange], tuple[OperationState, Unread]]
    """What an answer about a subject changes; raises `ApiError`. It takes as long as the answer is."""
    first: Callable[[OperationState, Operation, Now], str | None] = _one_question
    """The subject that begins a round; None if there is nothing to ask for."""
    following: Callable[[OperationState, Operation, Now], str | None] = _no_more
    """The next subject of the round under way."""
    is_askable: Callable[[OperationState, Operation, str, Now], bool] = _still
    """Whether a subject that failed would still be asked for."""
    begun: Begin | None = None
    """What changes when a call goes out, if anything."""
    failed: Callable[[OperationState, str], OperationState] = _same
    """What changes when a call for a subject has failed for good, or was cut off."""
    defers: Callable[[OperationState, Operation, Failure, Now], bool] = _never
    """Whether the failure of a round's first call counts only if what follows does not make up for it."""
    makes_up: Callable[[OperationState], bool] = lambda _: True
    """Whether it did."""
    below_reserve: bool = False
    """Whether it is asked for when the day's calls are down to `quota_reserve`."""
    reconfigured: Callable[[OperationState, Operation], OperationState] = _as_it_is
    """What stays known, and published, under other settings."""
    idle: str = "no campaign was started today"
    """Why there may be nothing to ask for, for people."""
