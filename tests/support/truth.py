"""What was really the case in simulated days, at the moments at which boards are looked at."""

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from wolkvox_exporter.simulator import Oddity, Poll, Standing, Truth

MINUTE, HOUR = 60, 3_600
SETTLED = 125
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
class Campaign:
    """A campaign as its last report should have shown it, and what happened since the hour and the day before."""

    operation: str
    id: str
    now: Standing
    hour: Truth
    today: Truth
    oddity: Oddity | None
    is_settled: bool
    """Whether it has had its name and skill for three reports: a series that ended is still found for five minutes."""
    is_quiet: bool
    """Whether in that hour no list was recycled, no report was odd, no other phone dialled, and nothing renamed."""

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

    def __init__(self, polls: Polls, at: float, known: float) -> None:
        self.at = at
        self._polls, self._known = polls, known

    @cached_property
    def campaigns(self) -> dict[Key, Campaign]:
        """Every campaign of the last report of its operation."""
        return {(each.operation, each.id): each for name in self._polls for each in self._of(name)}

    def _of(self, operation: str) -> Iterator[Campaign]:
        polls = self._polls[operation]
        last = last_until(polls, self._known)
        if last < 0:
            return
        now = polls[last]
        before = polls[max(last_until(polls, now.at - HOUR + 1), 0)]
        midnight = polls[max(last_until(polls, self.midnight(operation)), 0)]
        hour, today = now.since(before), now.since(midnight)
        seen = polls[max(last_until(polls, now.at - HOUR + 1) - 1, 0) : last + 1]
        for key, standing in now.standing.items():
            settled = len(_names(key, polls[max(last - 2, 0) : last + 1])) == 1
            is_quiet = _is_quiet(key, seen, hour[key])
            yield Campaign(operation, key, standing, hour[key], today[key], now.oddities.get(key), settled, is_quiet)

    def worked(self, operation: str) -> float:
        """Return for how many seconds that day calls have been placed, as far as reports show."""
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


def _is_quiet(campaign: str, polls: Sequence[Poll], hour: Truth) -> bool:
    odd = any(campaign in poll.oddities for poll in polls)
    return not (hour.falls or hour.redialed or odd or len(_names(campaign, polls)) > 1)


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


def views(polls: Polls, at: float, late: float = 0.0) -> list[View]:
    """Return what may be shown at a Unix time: the last reports, or those before while the last are on their way.

    `late` is by how many seconds what is shown may be worked out later.
    """
    known = [at - SETTLED, at - 1, *([at - SETTLED - late] if late else [])]
    return [View(polls, at, each) for each in known]


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
