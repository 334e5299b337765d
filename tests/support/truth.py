"""What was really the case in simulated days, at the moments at which boards are looked at."""

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from wolkvox_exporter.simulator import Oddity, Poll, Standing, Truth

MINUTE, HOUR, DAY = 60, 3_600, 86_400
SETTLED = 185
"""Seconds after which what a poll found is scraped and recorded."""
SOON, LATE = 10 * MINUTE, 4 * HOUR
"""When a list ends that is worth a forecast."""
ZONES = {"cobranzas-mx": "America/Mexico_City", "servicio-cl": "America/Santiago", "ventas-co": "America/Bogota"}
RESULTS = {
    "answer": "answer",
    "no_answer": "no_answer",
    "failed": "busy_congestion_failed",
    "machine": "answer_machine",
}
"""The labels of results, by their names in the simulator."""
Key = tuple[str, str]
"""A campaign: its operation and id."""
Polls = Mapping[str, Sequence[Poll]]
"""The good reports of each operation."""


@dataclass(frozen=True)
class Stretch:
    """What a campaign did under one name and skill."""

    name: str
    skill: str
    done: Truth


class Campaign:
    """A campaign as its last report, the number `last` of its operation's, should have shown it, and what was before.

    `begun` is the number of the last report until the midnight.
    """

    def __init__(self, operation: str, campaign_id: str, polls: Sequence[Poll], last: int, begun: int) -> None:
        self.operation, self.id = operation, campaign_id
        self._polls, self._last, self._begun = polls, last, begun
        self._at = polls[last].at
        self.now: Standing = polls[last].standing[campaign_id]
        self.oddity: Oddity | None = polls[last].oddities.get(campaign_id)

    def _since(self, first: int) -> Sequence[Poll]:
        return self._polls[max(first, 0) : self._last + 1]

    @cached_property
    def hour(self) -> tuple[Stretch, ...]:
        """What it did in an hour."""
        return tuple(_stretches(self.id, self._since(last_until(self._polls, self._at - HOUR + 1))))

    @cached_property
    def today(self) -> tuple[Stretch, ...]:
        """What it did since midnight."""
        return tuple(_stretches(self.id, self._since(self._begun)))

    @cached_property
    def latest(self) -> tuple[Stretch, ...]:
        """What it did since the report before."""
        return tuple(_stretches(self.id, self._since(self._last - 1)))

    @cached_property
    def recycled(self) -> tuple[int, int]:
        """In how many reports of a day the number of recycles had risen, and by how much in all."""
        numbers = [poll.standing[self.id].recycled for poll in self._since(last_until(self._polls, self._at - DAY))]
        rises = [now - before for before, now in pairwise(numbers) if now > before]
        return len(rises), sum(rises)

    @cached_property
    def speed_set(self) -> float | None:
        """When the last report of a day came that showed another speed than the one before; None if none did."""
        day = self._since(last_until(self._polls, self._at - DAY))
        speeds = [(poll.at, poll.standing[self.id].speed) for poll in day]
        return next((at for (_, was), (at, now) in reversed(list(pairwise(speeds))) if was != now), None)

    @cached_property
    def is_settled(self) -> bool:
        """Whether it has had its name and skill for three reports: what ended is found for five minutes more."""
        return len(_names(self.id, self._since(self._last - 2))) == 1

    @cached_property
    def is_quiet(self) -> bool:
        """Whether in that hour no list was recycled, no report was odd, no other phone dialled, and nothing renamed."""
        seen = self._since(last_until(self._polls, self._at - HOUR + 1) - 1)
        odd = any(self.id in poll.oddities for poll in seen)
        changed = any(each.done.falls or each.done.redialed for each in self.hour)
        return not (changed or odd or len(_names(self.id, seen)) > 1)

    @property
    def state(self) -> int:
        """The number of its state, as boards have it."""
        if not self.now.started:
            return 0
        if self.now.calls:
            return 1 if self.now.clean else 2
        return 4 if self.now.clean else 3


class View:
    """All campaigns at a Unix time, of which the reports until `known` have been recorded."""

    def __init__(self, polls: Polls, known: float) -> None:
        self._polls, self._known = polls, known
        self._worked: dict[str, float] = {}

    @cached_property
    def campaigns(self) -> list[Campaign]:
        """Every campaign of the last report of its operation."""
        return [each for name in self._polls for each in self._of(name)]

    @cached_property
    def reported(self) -> dict[str, float]:
        """When the last report of each operation came."""
        last = {name: last_until(polls, self._known) for name, polls in self._polls.items()}
        return {name: self._polls[name][number].at for name, number in last.items() if number >= 0}

    def _of(self, operation: str) -> Iterator[Campaign]:
        polls = self._polls[operation]
        last, begun = last_until(polls, self._known), last_until(polls, self.midnight(operation))
        if last >= 0:
            for key in polls[last].standing:
                yield Campaign(operation, key, polls, last, begun)

    def worked(self, operation: str) -> float:
        """Return for how many seconds that day calls have been placed, as far as reports show."""
        if operation not in self._worked:
            self._worked[operation] = self._working(operation)
        return self._worked[operation]

    def _working(self, operation: str) -> float:
        polls = self._polls[operation]
        first = max(last_until(polls, self.midnight(operation)), 0)
        for poll in polls[first : last_until(polls, self._known) + 1]:
            if any(each.calls for each in poll.standing.values()):
                return self._known - poll.at
        return 0.0

    def midnight(self, operation: str) -> float:
        """Return when the day of an operation began."""
        local = datetime.fromtimestamp(self._known, ZoneInfo(ZONES[operation]))
        return local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def _stretches(campaign: str, polls: Sequence[Poll]) -> Iterator[Stretch]:
    """Give what was done between the first report and the last, by the name and skill of the report that shows it."""
    last = polls[-1].standing[campaign]
    begun = polls[0]
    for before, now in pairwise(polls):
        was, stands = before.standing[campaign], now.standing[campaign]
        if (was.name, was.skill) != (stands.name, stands.skill) and before is not polls[0]:
            yield Stretch(was.name, was.skill, before.truth[campaign].since(begun.truth[campaign]))
            begun = before
    yield Stretch(last.name, last.skill, polls[-1].truth[campaign].since(begun.truth[campaign]))


def _names(campaign: str, polls: Sequence[Poll]) -> set[tuple[str, str]]:
    return {(poll.standing[campaign].name, poll.standing[campaign].skill) for poll in polls}


def written(polls: Polls) -> str:
    """Write all reports as a text that `read` takes."""
    return json.dumps({name: list(reports) for name, reports in polls.items()}, default=vars)


def read(text: str) -> Polls:
    """Return the reports that were written."""
    return {name: list(map(_poll, reports)) for name, reports in json.loads(text).items()}


def _poll(report: Mapping[str, Any]) -> Poll:
    truth = {key: Truth(**{**each, "results": Counter(each["results"])}) for key, each in report["truth"].items()}
    oddities = {key: Oddity(each) for key, each in report["oddities"].items()}
    return Poll(report["at"], truth, oddities, {key: Standing(**each) for key, each in report["standing"].items()})


def moments(polls: Polls, at: float, late: float = 0.0) -> list[float]:
    """Return until when reports may be known at a Unix time: to the last, or those before while it is on its way.

    `late` is by how many seconds what is shown may be worked out later.
    """
    first, last = at - SETTLED - late, at - 1
    reports = {
        poll.at
        for every in polls.values()
        for poll in every[last_until(every, first) + 1 : last_until(every, last) + 1]
    }
    # at the last, too: a new day begins without a report
    return [first, *sorted(reports), last]


def last_until(polls: Sequence[Poll], time: float) -> int:
    """Return the number of the last report until a Unix time; -1 if there is none."""
    return bisect_right(polls, time, key=lambda poll: poll.at) - 1


def seconds_left(polls: Sequence[Poll], campaign: str, at: float) -> float | None:
    """Return after how many seconds the last of a list's clean records is dialled.

    None where that is not to be said: the list is recycled, reloaded or stopped before, or never ends.
    """
    first = last_until(polls, at)
    before = polls[first]
    if not before.standing[campaign].started:
        return None
    for poll in polls[first + 1 :]:
        start, end = before.standing[campaign], poll.standing[campaign]
        if poll.truth[campaign].falls != before.truth[campaign].falls or not end.started:
            return None
        if end.clean == 0:
            calls = start.calls or end.calls
            return before.at + 60 * start.clean / calls - at if calls else None
        before = poll
    return None
