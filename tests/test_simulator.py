"""What the simulated wolkvox answers; the client that its other tests ask it with."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.clock import ManualClock
from wolkvox_exporter.simulator import Campaign, Operation, Simulator, answers

BOGOTA = timezone(timedelta(hours=-5))
NOON = datetime(2026, 11, 24, 12, tzinfo=BOGOTA)
TOKEN = "simulated-token-ventas-co"
CAMPAIGNS = "real_time.php?api=campaigns"
QUOTA = "information.php?api=token_info"


def amd(first: datetime, last: datetime, campaign: str = "all") -> str:
    """Write the path of the AMD report over a window."""
    dates = f"date_ini={first:%Y%m%d%H%M%S}&date_end={last:%Y%m%d%H%M%S}"
    return f"reports_manager.php?api=campaign_6&campaign_id={campaign}&{dates}"


@dataclass(frozen=True)
class World:
    """A served simulator, its clock and a client."""

    simulator: Simulator
    clock: ManualClock
    url: str
    client: aiohttp.ClientSession

    @property
    def now(self) -> datetime:
        """The time in GMT-5."""
        return datetime.fromtimestamp(self.clock.time(), BOGOTA)

    async def ask(self, path: str, token: str | None = TOKEN) -> tuple[int, str]:
        """Give status and body of one call."""
        headers = {"wolkvox-token": token} if token else {}
        async with self.client.get(f"{self.url}/{path}", headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def rows(self, path: str, token: str = TOKEN) -> list[dict[str, str]]:
        """Give the rows of a report that is expected to be there."""
        status, body = await self.ask(path, token)
        assert status == 200
        rows: list[dict[str, str]] = json.loads(body)["data"]
        return rows


@asynccontextmanager
async def serving(simulator: Simulator, clock: ManualClock) -> AsyncIterator[World]:
    """Serve meanwhile."""
    async with simulator.serving() as url, aiohttp.ClientSession() as client:
        yield World(simulator, clock, url, client)


def at_noon() -> ManualClock:
    """Return a clock that shows noon."""
    return ManualClock(NOON.isoformat())


def busy_operation() -> Operation:
    """Return an operation that dials 60 records a minute."""
    busy = Campaign("4875", "MY CAMPAIGN", records=5_000, calls_per_minute=60)
    still = Campaign("4876", "Año nuevo", "", "VAGENT", "stopped", records=10)
    return Operation("ventas-co", (TOKEN, "simulated-token-second"), [busy, still], daily_limit=40)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Serve the operation at noon."""
    clock = at_noon()
    async with serving(Simulator([busy_operation()], clock), clock) as served:
        yield served


async def test_campaigns_come_in_the_envelope(world: World) -> None:
    """If nothing else is asked for, then campaigns come as live: in the envelope, pretty-printed, UTF-8, chunked."""
    async with world.client.get(f"{world.url}/{CAMPAIGNS}", headers={"wolkvox-token": TOKEN}) as answer:
        body = await answer.text()
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert answer.headers["Transfer-Encoding"] == "chunked"
    assert body.startswith('{\n    "code": "200",\n    "error": null,\n    "msg": "2 records were found",\n')
    assert "4876 - Año nuevo" in body


async def test_campaigns_can_be_a_bare_list() -> None:
    """If the envelope is switched off, then campaigns come as the documented bare list, other reports as before."""
    clock = at_noon()
    async with serving(Simulator([busy_operation()], clock, envelope=False), clock) as world:
        assert [row["status"] for row in json.loads((await world.ask(CAMPAIGNS))[1])] == ["started", "stopped"]
        assert json.loads((await world.ask(QUOTA))[1])["code"] == "200"


async def test_requests_are_refused_as_documented(world: World) -> None:
    """If a report is wrong, a parameter or the token missing or unknown, then the documented error costs no call."""
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


async def test_third_simultaneous_call_is_refused(world: World) -> None:
    """If calls overlap, then it is seen although the clock stands still, and more than two at once are refused."""
    world.simulator.delay = 0.05
    answers = await asyncio.gather(*(world.ask(CAMPAIGNS) for _ in range(3)), world.ask(CAMPAIGNS, "unknown"))
    assert sorted(status for status, _ in answers) == [200, 200, 403, 403]
    calls = [call for call in world.simulator.calls if call.token == TOKEN]
    assert [call.overlapped for call in calls] == [False, True, True]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    )
)
def test_whatever_an_answer_holds_is_indented(data: object) -> None:
    """If an answer holds rows of text, or anything that stands in their place, then it is written with 4 spaces."""
    assert answers.written(data) == json.dumps(data, indent=4, ensure_ascii=False)


async def test_calls_are_written_down_without_the_token(world: World) -> None:
    """If a call has ended, then it tells who asked what, when and with which outcome; its repr shows no token."""
    await world.ask(amd(NOON, NOON))
    (call,) = world.simulator.calls
    assert (call.operation, call.report, call.status, call.fault) == ("ventas-co", "amd", 404, None)
    assert (call.at, call.params["campaign_id"], call.token) == (NOON.timestamp(), "all", TOKEN)
    assert TOKEN not in repr(call)


async def test_tokens_can_be_replaced(world: World) -> None:
    """If a token is revoked, then it is refused until accepted again; a new one works, both told by operation."""
    world.simulator.revoke(TOKEN)
    world.simulator.accept("simulated-token-new", "ventas-co")
    assert [(await world.ask(CAMPAIGNS, token))[0] for token in (TOKEN, "simulated-token-new")] == [403, 200]
    assert {call.operation for call in world.simulator.calls} == {"ventas-co"}
    world.simulator.accept(TOKEN, "ventas-co")
    assert (await world.ask(CAMPAIGNS))[0] == 200


async def test_frozen_figures_stand_still(world: World) -> None:
    """If figures are frozen, then they stand still and later go on from there, without making up for the pause."""
    before = await world.rows(CAMPAIGNS)
    world.simulator.freeze()
    world.clock.jump(600)
    assert await world.rows(CAMPAIGNS) == before
    world.simulator.unfreeze()
    assert await world.rows(CAMPAIGNS) == before
    world.clock.jump(60)
    assert 40 < int((await world.rows(CAMPAIGNS))[0]["dial"]) < 80


def test_speed_dials_faster_and_keeps_real_dates() -> None:
    """If the speed is 60, then a second brings a minute's calls, stamped with the clock's time."""
    clock, operation = at_noon(), busy_operation()
    simulator = Simulator([operation], clock, speed=60)
    clock.jump(10)
    simulator.freeze()
    campaign = operation.campaigns[0]
    assert 500 < campaign.dial < 700
    assert campaign.detected(NOON.timestamp(), NOON.timestamp() + 10) == campaign.machine > 0
