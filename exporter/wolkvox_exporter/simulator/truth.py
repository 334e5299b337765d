"""What really happened in the simulated contact centre, and what its good reports made of it.

The figures of a report fall when a list is recycled or loaded anew; the truth never does.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum, auto


class Oddity(StrEnum):
    """How one report may misrepresent one campaign."""

    VANISHED = auto()  # the row is not there
    DIPPED = auto()  # every figure is 0
    STALE_DIAL = auto()  # `dial` is that of the list before, everything else that of the new one


@dataclass
class Truth:
    """What became of a campaign's records since the simulation began; nothing in it ever falls.

    `dialed` is the sum of all rises of `dial`: a record counts once in each pass over its list. `redialed` counts the
    calls to a further phone of records that had a result already; these do not raise `dial`. `results` counts each
    time that a record got a result, the same one again too, so they sum to `dialed` + `redialed`. `falls` counts the
    times that a recycling or reloading made the report's figures fall.
    """

    dialed: int = 0
    redialed: int = 0
    results: Counter[str] = field(default_factory=Counter)
    hits: int = 0
    falls: int = 0

    def copy(self) -> "Truth":
        """Give the truth of this moment, to be kept."""
        return Truth(self.dialed, self.redialed, self.results.copy(), self.hits, self.falls)

    def since(self, earlier: "Truth") -> "Truth":
        """Give what happened after `earlier`, a copy made before."""
        return Truth(
            self.dialed - earlier.dialed,
            self.redialed - earlier.redialed,
            self.results - earlier.results,
            self.hits - earlier.hits,
            self.falls - earlier.falls,
        )


@dataclass(frozen=True)
class Standing:
    """How a campaign stands at one moment, whatever a report makes of it; figures are those of the present list.

    `speed` is in percent, `calls` are those in a minute at this moment.
    """

    name: str
    skill: str
    started: bool
    speed: int
    calls: int
    records: int
    clean: int
    dial: int
    hits: int
    recycled: int
    results: Mapping[str, int]


@dataclass(frozen=True)
class Poll:
    """A good campaigns report: the truth of every campaign id when it was asked, at the Unix time `at`.

    `oddities` names the ids that the report misrepresents, and how; `standing` is what it would have said without.
    """

    at: float
    truth: Mapping[str, Truth]
    oddities: Mapping[str, Oddity]
    standing: Mapping[str, Standing]

    def since(self, earlier: "Poll") -> dict[str, Truth]:
        """Give what happened between the `earlier` report and this one, by campaign id."""
        return {key: truth.since(earlier.truth.get(key, Truth())) for key, truth in self.truth.items()}


@dataclass
class SkillTruth:
    """What became of the calls that wanted an agent of a skill; since the simulation began nothing in it ever falls.

    All that were `offered` were `answered` or `abandoned`, or wait. `falls` counts the midnights at which the report's
    figures fell.
    """

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    falls: int = 0

    def copy(self) -> "SkillTruth":
        """Give the truth of this moment, to be kept."""
        return replace(self)

    def since(self, earlier: "SkillTruth") -> "SkillTruth":
        """Give what happened after `earlier`, a copy made before."""
        return SkillTruth(
            self.offered - earlier.offered,
            self.answered - earlier.answered,
            self.abandoned - earlier.abandoned,
            self.falls - earlier.falls,
        )


@dataclass(frozen=True)
class SkillsPoll:
    """A good skills report: the truth of each id that was asked for, and how many wait, at the Unix time `at`."""

    at: float
    truth: Mapping[str, SkillTruth]
    waiting: Mapping[str, int]

    def since(self, earlier: "SkillsPoll") -> dict[str, SkillTruth]:
        """Give what happened between the `earlier` report and this one, by skill id."""
        return {key: truth.since(earlier.truth.get(key, SkillTruth())) for key, truth in self.truth.items()}


@dataclass(frozen=True)
class AgentsPoll:
    """A good agents report at the Unix time `at`, added up over the agents that are listed in it.

    `agents` counts them by state, the predefined ones in lower case; `longest` are the seconds for which that state has
    lasted at most. `calls` are those of today by direction, `times` today's seconds by activity.
    """

    at: float
    agents: Mapping[str, int]
    longest: Mapping[str, int]
    calls: Mapping[str, int]
    times: Mapping[str, int]
