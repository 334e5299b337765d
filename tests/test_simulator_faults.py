import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from time import perf_counter

import aiohttp
import pytest

from test_simulator import CAMPAIGNS, QUOTA, TOKEN, World, at_noon, busy_operation, serving
from test_simulator_skills import AGENTS, SKILLS
from wolkvox_exporter.simulator import Fault, Simulator, working_day

REFUSED = {
    Fault.BAD_REQUEST: 400,
    Fault.MISSING_PARAMETERS: 400,
    Fault.NO_TOKEN: 401,
    Fault.TOKEN_REFUSED: 403,
    Fault.QUOTA_EXCEEDED: 403,
    Fault.CONCURRENCY: 403,
    Fault.MAINTENANCE: 403,
    Fault.FORBIDDEN: 403,
    Fault.ECHO_TOKEN: 403,
    Fault.NOT_FOUND: 404,
    Fault.NO_DATA: 404,
}
WELL_FORMED = [
    *(*REFUSED, Fault.CODE_IN_BODY, Fault.NULL_DATA, Fault.EMPTY_LIST, Fault.RENAMED_KEY),
    *(Fault.SERVER_ERROR, Fault.HTML, Fault.EMPTY_BODY, Fault.TRUNCATED_JSON, Fault.DEEP, Fault.BOM),
    *(Fault.PHP_WARNING, Fault.REDIRECT),
]
BROKEN = {
    Fault.RESET: None,
    Fault.GARBAGE: None,
    Fault.STALL: None,
    Fault.STALL_BODY: 200,
    Fault.RESET_BODY: 200,
    Fault.HUGE: 200,
}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Serve one operation at noon."""
    clock = at_noon()
    async with serving(Simulator([busy_operation()], clock), clock) as served:
        yield served


def test_every_fault_is_tried() -> None:
    """If a fault is added, then a test tries it."""
    assert {*WELL_FORMED, *BROKEN} == set(Fault)


@pytest.mark.parametrize("fault", WELL_FORMED)
async def test_faults_that_are_answers(world: World, fault: Fault) -> None:
    """If a fault is injected once, then it is answered once, as complete HTTP, and the next call is honest."""
    world.simulator.inject(fault, operation="ventas-co", report="campaigns", times=1)
    await world.rows(QUOTA)
    status, body = await world.ask(CAMPAIGNS)
    expected = {Fault.SERVER_ERROR: 500, Fault.REDIRECT: 302} | REFUSED
    assert status == expected.get(fault, 200)
    assert (world.simulator.calls[-1].status, world.simulator.calls[-1].fault) == (status, fault)
    assert (TOKEN in body) == (fault is Fault.ECHO_TOKEN)
    honest = (await world.ask(CAMPAIGNS))[1]
    assert body != honest or fault is Fault.BOM  # aiohttp's client takes the mark off
    assert body.endswith(honest) == (fault in {Fault.BOM, Fault.PHP_WARNING})


@pytest.mark.parametrize("fault", BROKEN)
async def test_faults_of_the_connection(world: World, fault: Fault) -> None:
    """If an answer breaks, then it fails or hangs for its client, and ends when the client goes."""
    world.simulator.inject(fault)
    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        async with asyncio.timeout(0.2):
            await world.ask(CAMPAIGNS)
    async with asyncio.timeout(1):
        await world.simulator.until(in_flight=0)
    assert {(call.status, call.fault) for call in world.simulator.calls} == {(BROKEN[fault], fault)}
    world.simulator.heal()
    assert (await world.ask(CAMPAIGNS))[0] == 200


async def test_successive_calls_do_not_overlap(world: World) -> None:
    """If an answer has arrived or broken, then its call has ended before the next one begins."""
    for fault in (None, Fault.RESET, Fault.RESET_BODY, Fault.GARBAGE, Fault.TOKEN_REFUSED) * 10:
        if fault:
            world.simulator.inject(fault, times=1)
        with suppress(aiohttp.ClientError):
            await world.ask(CAMPAIGNS)
    assert [call.fault for call in world.simulator.calls].count(Fault.RESET) == 10
    assert not any(call.overlapped for call in world.simulator.calls)


async def test_whoever_follows_the_redirect_is_seen(world: World) -> None:
    """If a client follows the redirect, then it is counted, and not if it stays."""
    world.simulator.inject(Fault.REDIRECT)
    await world.ask(CAMPAIGNS)
    assert world.simulator.followed == 0
    await world.client.get(f"{world.url}/{CAMPAIGNS}", headers={"wolkvox-token": TOKEN})
    assert world.simulator.followed == 1


async def test_faults_stay_until_healed(world: World) -> None:
    """If several faults fit by operation and report, then they come in the order of injection, until healed."""
    world.simulator.inject(Fault.NOT_FOUND, operation="another")
    world.simulator.inject(Fault.MAINTENANCE, report="campaigns", times=1)
    world.simulator.inject(Fault.SERVER_ERROR, report="campaigns")
    assert [(await world.ask(CAMPAIGNS))[0] for _ in range(3)] == [403, 500, 500]
    world.simulator.heal()
    assert (await world.ask(CAMPAIGNS))[0] == 200


async def test_good_reports_alone_are_kept_with_their_truth(world: World) -> None:
    """If a campaigns report fails, then no truth is kept for it, and it is if the report is odd but readable."""
    expected = {None: 1, Fault.SERVER_ERROR: 1, Fault.GARBAGE: 1, Fault.TRUNCATED_JSON: 1, Fault.PHP_WARNING: 2}
    for fault, kept in expected.items():
        if fault:
            world.simulator.inject(fault, times=1)
        with suppress(aiohttp.ClientError):
            await world.ask(CAMPAIGNS)
        assert len(world.simulator.truth_at_polls["ventas-co"]) == kept, fault


async def test_closing_does_not_wait_for_stalled_calls() -> None:
    """If calls stall when the server closes, then it closes at once and writes them down."""
    simulator = Simulator([busy_operation()], at_noon())
    simulator.inject(Fault.STALL, times=1)
    simulator.inject(Fault.STALL_BODY, times=1)
    async with aiohttp.ClientSession(headers={"wolkvox-token": TOKEN}) as client:
        async with simulator.serving() as url:
            waiting = [asyncio.ensure_future(client.get(f"{url}/{CAMPAIGNS}")) for _ in range(2)]
            await simulator.until(in_flight=2)
            started = perf_counter()
        assert perf_counter() - started < 0.5
        await asyncio.gather(*waiting, return_exceptions=True)
    assert {call.fault for call in simulator.calls} == {Fault.STALL, Fault.STALL_BODY}


async def test_error_bodies_repeat_their_status(world: World) -> None:
    """If a fault is an error object, then its code is the status as text."""
    for fault, status in REFUSED.items():
        world.simulator.inject(fault, times=1)
        assert json.loads((await world.ask(CAMPAIGNS))[1])["code"] == str(status)


@pytest.mark.parametrize(
    ("path", "keys"), [(SKILLS, {"skill_id"}), (AGENTS, {"agent_id", "agent_status"}), (CAMPAIGNS, {"campaign"})]
)
async def test_renamed_keys_are_those_that_identify_a_row(path: str, keys: set[str]) -> None:
    """If keys are renamed, then rows lack what says what they are about, and have everything else."""
    clock = at_noon()
    operation = working_day(1, clock.time())[0]
    async with serving(Simulator([operation], clock), clock) as world:
        honest = await world.rows(path)
        world.simulator.inject(Fault.RENAMED_KEY)
        renamed = await world.rows(path)
    assert [honest[0].keys() - row.keys() for row in renamed] == [keys] * len(honest)
