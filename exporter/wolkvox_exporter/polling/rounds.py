"""How far the questions of a report have come that is asked for all at once, or for one subject after the other.

Which subjects there are, and what an answer means, is the report's own; which is next, and what is remembered of the
questions, is the same for every such report. Pure.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.runtime.serializable import Instant, Table

ALL = "all"
"""The subject of a question for all at once; the API calls it so as well."""
MOST_FAILED = 100
"""Subjects whose last question failed that are remembered."""
PROBE_INTERVAL = 3600.0
"""Seconds between two questions whether single subjects have an answer where `all` has none."""
_Progress = TypeVar("_Progress", bound="Rounds")


@dataclass(frozen=True, slots=True)
class Rounds:
    """How far the questions have come; all of it belongs to `day`, but for what says otherwise."""

    day: datetime | None = None
    """The operation's midnight that began the day of the last question."""
    found_each: bool = False
    """Whether it was found that subjects have to be asked for one by one."""
    round_of_all: bool = False
    """Whether the round under way began with all in one call."""
    all_answers: bool = False
    """Whether the question for all has ever brought something, on whatever day."""
    probed: Instant | None = None
    """When a single subject was last asked for in a round of all."""
    probes: Table[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """How often each subject was asked for so."""
    asked: Table[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """The place of each subject in the row of all questions for single ones, by its last one."""
    asked_before: int = 0
    """How long that row was when the round under way began."""
    failed: tuple[str, ...] = ()
    """The subjects whose last question failed, on whatever day."""


def asks_each(rounds: Rounds, day: datetime) -> bool:
    """Return whether subjects are asked for one by one on a day since that was found to be needed."""
    return rounds.found_each and rounds.day == day


def least_recent(rounds: Rounds, candidates: Iterable[str]) -> str | None:
    """Return the subject that was asked for longest ago, those never asked for first."""
    return min(candidates, key=lambda key: rounds.asked.get(key, 0), default=None)


def following(rounds: Rounds, candidates: Iterable[str], calls: int, most: int) -> str | None:
    """Return the next subject of a round that has had so many calls of `most`, each subject once."""
    if calls >= most:
        return None
    return least_recent(rounds, (key for key in candidates if rounds.asked.get(key, 0) <= rounds.asked_before))


def may_probe(rounds: Rounds, now: Now) -> bool:
    """Return whether a single subject may be asked for to see whether `all` keeps something back."""
    recently = rounds.probed is not None and now.monotonic - rounds.probed < PROBE_INTERVAL
    return not rounds.all_answers and not recently


def needed(candidates: int, most: int) -> int:
    """Return how many rounds of `most` calls it takes until each of some candidates was asked for."""
    return max(1, -(-candidates // most))


def begun(
    rounds: _Progress, subject: str, day: datetime, now: Now, *, begins: bool, remembered: Container[str]
) -> _Progress:
    """Return the progress once a call for a subject goes out; `begins`: it is the first of a round.

    Of subjects that are not `remembered`, and did not fail, it is forgotten when they were asked for.
    """
    if day != rounds.day:
        # what was chosen belongs to the day before
        rounds = replace(rounds, day=day, found_each=False, probes=MappingProxyType({}))
    latest = max(rounds.asked.values(), default=0)
    if begins:
        rounds = replace(rounds, round_of_all=subject == ALL, asked_before=latest)
    # before the answer: one that always fails must not block the others
    if subject != ALL and rounds.round_of_all:
        probes = {**rounds.probes, subject: rounds.probes.get(subject, 0) + 1}
        return replace(rounds, probed=now.monotonic, probes=MappingProxyType(probes))
    if subject != ALL:
        asked = {key: at for key, at in rounds.asked.items() if key in remembered or key in rounds.failed}
        return replace(rounds, asked=MappingProxyType({**asked, subject: latest + 1}))
    return rounds


def with_failed(rounds: _Progress, subject: str) -> _Progress:
    """Return the progress after a question that brought no answer."""
    if subject == ALL or subject in rounds.failed:
        return rounds
    return replace(rounds, failed=(*rounds.failed, subject)[-MOST_FAILED:])


def without_failed(rounds: _Progress, answered: Container[str]) -> _Progress:
    """Return the progress in which some subjects do not count as failed."""
    return replace(rounds, failed=tuple(key for key in rounds.failed if key not in answered))


def bounded(rounds: _Progress, now: Now) -> _Progress:
    """Return the progress without instants ahead of `now`, which a clock that was wrong has left."""
    return replace(rounds, probed=None if rounds.probed is None else min(rounds.probed, now.monotonic))
