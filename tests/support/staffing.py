"""What was really the case with skills and agents at the moments at which boards are looked at."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from support.staff import Look, Staff
from wolkvox_exporter.simulator import Simulator, SkillsPoll
from wolkvox_exporter.simulator.window import midnight_before

T = TypeVar("T")
Reports: TypeAlias = Mapping[str, Sequence[tuple[float, Mapping[str, T]]]]
"""The good reports of each operation: when they came, and what they say of each skill or state."""
Queue = tuple[int, int, int]
"""Calls that wait, and those that were offered and abandoned since the simulation began."""


@dataclass(frozen=True)
class Centre:
    """The good reports on skills and agents of each operation, and how every skill was doing minute by minute."""

    queues: Reports[Queue]
    agents: Reports[int]
    staff: Staff

    def skills(self, operation: str, known: float) -> Mapping[str, Queue]:
        """Return how each skill stood at the last report until a Unix time."""
        return _last(self.queues[operation], known)[1]

    def in_state(self, operation: str, known: float) -> Mapping[str, int]:
        """Return how many agents were in each state at the last report until a Unix time."""
        return _last(self.agents[operation], known)[1]

    def today(self, operation: str, skill: str, known: float) -> tuple[Look, Look]:
        """Return how a skill was doing at midnight, and to the minute at the last report until a Unix time."""
        at = _last(self.queues[operation], known)[0]
        looks = self.staff.during((operation, skill), midnight_before(at), at)
        return looks[0], looks[-1]


def _last(reports: Sequence[tuple[float, Mapping[str, T]]], known: float) -> tuple[float, Mapping[str, T]]:
    last = bisect_right(reports, known, key=lambda each: each[0]) - 1
    return reports[last] if last >= 0 else (known, {})


def seen(simulator: Simulator, staff: Staff) -> Centre:
    """Return what was true of the skills and agents of a simulation."""
    return Centre(
        {each.name: [(poll.at, _queues(poll)) for poll in each.skills_polls] for each in simulator.operations},
        {each.name: [(poll.at, dict(poll.agents)) for poll in each.agents_polls] for each in simulator.operations},
        staff,
    )


def _queues(poll: SkillsPoll) -> dict[str, Queue]:
    return {key: (poll.waiting[key], each.offered, each.abandoned) for key, each in poll.truth.items()}
