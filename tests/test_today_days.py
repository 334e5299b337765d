"""What is shown of today, over three simulated days in which lists are recycled, beside what was done."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.clock import ManualClock
from support.operations import Running, operation, restarted
from support.recording import unattended
from wolkvox_exporter.config import AmdMode
from wolkvox_exporter.polling.counters import Labels
from wolkvox_exporter.simulator import Operation, Simulator, Truth, working_day

MINUTE, HOUR, DAY = 60, 3600, 86_400
MIDNIGHT = 1_795_410_000
"""Of 23 November 2026 in Bogota."""
OPENED = 9.1 * HOUR
"""An hour after the last campaign was started."""
LIVES = ((6.5, 12.5), (12.55, 19.5), (23.9, 24.3), (30.5, 43.5), (54.5, 67.5))
"""From when to when the exporter ran, in hours: it lived through one midnight, and was down at the other."""
RESULTS = {"answer": "answer", "answer_machine": "machine"}
"""Those that no call to another phone takes back."""


@dataclass
class Days:
    """What was shown of each campaign by its labels, and how far off that was."""

    centre: Operation
    totals: dict[Labels, dict[str, float]] = field(default_factory=dict)
    before: dict[Labels, dict[str, float]] = field(default_factory=dict)
    """The counters when they were last seen before the day began."""
    start: float = MIDNIGHT
    looks: int = 0
    off: list[float] = field(default_factory=list)
    """By which share the sums of the operation were off, from an hour after opening."""
    single: list[float] = field(default_factory=list)
    """The same of the dials of single campaigns."""

    def look(self, exporter: Running, now: float) -> None:
        """Compare what is shown now with the counters, and with what was done since midnight."""
        snapshot = exporter.exporter.publisher.snapshots[self.centre.name]
        assert snapshot.day
        if snapshot.day.start != self.start:
            assert snapshot.day.start == self.start + DAY
            self.start, self.before = snapshot.day.start, dict(self.totals)
        sums: dict[str, Counter[str]] = {}
        for labels, totals in snapshot.activity.items():
            today = snapshot.rises_today.get(labels, {})
            for name, total in totals.items():
                assert today.get(name, 0) == total - self.before.get(labels, {}).get(name, 0), labels
            self.totals[labels] = dict(totals)
        for labels, risen in snapshot.rises_today.items():
            sums.setdefault(labels[1], Counter()).update(risen)
        self.looks += 1
        if now - self.start > OPENED:
            self._compare(sums, {labels[1] for labels in snapshot.activity})

    def _compare(self, sums: dict[str, Counter[str]], shown: set[str]) -> None:
        truth = self._truth()
        for name in ("dial", *RESULTS, "hits"):
            done = sum(_done(each, name) for each in truth.values())
            if done:
                self.off.append(abs(sum(sums[key][name] for key in sums) / done - 1))
        for key in shown:
            if truth[key].dialed:
                self.single.append(abs(sums.get(key, Counter())["dial"] / truth[key].dialed - 1))

    def _truth(self) -> dict[str, Truth]:
        """Return what was done between the last report of the day before and the last of all."""
        earlier = [poll for poll in self.centre.polls if poll.at < self.start] or [self.centre.polls[0]]
        return self.centre.polls[-1].since(earlier[-1])


def _done(truth: Truth, name: str) -> int:
    if name in RESULTS:
        return truth.results[RESULTS[name]]
    return truth.dialed if name == "dial" else truth.hits


def instants(first: float, last: float) -> Iterator[float]:
    """Return the Unix times at which is looked in a life, every five minutes."""
    at = MIDNIGHT + first * HOUR
    while at < MIDNIGHT + last * HOUR:
        at += 5 * MINUTE
        yield at


@pytest.mark.parametrize(("place", "seed"), [(0, 1), (1, 2)])
async def test_today_is_what_the_counters_rose_by_and_what_was_done(tmp_path: Path, place: int, seed: int) -> None:
    """If lists are recycled all day, and the exporter is restarted, then today is right within four percent.

    Of single campaigns this is so at 99 of 100 looks: a list that is worked through in an hour loses more.
    """
    clock = ManualClock("2026-11-23T00:00:00-05:00")
    (centre,) = unattended([working_day(seed, clock.time(), days=3)[place]])
    simulator = Simulator([centre], clock)
    days = Days(centre)
    async with simulator.serving() as url:
        wanted = operation(url, centre.name, centre.tokens[0], amd=AmdMode.OFF)
        for first, last in LIVES:
            await clock.advance(MIDNIGHT + first * HOUR - clock.time())
            async with restarted(tmp_path, wanted, clock) as exporter:
                for at in instants(first, last):
                    await clock.advance(at - clock.time())
                    days.look(exporter, clock.time())
    assert sum(truth.falls for truth in centre.polls[-1].since(centre.polls[0]).values()) > 30
    assert days.looks == sum(len(list(instants(*life))) for life in LIVES)
    assert len(days.off) > 1000
    assert max(days.off) < 0.04
    assert len(days.single) > 1000
    assert sum(off < 0.04 for off in days.single) > 0.99 * len(days.single)
