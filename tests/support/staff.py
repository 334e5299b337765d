"""What was really the case with skills and agents, and whether a supervisor would call an alert on them false."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

from support.backtest import Period
from support.judging import HOUR, LATE, MINUTE, THRESHOLD
from support.recording import Action
from wolkvox_exporter.simulator import Simulator
from wolkvox_exporter.simulator.agent import Status

Key = tuple[str, str]
"""A skill: its operation and id."""


@dataclass(frozen=True, slots=True)
class Look:
    """A skill at one moment; what is counted is counted since the simulation began.

    `level` is the share of the day's calls that were answered in time, `ready` and `present` are agents of the whole
    operation.
    """

    waiting: int
    offered: int
    abandoned: int
    level: float
    ready: int
    present: int


class Staff:
    """Looks at every skill every minute from one Unix time up to another."""

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end
        self.looks: dict[Key, list[Look]] = {}
        """By skill, one a minute."""

    def actions(self) -> Iterator[tuple[str, Action]]:
        """Give what `record` has to do for it."""
        for time in range(self.start, self.end, MINUTE):
            yield datetime.fromtimestamp(time, UTC).isoformat(), self._look(time)

    def _look(self, time: int) -> Action:
        def look(simulator: Simulator) -> None:
            for operation in simulator.operations:
                # figures do not depend on how often they are asked for
                operation.advance(time)
                states = [agent.state for agent in operation.distributor.agents]
                agents = states.count(Status.READY), sum(state != Status.LOGOUT for state in states)
                for skill in operation.skills("all"):
                    level = float(skill.service_level(round(THRESHOLD["service_level_threshold"])).rstrip(" %")) / 100
                    seen = Look(skill.waiting, skill.truth.offered, skill.truth.abandoned, level, *agents)
                    self.looks.setdefault((operation.name, skill.id), []).append(seen)

        return look

    def written(self) -> dict[str, object]:
        """Return it as JSON can hold it."""
        looks = [[*key, [astuple(look) for look in looks]] for key, looks in self.looks.items()]
        return {"start": self.start, "end": self.end, "looks": looks}

    @classmethod
    def read(cls, written: Mapping[str, object]) -> "Staff":
        """Return what `written` gave."""
        staff = cls(int(str(written["start"])), int(str(written["end"])))
        looks = written["looks"]
        assert isinstance(looks, list)
        staff.looks = {(operation, skill): [Look(*look) for look in seen] for operation, skill, seen in looks}
        return staff

    def during(self, key: Key, since: float, until: float) -> list[Look]:
        """Return what was seen between two Unix times, both included; one look at least."""
        looks = self.looks[key]
        first, last = (min(max(int(time - self.start) // MINUTE, 0), len(looks) - 1) for time in (since, until))
        return looks[first : last + 1]

    def abandonment(self, key: Key, now: float) -> tuple[float, int]:
        """Return the share of calls that were abandoned in the hour before a Unix time, and how many were offered."""
        looks = self.during(key, now - HOUR, now)
        offered = looks[-1].offered - looks[0].offered
        return (looks[-1].abandoned - looks[0].abandoned) / offered if offered else 0.0, offered


# What a supervisor would not call false. Each is asked with a period in which the alert fired, and the truth.


def nobody_ready(period: Period, staff: Staff) -> bool:
    """Hold that somebody waited and nobody was ready, for a quarter of the minutes and of three polls at least."""
    looks = staff.during(skill(period), period.since - 11 * MINUTE - LATE, period.since)
    return sum(look.waiting > 0 and not look.ready for look in looks) >= len(looks) / 4


def queue_long(period: Period, staff: Staff) -> bool:
    """Hold that in half of the minutes more calls waited than the threshold allows."""
    looks = staff.during(skill(period), period.since - 11 * MINUTE, period.since)
    return sum(look.waiting > THRESHOLD["waiting_calls"] for look in looks) >= len(looks) / 2


def abandoned(period: Period, staff: Staff) -> bool:
    """Hold that so many calls of that hour were abandoned."""
    share, offered = staff.abandonment(skill(period), period.since - LATE)
    return share > 0.9 * THRESHOLD["abandon_ratio"] and offered > 0.9 * THRESHOLD["offered_for_shares"]


def level_low(period: Period, staff: Staff) -> bool:
    """Hold that too few of the day's calls were answered in time."""
    looks = staff.during(skill(period), period.since - 20 * MINUTE, period.since)
    return all(look.level < THRESHOLD["service_level_ratio"] + 0.01 for look in looks)


def nobody_there(period: Period, staff: Staff) -> bool:
    """Hold that nobody was logged in, with eleven minutes of it seen."""
    of_it = [key for key in staff.looks if key[0] == period.labels["operation"]]
    looks = [look for key in of_it for look in staff.during(key, period.since - 11 * MINUTE, period.since)]
    return not any(look.present for look in looks)


JUDGES: dict[str, Callable[[Period, Staff], bool]] = {
    "WolkvoxNobodyReady": nobody_ready,
    "WolkvoxQueueLong": queue_long,
    "WolkvoxAbandonmentHigh": abandoned,
    "WolkvoxServiceLevelLow": level_low,
    "WolkvoxNobodyLoggedIn": nobody_there,
}
STATE_LONG = "WolkvoxAgentStateLong"
"""On normal days nobody is in a state for so long: it has no judge."""
NAMES = {*JUDGES, STATE_LONG}
"""The alerts on skills and agents."""


def false(said: list[Period], staff: Staff) -> list[str]:
    """Return the alerts that a supervisor would call false."""
    return [str(period) for period in said if period.rule.name == STATE_LONG or not judged(period, staff)]


def judged(period: Period, staff: Staff) -> bool:
    """Return whether a supervisor would find an alert right."""
    return JUDGES[period.rule.name](period, staff)


def skill(period: Period) -> Key:
    """Return the skill that an alert is about."""
    return period.labels["operation"], period.labels["skill"]
