"""How near the numbers of boards come to the truth, over simulated days."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from mixin import recording
from support.figures import BY_ID, Figure
from support.prometheus import Prometheus
from support.truth import HOUR, LATE, MINUTE, SOON, Polls, seconds_left, views
from wolkvox_exporter.simulator import Poll

DAY = 24 * HOUR
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


async def held(server: Prometheus, figure: Figure, polls: Polls, at: float, tally: Tally) -> None:
    """Compare a figure with the truth of the last reports, or, while these are on the way, of those before."""
    found = await server.query(figure.query, *figure.labels, time=at)
    true, *others = (figure.truth(view) for view in views(polls, at, figure.late))
    for labels in true.keys() & set.intersection(*map(set, others)):
        number = found.get(labels)
        best = min((each[labels] for each in (true, *others)), key=lambda value: abs((number or 0.0) - value))
        off = abs((number or 0.0) - best) / abs(best) if best else float(bool(number))
        example = f"{' '.join(labels)} at {at:.0f}: {number}, true is {best:g}"
        tally.add(off, example, within=figure.tolerance.admits(number, best))


async def forecast(server: Prometheus, polls: Polls, at: float, near: Tally, twice: Tally) -> None:
    """Compare the times to empty at a Unix time with when the lists ended, and count those that are twice too long."""
    found = await server.query(f"max by (operation, campaign_id) ({recording.TO_EMPTY})", *BY_ID, time=at)
    for operation, reports in polls.items():
        for campaign, standing in reports[0].standing.items():
            left = seconds_left(reports, campaign, at)
            if left is None or not SOON <= left <= LATE or not standing:
                continue
            number = found.get((operation, campaign))
            example = f"{operation} {campaign} at {at:.0f}: {number}, true is {left:.0f}"
            off = abs(number - left) / left if number is not None else 1.0
            near.add(off, example, within=off <= NEAR)
            twice.add(off, example, within=number is not None and number <= TWICE * left)
