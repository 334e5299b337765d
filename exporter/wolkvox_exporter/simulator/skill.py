"""The simulated skill: who waits for its agents, and what became of the calls that it was offered."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum, auto

from wolkvox_exporter.simulator.answers import Row
from wolkvox_exporter.simulator.truth import SkillTruth

THRESHOLDS = (10, 20, 30)
"""Seconds of the service levels that every row has."""


class Direction(StrEnum):
    """Who called whom."""

    INBOUND = auto()
    OUTBOUND = auto()


@dataclass(eq=False)
class Caller:
    """Somebody who wants an agent: has called the skill, or has answered a call of one of its campaigns."""

    skill: "Skill"
    direction: Direction
    arrived: int


@dataclass(eq=False)
class Skill:
    """A queue, and what it takes to serve it.

    `inbound_per_minute` calls come by themselves. `talk`, `acw` and `patience` are averages in seconds: how long a call
    lasts, the work after it, and how long somebody waits who is then gone. `truth` is what happened since the
    simulation began.
    """

    id: str
    name: str
    inbound_per_minute: float = 0.0
    talk: float = 45.0
    acw: float = 12.0
    patience: float = 40.0
    truth: SkillTruth = field(default_factory=SkillTruth)
    queue: dict[Caller, None] = field(default_factory=dict, init=False, repr=False)
    """Those who wait, in the order in which they came."""
    ringing: int = field(default=0, init=False)
    """Those for whom an agent's phone rings."""
    _midnight: SkillTruth = field(default_factory=SkillTruth, init=False, repr=False)
    _waits: Counter[int] = field(default_factory=Counter, init=False, repr=False)

    @property
    def waiting(self) -> int:
        """Those who are not yet talking to an agent."""
        return len(self.queue) + self.ringing

    @property
    def today(self) -> SkillTruth:
        """What the report counts: that which happened since midnight."""
        return self.truth.since(self._midnight)

    def offer(self) -> None:
        """Count a call that wants an agent."""
        self.truth.offered += 1

    def answer(self, waited: int) -> None:
        """Count a call that an agent has answered after so many seconds."""
        self.truth.answered += 1
        self._waits[waited] += 1

    def abandon(self) -> None:
        """Count a call whose caller is gone."""
        self.truth.abandoned += 1

    def begin_day(self) -> None:
        """Count from 0 again; who waits goes on waiting, and is answered or gone tomorrow."""
        if self.today != SkillTruth():
            self.truth.falls += 1
        self._midnight = self.truth.copy()
        self._waits.clear()

    def service_level(self, seconds: int) -> str:
        """Give the share of today's calls, answered or abandoned, that were answered before so many seconds."""
        before = sum(count for waited, count in self._waits.items() if waited < seconds)
        today = self.today
        return percent(before, today.answered + today.abandoned)

    def row(self, services_time: int | None) -> Row:
        """Write this skill as the real-time report does, everything as text, with a threshold more if so wanted."""
        today = self.today
        more = 0 if services_time in {None, *THRESHOLDS} else services_time
        levels = {seconds: self.service_level(seconds) for seconds in (*THRESHOLDS, more or 0)}
        return {
            "skill_id": self.id,
            "skill_name": self.name,
            "calls_in_queue_now": f"{self.waiting:,}",
            "stat_inbound": f"{today.offered:,}",
            "stat_answer": f"{today.answered:,}",
            "stat_abandon": f"{today.abandoned:,}",
            **{f"service_level_{seconds}seg": level if seconds else "0 %" for seconds, level in levels.items()},
            "by_abandon": percent(today.abandoned, today.offered),
        }


def percent(part: int, whole: int) -> str:
    """Write a share as the real-time reports do."""
    return f"{100 * part / whole:.2f} %" if whole else "0 %"
