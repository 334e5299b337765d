"""What the API's side sees of the exporter: no token twice at a time, nothing early."""

import asyncio
from collections import defaultdict
from itertools import pairwise

from support.clock import ManualClock
from support.operations import SOON, operation, running
from wolkvox_exporter.polling.pool import Spread
from wolkvox_exporter.polling.timing import CONCURRENCY_DELAYS
from wolkvox_exporter.simulator import Call, Campaign, Fault, Operation, Simulator

INTERVAL = 300.0
SHARED = "shared-token-of-two"
FAULTS = [
    Fault.SERVER_ERROR,
    Fault.MAINTENANCE,
    Fault.FORBIDDEN,
    Fault.RESET,
    Fault.CONCURRENCY,
    Fault.HTML,
    Fault.TRUNCATED_JSON,
    Fault.NOT_FOUND,
    Fault.GARBAGE,
    Fault.RESET_BODY,
]


def centre(clock: ManualClock) -> Simulator:
    """Return three accounts; two of the operations below share the token of the first."""
    names = {"uno": SHARED, "tres": "token-of-tres", "cuatro": "token-of-cuatro"}
    operations = [
        Operation(name, (token,), [Campaign(f"{number}", name.upper(), records=50)])
        for number, (name, token) in enumerate(names.items(), 4000)
    ]
    return Simulator(operations, clock)


async def day_of_calls(clock: ManualClock, hours: int) -> list[Call]:
    """Poll four operations for some hours in which a fault comes every 20 minutes, and return what was asked."""
    simulator = centre(clock)
    async with simulator.serving() as base_url:
        operations = [
            operation(base_url, "uno", SHARED),
            operation(base_url, "dos", SHARED),
            operation(base_url, "tres", "token-of-tres"),
            operation(base_url, "cuatro", "token-of-cuatro", interval=600.0, amd="off"),
        ]
        async with running(*operations, clock=clock):
            for turn in range(3 * hours):
                simulator.inject(FAULTS[turn % len(FAULTS)], times=1 + turn % 4)
                await clock.advance(1200)
                simulator.heal()
    return simulator.calls


def early(calls: list[Call], interval: float) -> list[tuple[Call, Call]]:
    """Return the pairs of polls that came closer than the interval."""
    return [(first, second) for first, second in pairwise(calls) if second.started - first.started < interval]


async def test_no_two_calls_of_a_token_overlap_and_none_comes_early_but_for_the_named_retries() -> None:
    """Over a day with failures, two of four operations sharing a token, the call log holds what the design promises."""
    clock = ManualClock()
    calls = await day_of_calls(clock, hours=24)
    assert not any(call.overlapped for call in calls)
    by_report = defaultdict(list)
    for call in calls:
        by_report[call.operation, call.report].append(call)
    assert sorted(by_report) == [
        ("cuatro", "campaigns"),
        ("tres", "amd"),
        ("tres", "campaigns"),
        ("uno", "amd"),
        ("uno", "campaigns"),
    ]
    for (name, _), log in by_report.items():
        if name == "uno":
            continue
        for first, second in early(log, 600.0 if name == "cuatro" else INTERVAL):
            gap = second.started - first.started
            assert (first.fault is Fault.RESET and gap == 0) or (
                first.fault is Fault.CONCURRENCY and gap in CONCURRENCY_DELAYS
            ), (first, second)


async def ten_operations(spread: Spread, seconds: float) -> dict[tuple[str, str], list[float]]:
    """Poll ten operations for so long; return when calls were begun, from the start on, by operation and report."""
    clock = ManualClock()
    start = clock.monotonic()
    tokens = [f"token-number-{number}" for number in range(10)]
    simulator = Simulator([Operation(token, (token,), [Campaign("1", "A")]) for token in tokens], clock)
    async with (
        simulator.serving() as base_url,
        running(*(operation(base_url, token, token) for token in tokens), clock=clock, spread=spread),
    ):
        await clock.advance(seconds)
    started = defaultdict(list)
    for call in simulator.calls:
        started[call.operation, call.report].append(call.started - start)
    return started


async def test_first_polls_are_spread_over_a_tenth_of_the_interval() -> None:
    """If ten operations start together, then their first polls come 3 s apart, campaigns before AMD."""
    started = await ten_operations(SOON, 60)
    assert list(started.items()) == [
        ((f"token-number-{number}", report), [3.0 * number]) for number in range(10) for report in ("campaigns", "amd")
    ]


async def test_a_stalled_operation_delays_no_other() -> None:
    """If one operation's server never answers, then the others are polled on time."""
    clock = ManualClock()
    simulator = centre(clock)
    simulator.inject(Fault.STALL, operation="tres")
    async with simulator.serving() as base_url:
        stalled = operation(base_url, "tres", "token-of-tres")
        other = operation(base_url, "cuatro", "token-of-cuatro", amd="off")
        async with running(stalled, other, clock=clock), asyncio.timeout(20):
            await clock.settled()
            clock.jump(0)
            await simulator.until(in_flight=1)
            clock.jump(15)
            await simulator.until(in_flight=2)
            await simulator.until(in_flight=1)
    assert simulator.calls[0].operation == "cuatro"


async def test_two_operations_with_one_token_keep_their_intervals() -> None:
    """If two operations share a token, then each is asked once an interval."""
    clock = ManualClock()
    simulator = centre(clock)
    async with simulator.serving() as base_url:
        twins = [operation(base_url, name, SHARED) for name in ("uno", "dos")]
        async with running(*twins, clock=clock):
            await clock.advance(4 * 3600 - 1)
    for report in ("campaigns", "amd"):
        started = [call.started for call in simulator.calls if call.report == report]
        assert len(started) == 2 * 48
        assert {second - first for first, second in zip(started, started[2:], strict=False)} == {300.0}


def gaps(started: list[float]) -> list[float]:
    """Return the seconds between one start and the next."""
    return [round(second - first, 3) for first, second in pairwise(started)]


async def test_polls_move_apart_until_they_lie_evenly() -> None:
    """If ten operations have run for an hour, then their polls lie a tenth of the interval apart; none came late."""
    polls = await ten_operations(Spread(), 2 * 3600)
    assert len(polls) == 20
    for (token, _), started in polls.items():
        number = int(token.removeprefix("token-number-"))
        assert {round(at % 300, 3) for at in started if at >= 3600} == {30.0 * number}
        assert set(gaps(started)) <= {300.0, 330.0, 300.0 + 27 * number % 30}


async def test_operations_with_one_token_take_turns() -> None:
    """If four operations that share a token are due at the same moment, then each waits for the one before."""
    clock = ManualClock()
    simulator = centre(clock)
    simulator.delay = 0.02
    async with simulator.serving() as base_url:
        sharing = [operation(base_url, f"operation-{number}", SHARED) for number in range(4)]
        async with running(*sharing, clock=clock):
            await clock.settled()
            clock.jump(30)
            await clock.settled()
            await clock.advance(0)
    assert len(simulator.calls) == 8
    assert not any(call.overlapped for call in simulator.calls)
