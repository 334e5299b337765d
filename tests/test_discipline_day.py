"""What a working day with failures looks like from the API's side."""

from collections import Counter, defaultdict
from itertools import pairwise

from support.clock import ManualClock
from support.operations import operation, running
from support.recording import unattended
from wolkvox_exporter.config import AmdMode
from wolkvox_exporter.polling.timing import CONCURRENCY_DELAYS
from wolkvox_exporter.simulator import Call, Fault, Simulator, working_day

FAULTS = [Fault.SERVER_ERROR, Fault.RESET, Fault.CONCURRENCY, Fault.MAINTENANCE, Fault.HTML, Fault.TRUNCATED_JSON]
MOST = 3
"""Calls for AMD that an interval allows: fewer than the campaigns that are started."""


async def lived() -> list[Call]:
    """Poll three operations from seven to nine in the evening; something fails every forty minutes."""
    clock = ManualClock("2026-11-23T07:00:00-05:00")
    simulator = Simulator(unattended(working_day(7, clock.time())), clock)
    async with simulator.serving() as base_url:
        settings = {"amd": AmdMode.AUTO, "quota_interval": 900.0, "amd_max_calls": MOST}
        polled = [operation(base_url, each.name, each.tokens[0], **settings) for each in simulator.operations]
        async with running(*polled, clock=clock):
            for turn in range(21):
                simulator.inject(FAULTS[turn % len(FAULTS)], times=2)
                await clock.advance(2400)
                simulator.heal()
    return simulator.calls


def retried(first: Call, second: Call) -> bool:
    """Return whether the second call is one of the retries that may come early."""
    gap = second.started - first.started
    return (first.fault is Fault.RESET and gap == 0) or (first.fault is Fault.CONCURRENCY and gap in CONCURRENCY_DELAYS)


async def test_a_day_with_failures_keeps_every_promise() -> None:
    """If a day brings failures, then no token is used twice at a time, nothing is early, and AMD is fair and frugal."""
    calls = await lived()
    assert sum(call.fault is not None for call in calls) > 30
    assert not any(call.overlapped for call in calls)
    by_report = defaultdict(list)
    for call in calls:
        by_report[call.operation, call.report].append(call)
    for (_, report), log in by_report.items():
        if report != "amd":
            interval = 900.0 if report == "quota" else 300.0
            early = [pair for pair in pairwise(log) if pair[1].started - pair[0].started < interval]
            assert all(retried(*pair) for pair in early), early
    mexico = [call for call in by_report["cobranzas-mx", "amd"] if call.params["campaign_id"] != "all"]
    assert max(Counter((call.started - 1000) // 300 for call in mexico).values()) <= MOST + 1
    repeated = (Fault.RESET, Fault.CONCURRENCY)
    times = Counter(call.params["campaign_id"] for call in mexico if call.fault not in repeated)
    assert len(times) == 6
    assert max(times.values()) - min(times.values()) <= 3
    chile = Counter(call.params["campaign_id"] for call in by_report["servicio-cl", "amd"])
    assert set(chile) == {"all"}
