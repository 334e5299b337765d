"""How near the numbers of boards come to the truth, over simulated days."""

import math
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from support.figures import Forecast, Number, Scope, Truths, same
from support.shown import Look, Shown
from support.truth import DAY, HOUR, LATE, MINUTE, SOON, Polls, last_until, seconds_left
from wolkvox_exporter.simulator import Poll

NEAR, TWICE = 0.25, 2.0
"""By which share of what is left a forecast may be off, and from which multiple of it on it misleads."""


@dataclass
class Tally:
    """How many cases of a figure there were, how many were near enough, and the worst."""

    name: str
    cases: int = 0
    within: int = 0
    worst: float = 0.0
    example: str = ""
    missed: list[str] = field(default_factory=list)

    def add(self, off: float, example: str, *, within: bool) -> None:
        """Count a case that is off by a share of the truth."""
        self.cases += 1
        self.within += within
        if not within:
            self.missed.append(example)
        if off >= self.worst:
            self.worst, self.example = off, example

    @property
    def share(self) -> float:
        """Which share of the cases was near enough."""
        return self.within / self.cases if self.cases else 0.0

    def __str__(self) -> str:
        return f"| {self.name} | {self.cases} | {self.share:.2%} | {self.worst:.1%} |"


def instants(polls: Polls, start: float, seed: int) -> list[float]:
    """Return fifty Unix times of the day that begins at `start`, at all that makes numbers differ."""
    rng = random.Random(seed + start)  # noqa: S311 - the same in every run
    day = [
        pair
        for reports in polls.values()
        for pair in pairwise(report for report in reports if start <= report.at < start + DAY)
    ]

    def hours(first: float, last: float, count: int) -> Iterator[float]:
        return (start + HOUR * rng.uniform(first, last) for _ in range(count))

    def near(moments: list[float], before: float, after: float, count: int) -> Iterator[float]:
        chosen = rng.sample(moments, min(count, len(moments)))
        return (moment + rng.uniform(-before, after) for moment in chosen)

    return sorted(
        (
            *hours(8, 8.6, 8),
            *hours(12.5, 14, 7),
            *hours(20, 23.9, 5),
            *near(list(_recycled(day)), 0, 15 * MINUTE, 8),
            *near(list(_redialled(day)), 0, 5 * MINUTE, 7),
            *near(list(_emptied(day)), 15 * MINUTE, 15 * MINUTE, 8),
            *hours(9, 19, 7),
        )
    )


def _recycled(day: Sequence[tuple[Poll, Poll]]) -> Iterator[float]:
    return (now.at for before, now in day if any(each.falls for each in now.since(before).values()))


def _redialled(day: Sequence[tuple[Poll, Poll]]) -> Iterator[float]:
    return (now.at for before, now in day if any(each.redialed for each in now.since(before).values()))


def _emptied(day: Sequence[tuple[Poll, Poll]]) -> Iterator[float]:
    return (
        now.at
        for before, now in day
        if any(each.clean == 0 < before.standing[key].clean for key, each in now.standing.items())
    )


@dataclass(frozen=True)
class Sight:
    """A board that somebody looks at, and what it is narrowed down to."""

    look: Look
    scope: Scope


async def held(sight: Sight, shown: Shown, numbers: Sequence[tuple[Number, Tally]], truths: Truths) -> None:
    """Compare a number with the truth of the last reports, or, while these are on the way, of those before.

    Of one by labels there may be several numbers, each of a kind of its own.
    """
    time = shown.at(sight.look.at)
    found = await sight.look.found(shown, *numbers[0][0].labels)
    for number, tally in numbers:
        for labels, true in truths.of(number, sight.scope, time).items():
            said = found.get(labels)
            value = 0.0 if said is None else number.read(said, time)
            if value is None or (said is None and number.read is not same):
                continue
            off, within = number.kind.off(value, true)
            example = f"{' '.join(labels)} {sight.scope.choice} at {time:.0f}: {said}, true is {true}"
            tally.add(off, example, within=within)
    known = set.union(*(truths.names(number, sight.scope, time) for number, _ in numbers))
    for labels in found.keys() - known:
        numbers[0][1].add(math.inf, f"{' '.join(labels)} {sight.scope.choice} at {time:.0f}: not there", within=False)


async def forecast(sight: Sight, shown: Shown, said: Forecast, polls: Polls) -> AsyncIterator[tuple[float, float, str]]:
    """Yield which time to empty is shown for each list that ends soon, infinity for none, and which is true."""
    at = sight.look.at
    found = await sight.look.found(shown, *said.labels)
    for operation, reports in polls.items():
        for campaign, standing in reports[last_until(reports, at)].standing.items():
            every = {
                "operation": operation,
                "campaign": standing.name,
                "campaign_id": campaign,
                "skill": standing.skill,
            }
            left = seconds_left(reports, campaign, at) if sight.scope.takes(every) else None
            if left is not None and SOON <= left <= LATE:
                number = found.get(tuple(every[label] for label in said.labels), -1.0)
                if number < 0 and said.most is not None and len(found) >= said.most:
                    continue
                example = f"{operation} {campaign} at {at:.0f}: {number}, true is {left:.0f}"
                yield number if number >= 0 else math.inf, left, example
