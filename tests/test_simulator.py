"""What the demo and the other tests rely on from the simulated wolkvox."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from time import perf_counter

import aiohttp
import pytest

from exporter.simulator import Campaign, Fault, Operation, Simulator, demo_operations

BOGOTA = timezone(timedelta(hours=-5))
NOON = datetime(2026, 11, 24, 12, tzinfo=BOGOTA)
TOKEN = "simulated-token-ventas-co"
CAMPAIGNS = "real_time.php?api=campaigns"
QUOTA = "information.php?api=token_info"
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


class ManualClock:
    """A clock that moves when told."""

    def __init__(self, start: datetime) -> None:
        self.now = start.timestamp()

    def time(self) -> float:
        """Give the seconds since the Unix epoch."""
        return self.now

    def monotonic(self) -> float:
        """Give the same seconds."""
        return self.now

    async def sleep_until(self, instant: float, wake: asyncio.Event | None = None) -> None:  # noqa: ARG002 - the protocol's
        """Arrive at once."""
        self.now = max(self.now, instant)


def amd(first: datetime, last: datetime, campaign: str = "all") -> str:
    """Write the path of the AMD report over a window."""
    dates = f"date_ini={first:%Y%m%d%H%M%S}&date_end={last:%Y%m%d%H%M%S}"
    return f"reports_manager.php?api=campaign_6&campaign_id={campaign}&{dates}"


class World:
    """A served simulator, its clock and a client."""

    def __init__(self, simulator: Simulator, clock: ManualClock, url: str, client: aiohttp.ClientSession) -> None:
        self.simulator = simulator
        self.clock = clock
        self.url = url
        self.client = client

    async def ask(self, path: str, token: str | None = TOKEN) -> tuple[int, str]:
        """Give status and body of one call."""
        headers = {"wolkvox-token": token} if token else {}
        async with self.client.get(f"{self.url}/{path}", headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def rows(self, path: str) -> list[dict[str, str]]:
        """Give the rows of a report that is expected to be there."""
        status, body = await self.ask(path)
        assert status == 200
        rows: list[dict[str, str]] = json.loads(body)["data"]
        return rows


@pytest.fixture
def operation() -> Operation:
    """Provide an operation that dials 60 records a minute."""
    busy = Campaign("4875", "MY CAMPAIGN", records=5_000, calls_per_minute=60)
    still = Campaign("4876", "Año nuevo", "", "VAGENT", "stopped", records=10)
    return Operation("ventas-co", (TOKEN, "simulated-token-second"), [busy, still], daily_limit=40)


@pytest.fixture
async def world(operation: Operation) -> AsyncIterator[World]:
    """Serve the operation at noon."""
    clock = ManualClock(NOON)
    simulator = Simulator([operation], clock)
    async with simulator.serving() as url, aiohttp.ClientSession() as client:
        yield World(simulator, clock, url, client)


def test_row_is_written_as_documented() -> None:
    """A test author gets the documented keys, in order, with the documented formats."""
    campaign = Campaign(
        "4875", "MY CAMPAIGN", speed=110, records=1_234, answer=1_000, machine=200, hits=30, recycled=75
    )
    assert campaign.row() == {
        "campaign": "4875 - MY CAMPAIGN - tel1 (100%)",
        "speed": "110%",
        "status": "started",
        "skill_id": "4000",
        "records": "1,234",
        "clean": "34",
        "dial": "1,200",
        "answer": "1,000",
        "no_answer": "0",
        "busy/congestion/failed": "0",
        "answer_machine": "200",
        "penetration_day": "7,597.24 %",
        "penetration_now": "97.24 %",
        "hits": "30 (2.50 %)",
        "calls_x_min": "0",
        "recycled": "75",
    }


def test_row_can_be_overridden() -> None:
    """A test author can put any value into a row, and leave the phones out."""
    row = Campaign("1", "X", "", raw={"dial": " ", "records": 7}).row()
    assert (row["campaign"], row["dial"], row["records"], row["hits"]) == ("1 - X", " ", 7, "0 (0.00 %)")


def test_more_results_than_records_are_refused() -> None:
    """A test author's slip is an error, not a row that contradicts itself."""
    with pytest.raises(ValueError, match="2 results for 1 records"):
        Campaign("1", "X", records=1, answer=2)


def test_figures_move_the_same_way_however_often_they_are_read() -> None:
    """The figures depend on the seed and the time that passed, and always add up."""
    once, often = demo_operations(seed=7), demo_operations(seed=7)
    for operations, step in ((once, 3_600), (often, 60)):
        for now in range(0, 7_201, step):
            for operation in operations:
                operation.advance(float(now))
    assert [operation.campaigns for operation in once] == [operation.campaigns for operation in often]
    for campaign in (campaign for operation in once for campaign in operation.campaigns):
        assert campaign.dial + campaign.clean == campaign.records
        assert campaign.answer + campaign.no_answer + campaign.failed + campaign.machine == campaign.dial
    assert once[0].campaigns[0].dial != demo_operations(seed=7)[0].campaigns[0].dial


def test_exhausted_list_stays_started_until_it_is_recycled() -> None:
    """The demo shows a list that ran out, and then one that was loaded again."""
    campaign = Campaign("1", "X", records=100, calls_per_minute=60, recycle_after=600)
    operation = Operation("o", ("t",), [campaign])
    operation.advance(0.0)
    operation.advance(180.0)
    assert (campaign.status, campaign.clean, campaign.calls_now, campaign.recycled) == ("started", 0, 0, 0)
    operation.advance(740.0)
    assert (campaign.recycled, campaign.clean > 0) == (1, True)


def test_demo_has_what_dashboards_show() -> None:
    """The demo has stopped, exhausted and textual cases, difficult names, and detections where it knows the time."""
    operations = demo_operations(now=NOON.timestamp())
    campaigns = [campaign for operation in operations for campaign in operation.campaigns]
    assert {campaign.status for campaign in campaigns} == {"started", "stopped"}
    assert any(campaign.status == "started" and campaign.records and not campaign.clean for campaign in campaigns)
    assert 'Mora (30+) "VIP" ñ|x' in {campaign.name for campaign in campaigns}
    assert "VAGENT" in {campaign.skill for campaign in campaigns}
    assert all(sum(count for _, count in campaign.detections) == campaign.machine for campaign in campaigns)


async def test_campaigns_come_in_the_envelope(world: World) -> None:
    """The live API's envelope is the default, pretty-printed, in UTF-8 and in chunks."""
    async with world.client.get(f"{world.url}/{CAMPAIGNS}", headers={"wolkvox-token": TOKEN}) as answer:
        body = await answer.text()
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert answer.headers["Transfer-Encoding"] == "chunked"
    assert body.startswith('{\n    "code": "200",\n    "error": null,\n    "msg": "2 records were found",\n')
    assert "4876 - Año nuevo" in body


async def test_campaigns_can_be_a_bare_list(operation: Operation) -> None:
    """The documented form without an envelope can be had instead, for this report only."""
    simulator = Simulator([operation], ManualClock(NOON), envelope=False)
    async with simulator.serving() as url, aiohttp.ClientSession(headers={"wolkvox-token": TOKEN}) as client:
        async with client.get(f"{url}/{CAMPAIGNS}") as answer:
            assert [row["status"] for row in await answer.json()] == ["started", "stopped"]
        async with client.get(f"{url}/{QUOTA}") as answer:
            assert (await answer.json())["code"] == "200"


async def test_requests_are_refused_as_documented(world: World) -> None:
    """Wrong reports, missing parameters and missing or unknown tokens get the documented errors and cost no call."""
    expected = {
        ("real_time.php?api=nonsense", TOKEN): (400, "THE API YOU WANT TO CONSULT DOES NOT EXIST"),
        ("reports_manager.php?api=campaign_6", TOKEN): (400, "SOME PARAMETERS ARE REQUIRED"),
        (CAMPAIGNS, None): (401, "PLEASE ENTER THE WOLKVOX-TOKEN"),
        (CAMPAIGNS, "unknown"): (403, "PLEASE VALIDATE TOKEN"),
    }
    for (path, token), (status, message) in expected.items():
        seen, body = await world.ask(path, token)
        assert (seen, json.loads(body)["code"], json.loads(body)["msg"]) == (status, str(status), message)
    assert (await world.rows(QUOTA))[0]["all_token_today"] == "1"


async def test_amd_counts_the_window_in_gmt_5(world: World) -> None:
    """Detections are counted by the clock's time, in windows written in GMT-5, for all campaigns or one."""
    world.clock.now += 1_800
    soon = NOON + timedelta(seconds=1_800)
    machines = (await world.rows(CAMPAIGNS))[0]["answer_machine"]
    assert int(machines) > 0
    row = {"campaign_id": "4875", "total_amd": machines}
    assert await world.rows(amd(NOON, soon)) == await world.rows(amd(NOON, soon, "4875")) == [row]
    halfway = NOON + timedelta(seconds=900)
    first, second = await world.rows(amd(NOON, halfway)), await world.rows(amd(halfway + timedelta(seconds=1), soon))
    assert int(first[0]["total_amd"]) + int(second[0]["total_amd"]) == int(machines)


async def test_amd_without_data_is_not_found(world: World) -> None:
    """Empty, future, reversed and unreadable windows, and campaigns without detections, get the 404 of no data."""
    world.clock.now += 1_800
    later = NOON + timedelta(hours=9)
    valid = amd(NOON, later)
    paths = [amd(later, later), amd(later, NOON), amd(NOON, later, "4876"), valid[:-1], valid.replace("1124", "1324")]
    for path in paths:
        status, body = await world.ask(path)
        assert status == 404
        assert json.loads(body) == {"code": "404", "error": "Not Found", "msg": "Validate dates entered"}


async def test_server_may_not_know_all(operation: Operation) -> None:
    """An older server has no data for `all`, and has them for the campaign."""
    operation.campaigns[0].detect(NOON.timestamp(), 3)
    simulator = Simulator([operation], ManualClock(NOON), amd_all=False)
    async with simulator.serving() as url, aiohttp.ClientSession(headers={"wolkvox-token": TOKEN}) as client:
        for wanted, status in (("all", 404), ("4875", 200)):
            async with client.get(f"{url}/{amd(NOON, NOON, wanted)}") as answer:
                assert answer.status == status


async def test_quota_is_shared_and_starts_anew_at_midnight(world: World, operation: Operation) -> None:
    """All tokens of an operation spend one quota, which refuses when used up and is fresh at midnight GMT-5."""
    operation.daily_limit = 3
    await world.ask(CAMPAIGNS, "simulated-token-second")
    await world.ask(amd(NOON, NOON))
    assert await world.rows(QUOTA) == [
        {
            "description": "ventas-co",
            "token_limit": "3",
            "token_use_today": "2",
            "all_token_today": "3",
            "available_consumption_options": "0",
        }
    ]
    status, body = await world.ask(CAMPAIGNS)
    assert (status, json.loads(body)["msg"]) == (403, "TOKEN LIMIT EXCEEDED")
    world.clock.now += 12 * 3_600
    assert (await world.rows(QUOTA))[0]["all_token_today"] == "1"


async def test_third_simultaneous_call_is_refused(world: World) -> None:
    """Overlap is seen although the clock stands still, and more than two calls at once are refused."""
    world.simulator.delay = 0.05
    answers = await asyncio.gather(*(world.ask(CAMPAIGNS) for _ in range(3)), world.ask(CAMPAIGNS, "unknown"))
    assert sorted(status for status, _ in answers) == [200, 200, 403, 403]
    calls = [call for call in world.simulator.calls if call.token == TOKEN]
    assert [call.overlapped for call in calls] == [False, True, True]


async def test_successive_calls_do_not_overlap(world: World) -> None:
    """A call has ended before its answer arrives, also one that broke."""
    for fault in (None, Fault.RESET, Fault.RESET_BODY, Fault.GARBAGE, Fault.TOKEN_REFUSED) * 10:
        if fault:
            world.simulator.inject(fault, times=1)
        with suppress(aiohttp.ClientError):
            await world.ask(CAMPAIGNS)
    assert [call.fault for call in world.simulator.calls].count(Fault.RESET) == 10
    assert not any(call.overlapped for call in world.simulator.calls)


async def test_calls_are_written_down_without_the_token(world: World) -> None:
    """A call tells who asked what, when and with which outcome; its repr shows no token."""
    await world.ask(amd(NOON, NOON))
    (call,) = world.simulator.calls
    assert (call.operation, call.report, call.status, call.fault) == ("ventas-co", "amd", 404, None)
    assert (call.at, call.params["campaign_id"], call.token) == (NOON.timestamp(), "all", TOKEN)
    assert TOKEN not in repr(call)


@pytest.mark.parametrize("fault", WELL_FORMED)
async def test_faults_that_are_answers(world: World, fault: Fault) -> None:
    """An injected fault is answered once, as complete HTTP, and written down; the next call is honest."""
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
    """A broken answer fails or hangs for its client, and ends when the client goes."""
    world.simulator.inject(fault)
    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        async with asyncio.timeout(0.2):
            await world.ask(CAMPAIGNS)
    async with asyncio.timeout(1):
        await world.simulator.until(in_flight=0)
    assert {(call.status, call.fault) for call in world.simulator.calls} == {(BROKEN[fault], fault)}
    world.simulator.heal()
    assert (await world.ask(CAMPAIGNS))[0] == 200


def test_every_fault_is_tried() -> None:
    """No fault can be added without a test."""
    assert {*WELL_FORMED, *BROKEN} == set(Fault)


async def test_whoever_follows_the_redirect_is_seen(world: World) -> None:
    """A test can tell whether its client follows redirects."""
    world.simulator.inject(Fault.REDIRECT)
    await world.ask(CAMPAIGNS)
    assert world.simulator.followed == 0
    await world.client.get(f"{world.url}/{CAMPAIGNS}", headers={"wolkvox-token": TOKEN})
    assert world.simulator.followed == 1


async def test_faults_stay_until_healed(world: World) -> None:
    """Faults fit by operation and report, are served in the order of injection, and end with `heal`."""
    world.simulator.inject(Fault.NOT_FOUND, operation="another")
    world.simulator.inject(Fault.MAINTENANCE, report="campaigns", times=1)
    world.simulator.inject(Fault.SERVER_ERROR, report="campaigns")
    assert [(await world.ask(CAMPAIGNS))[0] for _ in range(3)] == [403, 500, 500]
    world.simulator.heal()
    assert (await world.ask(CAMPAIGNS))[0] == 200


async def test_tokens_can_be_replaced(world: World) -> None:
    """A revoked token is refused until it is accepted again, a new one works; both are told by operation."""
    world.simulator.revoke(TOKEN)
    world.simulator.accept("simulated-token-new", "ventas-co")
    assert [(await world.ask(CAMPAIGNS, token))[0] for token in (TOKEN, "simulated-token-new")] == [403, 200]
    assert {call.operation for call in world.simulator.calls} == {"ventas-co"}
    world.simulator.accept(TOKEN, "ventas-co")
    assert (await world.ask(CAMPAIGNS))[0] == 200


async def test_frozen_figures_stand_still(world: World) -> None:
    """Figures stand while frozen and go on from there, without making up for the pause."""
    before = await world.rows(CAMPAIGNS)
    world.simulator.freeze()
    world.clock.now += 600
    assert await world.rows(CAMPAIGNS) == before
    world.simulator.unfreeze()
    assert await world.rows(CAMPAIGNS) == before
    world.clock.now += 60
    assert 40 < int((await world.rows(CAMPAIGNS))[0]["dial"]) < 80


def test_speed_dials_faster_and_keeps_real_dates(operation: Operation) -> None:
    """At speed 60 a second brings a minute's calls, stamped with the clock's time."""
    clock = ManualClock(NOON)
    simulator = Simulator([operation], clock, speed=60)
    clock.now += 10
    simulator.freeze()
    campaign = operation.campaigns[0]
    assert 500 < campaign.dial < 700
    assert campaign.detected(NOON.timestamp(), NOON.timestamp() + 10) == campaign.machine > 0


async def test_closing_does_not_wait_for_stalled_calls(operation: Operation) -> None:
    """The server closes at once although calls stall or wait, and writes them down."""
    simulator = Simulator([operation], ManualClock(NOON))
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
