"""Workers that a bug ends, and what becomes of them."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
import structlog

from support.clock import ManualClock
from support.operations import TOKEN, operation, running
from support.processes import direct
from wolkvox_exporter.api.reports import campaigns
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.metrics.exposition import Exposition
from wolkvox_exporter.runtime.supervisor import CALM, LONGEST_PAUSE, Supervisor
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

RESTARTS = "wolkvox_exporter_worker_restarts_total"


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


def centre(clock: ManualClock) -> Simulator:
    """Return two accounts with a campaign each."""
    return Simulator(
        [
            Operation("ventas-co", (TOKEN,), [Campaign("4875", "Ventas", records=100, answer=20)]),
            Operation("otra", ("token-of-otra",), [Campaign("1", "A", records=5)]),
        ],
        clock,
    )


def stumbling(times: int, over: str) -> Callable[..., object]:
    """Return a reader of campaigns with a bug, which shows so many times in answers with this text."""
    honest, left = campaigns.read, [times]

    def read(answer: Answer) -> object:
        if over.encode() in answer.body and left[0]:
            left[0] -= 1
            raise RuntimeError(f"what nobody thought of, with {TOKEN} in it")
        return honest(answer)

    return read


async def test_a_worker_that_meets_a_bug_is_started_again_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a bug ends one poll, then the next comes an interval later, counters go on, and it is told and counted."""
    clock = ManualClock()
    simulator = centre(clock)
    async with simulator.serving() as base_url:
        pair = operation(base_url), operation(base_url, "otra", "token-of-otra")
        async with running(*pair, clock=clock) as exporter:
            await clock.advance(20)
            assert (await exporter.samples()).values(RESTARTS) == [0, 0]
            monkeypatch.setattr(campaigns, "read", stumbling(1, over="Ventas"))
            with structlog.testing.capture_logs() as told:
                await clock.advance(280.5)
                assert (await exporter.get("/-/healthy"))[0] == 503
                await clock.advance(20)
            assert await exporter.get("/-/healthy") == (200, "healthy\n")
            samples = await exporter.samples()
            assert samples.value(RESTARTS, operation="ventas-co") == 1
            assert samples.value(RESTARTS, operation="otra") == 0
            await clock.advance(300)
            samples = await exporter.samples()
    assert [
        call.started for call in simulator.calls if (call.operation, call.report) == ("ventas-co", "campaigns")
    ] == [
        1000,
        1300,
        1600,
    ]
    assert samples.value("wolkvox_polls_total", operation="ventas-co", report="campaigns") == 2
    assert samples.value("wolkvox_polls_total", operation="otra", report="campaigns") == 3
    assert samples.value("wolkvox_campaign_records", operation="ventas-co") == 100
    (died,) = (line for line in told if line["event"] == "worker died")
    assert (died["worker"], died["error"]) == ("ventas-co", "RuntimeError")
    assert "in _taken" in died["traceback"]
    assert TOKEN not in str(told)


async def test_a_worker_that_keeps_dying_makes_it_unhealthy(monkeypatch: pytest.MonkeyPatch) -> None:
    """If every poll of an operation ends its worker, then health says so from the third on, and nothing is hammered."""
    clock = ManualClock()
    simulator = centre(clock)
    monkeypatch.setattr(campaigns, "read", stumbling(10**6, over="Ventas"))
    async with simulator.serving() as base_url, running(operation(base_url), clock=clock) as exporter:
        await clock.advance(400)
        assert (await exporter.get("/-/healthy"))[0] == 200
        await clock.advance(400)
        assert (await exporter.get("/-/healthy"))[0] == 503
        assert (await exporter.get("/metrics"))[0] == 200
        monkeypatch.undo()
        await clock.advance(CALM)
        assert (await exporter.get("/-/healthy"))[0] == 200
    started = [call.started - 1000 for call in simulator.calls if call.report == "campaigns"]
    assert started == [300.0 * number for number in range(15)]


async def test_the_pauses_between_two_starts_grow() -> None:
    """If a job dies as soon as it starts, then it is started after 1, 2, 4, … 256 and then every 300 s."""
    clock = ManualClock()
    starts: list[float] = []

    async def dying() -> None:
        starts.append(clock.monotonic() - 1000)
        await asyncio.sleep(0)
        raise KeyError(TOKEN)

    supervisor = Supervisor(clock)
    supervisor.start("dying", dying)
    await clock.advance(1200)
    await supervisor.stop()
    assert starts == [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111]


async def test_the_pauses_stay_bounded_for_ever() -> None:
    """If a job dies 2,000 times, a week of deaths, then it is still started every 300 s, and trusted after its last."""
    clock, starts = ManualClock(), list[float]()

    async def dying() -> None:
        starts.append(clock.monotonic())
        await asyncio.sleep(0)
        if len(starts) <= 2000:
            raise KeyError(TOKEN)
        await clock.sleep_until(float("inf"))

    supervisor = Supervisor(clock)
    with structlog.testing.capture_logs():
        supervisor.start("dying", dying)
        await clock.advance(2000 * LONGEST_PAUSE)
    assert len(starts) == 2001
    assert {later - earlier for earlier, later in pairwise(starts[10:])} == {LONGEST_PAUSE}
    await clock.advance(CALM)
    assert supervisor.is_healthy
    await supervisor.stop()


class Panic(BaseException):
    """What a library in Rust raises that has met a bug; it is no `Exception`."""


async def test_a_job_outlives_panics_and_whoever_hears_of_it() -> None:
    """If a library panics, or who is called at a restart meets a bug, then these are deaths like any other."""
    clock, happened = ManualClock(), list[str]()

    async def panicking() -> None:
        happened.append("started")
        await asyncio.sleep(0)
        raise Panic

    def stumbling() -> None:
        happened.append("restarted")
        if happened.count("restarted") == 1:
            raise RuntimeError

    supervisor = Supervisor(clock)
    supervisor.start("panicking", panicking, stumbling)
    # pauses of 1, 2 and 4 seconds
    await clock.advance(10)
    await supervisor.stop()
    assert happened == ["started", "restarted", "restarted", "started", "restarted", "started"]


async def test_a_job_outlives_what_is_cancelled_elsewhere() -> None:
    """If what a job waits for is cancelled, or the job just ends, then that is a death like any other."""
    clock = ManualClock()
    restarts: list[float] = []

    async def waiting() -> None:
        if not restarts:
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future

    supervisor = Supervisor(clock)
    supervisor.start("waiting", waiting, lambda: restarts.append(clock.monotonic()))
    await clock.advance(10)
    assert not supervisor.is_healthy
    await supervisor.stop()
    assert restarts == [1001, 1003, 1007]


async def test_a_job_that_is_told_to_end_is_no_sign_of_ill_health() -> None:
    """If a reload takes a worker away, then the exporter is healthy at every moment of it."""
    supervisor = Supervisor(ManualClock())
    job = supervisor.start("leaving", asyncio.Event().wait)
    ending = asyncio.create_task(supervisor.end(job))
    while not ending.done():
        assert supervisor.is_healthy
        await asyncio.sleep(0)
    await supervisor.stop()


def bug(*_: object) -> None:
    """Do what nobody thought of."""
    raise RuntimeError


async def test_a_publisher_that_dies_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a bug ends the rendering once, then what changes later is rendered all the same."""
    clock = ManualClock()
    simulator = centre(clock)
    async with simulator.serving() as base_url, running(operation(base_url), clock=clock) as exporter:
        with monkeypatch.context() as patched:
            patched.setattr(Exposition, "update", bug)
            await clock.advance(0.5)
            assert (await exporter.get("/-/healthy"))[0] == 503
        await clock.advance(5)
        assert 'wolkvox_campaigns{operation="ventas-co"} 1.0' in (await exporter.get("/metrics"))[1]
        assert (await exporter.get("/-/healthy"))[0] == 200
