"""Who repeats a failed request: the schedule alone, visibly, and never the library behind its back."""

import pytest

from support.clock import ManualClock
from support.operations import operation, running
from support.outcomes import call_centre, counts, polled, times
from support.servers import Handler, reset, serving, writing
from wolkvox_exporter.simulator import Fault

CUT = writing(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]")


@pytest.mark.parametrize(
    ("handler", "connections"),
    [(reset, 2), (writing(b""), 2), (CUT, 1), (writing(b"not HTTP\r\n\r\n"), 1)],
    ids=["reset", "closed without an answer", "cut within the body", "garbage"],
)
async def test_each_counted_request_is_one_connection(handler: Handler, connections: int) -> None:
    """If a call breaks, then what `wolkvox_api_requests_total` counts is what reached the server, to the call."""
    async with serving(handler) as server, polled(server.url) as (exporter, clock):
        assert server.targets == ["GET /real_time.php?api=campaigns HTTP/1.1"] * connections
        await clock.advance(300)
        samples = await exporter.samples()
        counted = counts(samples, "wolkvox_api_requests_total", "code", "campaigns")
        assert sum(counted.values()) == len(server.heads) == server.connections == 2 * connections


async def test_a_reset_is_retried_once_and_then_at_the_interval() -> None:
    """If the API resets every call, then each interval costs two calls, not one of them later than at once."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url, running(operation(url, amd="off"), clock=clock) as exporter:
        await clock.advance(1)
        simulator.inject(Fault.RESET)
        await clock.advance(899)
        assert times(simulator) == [0, 300, 300, 600, 600, 900, 900]
        failures = counts(await exporter.samples(), "wolkvox_poll_failures_total", "reason", "campaigns")
        assert failures["connection"] == 6


async def test_a_retry_that_succeeds_ends_the_failure_at_once() -> None:
    """If a dead connection is the only trouble, then `wolkvox_up` is 1 again at once and the data are fresh."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url, running(operation(url, amd="off"), clock=clock) as exporter:
        await clock.advance(1)
        simulator.inject(Fault.RESET, times=1)
        await clock.advance(299)
        samples = await exporter.samples()
        assert samples.value("wolkvox_up", report="campaigns") == 1
        assert counts(samples, "wolkvox_poll_failures_total", "reason", "campaigns")["connection"] == 1
        assert counts(samples, "wolkvox_api_requests_total", "code", "campaigns") == {"200": 2, "none": 1}
        assert times(simulator) == [0, 300, 300]
        await clock.advance(300)
        assert times(simulator) == [0, 300, 300, 600]


async def test_a_reset_of_one_report_leaves_the_other_its_own_retry() -> None:
    """If both reports are reset, then each is retried once, and neither uses up the other's retry."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.inject(Fault.RESET, report="campaigns", times=1)
    simulator.inject(Fault.RESET, report="amd", times=1)
    async with simulator.serving() as url, running(operation(url), clock=clock) as exporter:
        await clock.advance(1)
        samples = await exporter.samples()
        assert samples.values("wolkvox_up") == [1, 1]
        assert [call.report for call in simulator.calls] == ["campaigns", "campaigns", "amd", "amd"]


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.MAINTENANCE, Fault.FORBIDDEN, Fault.RESET_BODY])
async def test_any_other_failure_waits_for_the_interval(fault: Fault) -> None:
    """If the API fails in a way that does not pass at once, then it is asked at the interval and no earlier."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.inject(fault)
    async with simulator.serving() as url, running(operation(url, amd="off"), clock=clock):
        await clock.advance(900)
        assert times(simulator) == [0, 300, 600, 900]
