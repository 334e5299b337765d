"""What is true of a number that a board shows, and by how much it may differ from that."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from support.staffing import Centre
from support.truth import DAY, Campaign, Polls, View, moments

Names = tuple[str, ...]
"""Values of labels."""
ENDED = 660.0
"""Seconds for which what has ended is found here, where no server marks it as stale."""
_FEW = 100
OPENING = 3_600
"""Seconds of work from which on what is said of today has to be right."""


@dataclass(frozen=True)
class Scope:
    """What a board is narrowed down to; None is all."""

    operation: str | None = None
    skill: str | None = None
    campaign: str | None = None

    @property
    def choice(self) -> dict[str, list[str]]:
        """The variables of the board."""
        chosen = {"operation": self.operation, "skill": self.skill, "campaign_id": self.campaign}
        return {name: [value] for name, value in chosen.items() if value is not None}

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Return whether something with these labels is in it, but for its skill."""
        wanted = (self.operation, self.campaign)
        return all(w in (None, labels.get(n, w)) for w, n in zip(wanted, ("operation", "campaign_id"), strict=True))


@dataclass(frozen=True)
class Part:
    """Something that is true of a campaign, or of a skill or an operation, of which numbers are made up."""

    labels: Mapping[str, str]
    value: float
    per: float = 1.0
    """What the sum of values is divided by, where it is: another sum."""
    campaign: Campaign | None = None


class Moment(View):
    """All that is true at a Unix time, of which the reports until `known` have been recorded."""

    def __init__(self, polls: Polls, centre: Centre, known: float) -> None:
        super().__init__(polls, known)
        self.known, self.centre = known, centre


Takes = Callable[[Moment, Part], bool]


def settled(_: Moment, part: Part) -> bool:
    """Take what the last report says right, under a name that is not new."""
    return part.campaign is None or (part.campaign.oddity is None and part.campaign.is_settled)


def quiet(_: Moment, part: Part) -> bool:
    """Take hours in which no list was recycled, no report was odd, and no name changed."""
    return part.campaign is not None and part.campaign.is_quiet


def every(_: Moment, __: Part) -> bool:
    """Take every case."""
    return True


def opened(moment: Moment, part: Part) -> bool:
    """Take days from an hour after an operation's opening on."""
    return moment.worked(part.labels["operation"]) > OPENING


def well_opened(moment: Moment, part: Part) -> bool:
    """Take days from two hours after an operation's opening on, and the nights."""
    return not 0 < moment.worked(part.labels["operation"]) < 2 * OPENING


@dataclass(frozen=True)
class Kind:
    """By which share of the truth a number may differ, in which share of the cases, and what is a case.

    `least` is a difference that nobody minds, however small the number; `late` by how many seconds it may be worked out
    later than it is known. Where reports come `lagging`, anything between the truth then and now is right.
    """

    name: str
    share: float = 0.0
    cases: float = 1.0
    least: float = 0.0
    takes: Takes = settled
    late: float = 0.0
    lagging: bool = False

    def misses(self, cases: int) -> float:
        """Return how many of some cases may differ by more; of few, where any may, chance takes two more."""
        return (1 - self.cases) * cases + 2 * (self.cases < 1 and cases < _FEW)

    def off(self, found: float, true: list[float]) -> tuple[float, bool]:
        """Return by which share a number is off the nearest truth, and whether that is near enough."""
        if self.lagging and min(true) <= found <= max(true):
            return 0.0, True
        best = min(true, key=lambda value: abs(found - value))
        differs = abs(found - best)
        within = differs <= max(self.share * abs(best), self.least)
        return differs / abs(best) if best else float(bool(differs)), within


EXACT = Kind("exact")
INSTANT = Kind("of the report", 0.02)
_HOURLY = 240.0 + 60
"""Seconds after which the figures of an hour are worked out again, and those that read them."""
ANY_HOUR = Kind("hour", 0.04, 0.85, least=2, takes=every, late=_HOURLY)
REDIALLED_HOUR = Kind("hour, other phones", 0.04, 0.6, least=2, takes=every, late=_HOURLY)
"""Of results that a call to another phone takes back: the report, and so the counter, forgets the former one."""
SHARE_OF_HOUR = Kind("hour, share", 0.08, 0.97, takes=every, late=_HOURLY)
"""The same takes what it forgets from all results, and so makes shares of the others too high."""
SHARE_OF_QUIET_HOUR = Kind("hour, share, list not recycled in it", 0.02, least=0.01, takes=quiet, late=_HOURLY)
FALLING = Kind("hour, share, any list", 0.04, 0.85, least=0.01, takes=every, late=_HOURLY)
STEP = Kind("between reports, list not recycled", 0.02, least=1, takes=quiet)
_OF_BOARDS = 240.0
"""Seconds after which what only boards read may be worked out again."""
TODAY = Kind("today", 0.04, takes=opened, late=_OF_BOARDS)
TODAY_OF_ONE = Kind("today, of one", 0.04, 0.98, least=2, takes=opened, late=_OF_BOARDS)
RATIO_OF_ONE = Kind("today, of one, share", 0.04, 0.98, least=0.01, takes=opened, late=_OF_BOARDS)
SHARE_OF_DAY = Kind("today, of one, share of all results", 0.08, 0.97, takes=opened, late=_OF_BOARDS)
"""What other phones take back of results makes this too high, as it does that of an hour."""
ROUNDED = Kind("of the report, rounded", 0.02, least=0.0001)
"""To a hundredth of a percent."""
TO_THE_MINUTE = Kind("to the minute", 0.02, 0.98, least=0.005)
"""Of what is looked at once a minute, while reports come between two minutes."""
PER_CALL = Kind("hour, per call", 0.25, 0.95, takes=every, late=_HOURLY)
"""Calls are added up from one moment in five minutes, and a pass begins and ends between two of them."""
LAGGING = Kind("as late as the report on machines", 0.02, takes=well_opened, late=960.0 + 600, lagging=True)
"""Where campaigns are asked for one by one, and none had a machine yet, they are asked for again after an hour."""
SLOWLY = Kind("worked out every quarter of an hour", least=1, takes=every, late=1200.0, lagging=True)
"""One more or less at the very edges of the 24 hours."""
AGE = Kind("to the second", least=1, takes=every)
SPEED_SET = Kind("to the poll", least=90.0)


def same(found: float, _: float) -> float:
    """Read a number as it stands."""
    return found


def since(found: float, time: float) -> float:
    """Read an age as the Unix time at which it began."""
    return time - found


@dataclass(frozen=True)
class Number:
    """A number, or one by labels: what is true of it, by `parts` that are added up, and of which kind it is."""

    labels: Names
    parts: Callable[[Moment], Iterable[Part]]
    kind: Kind
    days_ago: int = 0
    read: Callable[[float, float], float | None] = same
    """How a number is read that is found at a Unix time; None where it says something else."""
    is_ratio: bool = False
    """Whether the sum of values is divided by that of what they are `per`."""
    merged: Callable[[Iterable[float]], float] = sum

    def truth(self, moment: Moment, scope: Scope) -> dict[Names, float]:
        """Return the number by labels."""
        found: dict[Names, list[Part]] = defaultdict(list)
        left_out = set[Names]()
        for part in self.parts(moment):
            if not scope.takes(part.labels):
                continue
            names = tuple(part.labels.get(label, "") for label in self.labels)
            if not self.kind.takes(moment, part):
                # which skill it had before does not matter: no sum of the operation is a case
                left_out.add(names if "campaign_id" in self.labels else names[:1])
            elif scope.skill in (None, part.labels.get("skill", scope.skill)):
                found[names].append(part)
        if left_out and "operation" not in self.labels:
            return {}
        cases = {names: every for names, every in found.items() if left_out.isdisjoint((names, names[:1]))}
        return {names: value for names, every in cases.items() if (value := self._of(every)) is not None}

    def names(self, moment: Moment, scope: Scope) -> set[Names]:
        """Return the labels of everything of which there is a truth, whether it is a case or not."""
        parts = (part for part in self.parts(moment) if scope.takes(part.labels))
        return {tuple(part.labels.get(label, "") for label in self.labels) for part in parts}

    def _of(self, every: list[Part]) -> float | None:
        value = self.merged(part.value for part in every)
        per = sum(part.per for part in every) if self.is_ratio else 1.0
        return value / per if per > 0 else None


@dataclass(frozen=True)
class Forecast:
    """When a list is empty, in seconds, by labels; there are so many at `most`, those that end first."""

    labels: Names
    most: int | None = None


Entry: TypeAlias = Number | Forecast | tuple[Number | Forecast, ...] | str
"""What is said of a number of a board: what is true, or why there is no truth to hold it against."""


@dataclass
class Truths:
    """What was true of simulated days, at any moment."""

    polls: Polls
    centre: Centre
    _moments: dict[float, Moment] = field(default_factory=dict)

    def at(self, time: float, late: float) -> list[Moment]:
        """Return what may be shown at a Unix time."""
        return [self._moment(known) for known in moments(self.polls, time, late)]

    def of(self, number: Number, scope: Scope, time: float) -> dict[Names, list[float]]:
        """Return all that may be shown of a number at a Unix time, by the labels that it has in any case."""
        seen = self.at(time - number.days_ago * DAY, number.kind.late)
        first, *others = (number.truth(each, scope) for each in seen)
        return {
            names: [each[names] for each in (first, *others)]
            for names in first.keys() & set.intersection(set(first), *map(set, others))
        }

    def names(self, number: Number, scope: Scope, time: float) -> set[Names]:
        """Return the labels of everything of which there is a truth at a Unix time, whether it is a case or not.

        What has ended is found for some minutes more.
        """
        seen = self.at(time - number.days_ago * DAY, number.kind.late + ENDED)
        return set.union(*(number.names(each, scope) for each in seen))

    def _moment(self, known: float) -> Moment:
        if known not in self._moments:
            self._moments[known] = Moment(self.polls, self.centre, known)
        return self._moments[known]
