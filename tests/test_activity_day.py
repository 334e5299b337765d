"""What the activity counters make of simulated working days in which everything happens to lists."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from support.clock import ManualClock
from support.operations import operation, running
from support.recording import unattended
from wolkvox_exporter.config import AmdMode
from wolkvox_exporter.polling.counters import Labels
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.simulator import Oddity, Operation, Simulator, Truth, working_day

RESULTS = {
    "answer": "answer",
    "no_answer": "no_answer",
    "busy/congestion/failed": "failed",
    "answer_machine": "machine",
}


@dataclass
class Seen:
    """The counters of one operation over all polls, by label set."""

    totals: dict[Labels, dict[str, float]] = field(default_factory=dict)
    falls: list[tuple[Labels, str]] = field(default_factory=list)

    def observe(self, snapshot: Snapshot) -> None:
        """Take what is published now."""
        for labels, totals in snapshot.activity.items():
            before = self.totals.get(labels, {})
            self.falls += [(labels, name) for name, total in totals.items() if total < before.get(name, 0)]
            self.totals[labels] = dict(totals)

    def by_id(self) -> dict[str, Counter[str]]:
        """Add up the label sets that a campaign had."""
        sums: dict[str, Counter[str]] = defaultdict(Counter)
        for (_, identity, _), totals in self.totals.items():
            sums[identity].update(totals)
        return sums


async def lived(seed: int) -> tuple[list[Operation], dict[str, Seen]]:
    """Poll a working day every five minutes, and return what happened and what was counted."""
    clock = ManualClock("2026-11-23T07:00:00-05:00")
    simulator = Simulator(unattended(working_day(seed, clock.time())), clock)
    seen = {each.name: Seen() for each in simulator.operations}
    async with simulator.serving() as base_url:
        polled = [operation(base_url, each.name, each.tokens[0], amd=AmdMode.OFF) for each in simulator.operations]
        async with running(*polled, clock=clock) as exporter:
            for _ in range(13 * 12):
                await clock.advance(300)
                for name, snapshot in exporter.exporter.publisher.snapshots.items():
                    seen[name].observe(snapshot)
    return simulator.operations, seen


def happened(centre: Operation) -> dict[str, Truth]:
    """Return the truth between the first poll and the last."""
    return centre.polls[-1].since(centre.polls[0])


def visible(centre: Operation, identity: str) -> tuple[int, int]:
    """Return dials and hits between polls whose figures can be compared: no recycle, no half-loaded list between."""
    spans = [
        later.since(earlier)[identity]
        for earlier, later in pairwise(centre.polls)
        if earlier.oddities.get(identity) is not Oddity.STALE_DIAL
    ]
    return sum(span.dialed for span in spans if not span.falls), sum(span.hits for span in spans if not span.falls)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_counters_tell_what_was_done_whatever_happens_to_the_lists(seed: int) -> None:
    """If lists are recycled, reloaded, redialled, renamed, or flicker, then counters are right to the percent."""
    centres, seen = await lived(seed)
    assert sum(truth.falls for centre in centres for truth in happened(centre).values()) > 30
    for centre in centres:
        sums = seen[centre.name].by_id()
        assert seen[centre.name].falls == []
        for identity, truth in happened(centre).items():
            told = f"{centre.name} {identity}"
            dialed, hits = visible(centre, identity)
            assert 0.99 * dialed <= sums[identity]["dial"] <= truth.dialed, told
            assert 0.99 * hits <= sums[identity]["hits"] <= truth.hits, told
            for name, result in RESULTS.items():
                assert sums[identity][name] <= truth.results[result], told
            if not truth.redialed:
                assert sum(sums[identity][name] for name in RESULTS) >= 0.99 * dialed, told
