"""What the API's side sees of all five reports: how many calls a day, in which order, and never two at a time."""

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from support.clock import ManualClock
from support.operations import operation, running
from wolkvox_exporter.config import AgentsMode, AmdMode, SkillsMode
from wolkvox_exporter.config.cost import calls_a_day
from wolkvox_exporter.polling.timing import CONCURRENCY_DELAYS
from wolkvox_exporter.simulator import Call, Fault, Simulator, working_day

INTERVAL = 300.0
ON = {"skills": SkillsMode.ALL, "agents": AgentsMode.BY_STATUS, "amd": AmdMode.ALL, "quota_interval": 900.0}
OFF = {"skills": SkillsMode.OFF, "agents": AgentsMode.OFF, "amd": AmdMode.OFF, "quota_interval": 0.0}
HOURLY = dict.fromkeys(("interval", "skills_interval", "agents_interval", "amd_interval"), 3_600.0)
FAULTS = [Fault.SERVER_ERROR, Fault.RESET, Fault.CONCURRENCY, Fault.HTML, Fault.TRUNCATED_JSON, Fault.EMPTY_BODY]


def by_report(calls: list[Call]) -> dict[str, list[Call]]:
    """Sort calls by their report."""
    logs = defaultdict(list)
    for call in calls:
        logs[call.report].append(call)
    return logs


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (ON, {"campaigns": 288, "skills": 288, "agents": 288, "amd": 288, "quota": 96}),
        (OFF | HOURLY, {"campaigns": 24}),
        (ON | HOURLY, {"campaigns": 24, "skills": 24, "agents": 24, "amd": 24, "quota": 96}),
        (OFF | HOURLY | {"skills": ("6000",)}, {"campaigns": 24, "skills": 24}),
        (OFF | HOURLY | {"agents": AgentsMode.BY_STATUS, "agents_interval": 7_200.0}, {"campaigns": 24, "agents": 12}),
    ],
)
async def test_a_day_takes_the_calls_that_the_documents_reckon(
    settings: dict[str, object], expected: dict[str, int]
) -> None:
    """If reports are on or off, then a simulated day has just the calls that `check` reckons, all good, in order."""
    clock = ManualClock("2026-11-23T00:00:00-05:00")
    *_, centre = working_day(7, clock.time())
    simulator = Simulator([centre], clock)
    async with simulator.serving() as base_url:
        polled = operation(base_url, centre.name, centre.tokens[0], **settings)
        async with running(polled, clock=clock) as exporter:
            await clock.advance(86_399)
            samples = await exporter.samples()
    assert set(samples.values("wolkvox_up")) == {1}
    assert sum(samples.values("wolkvox_unreadable_values_total")) == 0
    assert {call.status for call in simulator.calls if call.report != "amd"} == {200}
    calls = Counter(call.report for call in simulator.calls)
    assert calls == expected == {str(report): number for report, number in calls_a_day(polled).items()}
    assert not any(call.overlapped for call in simulator.calls)
    # what is due at one moment is asked one after the other: what waits and who is there belong together
    order = list(expected)
    for first, second in pairwise(simulator.calls):
        if first.started == second.started:
            assert order.index(first.report) < order.index(second.report)


def is_retry(first: Call, second: Call) -> bool:
    """Return whether the second call is one of the retries that may come early."""
    gap = second.started - first.started
    return (first.fault is Fault.RESET and gap == 0) or (first.fault is Fault.CONCURRENCY and gap in CONCURRENCY_DELAYS)


async def test_two_operations_that_share_a_token_ask_for_all_five() -> None:
    """If two operations with all reports share a token and calls fail, then none overlaps, is early, or stays away."""
    clock = ManualClock("2026-11-23T08:00:00-05:00")
    *_, centre = working_day(7, clock.time())
    simulator = Simulator([centre], clock)
    async with simulator.serving() as base_url:
        # the threshold tells the skills of the one from those of the other
        polled = [
            operation(base_url, name, centre.tokens[0], **ON, service_level_seconds=seconds)
            for name, seconds in (("uno", 40), ("dos", 50))
        ]
        async with running(*polled, clock=clock):
            for number in range(24):
                simulator.inject(FAULTS[number % len(FAULTS)], times=1 + number % 4)
                await clock.advance(900)
                simulator.heal()
    assert not any(call.overlapped for call in simulator.calls)
    assert sum(call.fault is not None for call in simulator.calls) > 40
    logs = by_report(simulator.calls)
    assert set(logs) == {"campaigns", "skills", "agents", "amd", "quota"}
    for threshold in ("40", "50"):
        own = [call for call in logs["skills"] if call.params["services_time"] == threshold]
        early = [pair for pair in pairwise(own) if pair[1].started - pair[0].started < INTERVAL]
        assert all(is_retry(*pair) for pair in early), early
        assert max(second.started - first.started for first, second in pairwise(own)) <= 2 * INTERVAL
    for report, log in logs.items():
        interval = 900.0 if report == "quota" else INTERVAL
        # retries aside, in each interval there is one call for each operation
        honest = [call for call in log if call.fault is None]
        for number in range(int(6 * 3_600 / interval)):
            begin = 1_000 + number * interval
            assert sum(begin <= call.started < begin + interval for call in honest) <= 2, report
        assert len(log) >= 2 * (6 * 3_600 / interval)
