"""The AMD report and the daily quota of the simulated wolkvox."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from support.clock import ManualClock
from test_simulator import CAMPAIGNS, NOON, QUOTA, TOKEN, World, amd, at_noon, busy_operation, serving
from test_simulator_day import HOUR, MIDNIGHT
from wolkvox_exporter.simulator import Campaign, Operation, Simulator, working_day
from wolkvox_exporter.simulator.detections import Lag

NO_DATA = {"code": "404", "error": "Not Found", "msg": "Validate dates entered"}
LAG = (600, 960)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Serve one operation at noon."""
    clock = at_noon()
    async with serving(Simulator([busy_operation()], clock), clock) as served:
        yield served


async def counted(world: World, first: datetime = NOON, last: datetime | None = None) -> int:
    """Give the detections of the AMD report, 0 if it has no data."""
    status, body = await world.ask(amd(first, last or world.now))
    return sum(int(row["total_amd"]) for row in json.loads(body)["data"]) if status == 200 else 0


async def test_amd_counts_the_window_in_gmt_5(world: World) -> None:
    """If a window is asked for, then detections in it count, written in GMT-5, for all campaigns or one."""
    world.clock.jump(1_800)
    machines = (await world.rows(CAMPAIGNS))[0]["answer_machine"]
    assert int(machines) > 0
    row = {"campaign_id": "4875", "total_amd": machines}
    assert await world.rows(amd(NOON, world.now)) == await world.rows(amd(NOON, world.now, "4875")) == [row]
    halfway = NOON + timedelta(seconds=900)
    after = halfway + timedelta(seconds=1)
    assert await counted(world, NOON, halfway) + await counted(world, after) == int(machines)


async def test_amd_without_data_is_not_found(world: World) -> None:
    """If a window or campaign has no detections, or a date is unreadable, then it is the 404 of no data."""
    world.clock.jump(1_800)
    later = NOON + timedelta(hours=9)
    valid = amd(NOON, later)
    paths = [amd(later, later), amd(later, NOON), amd(NOON, later, "4876"), valid[:-1], valid.replace("1124", "1324")]
    for path in paths:
        status, body = await world.ask(path)
        assert status == 404
        assert json.loads(body) == NO_DATA


async def test_a_server_may_not_know_all() -> None:
    """If a server or one operation on it does not know `all`, then there are data for the campaign alone."""
    clock = at_noon()
    for server, expected in ((True, [404, 200, 200, 200]), (False, [404, 200, 404, 200])):
        old, new = (Operation(name, (name,), [Campaign("1", "A")], amd_all=name == "new") for name in ("old", "new"))
        for operation in (old, new):
            operation.campaigns[0].detect(NOON.timestamp(), 3)
        async with serving(Simulator([old, new], clock, amd_all=server), clock) as world:
            asked = [(token, wanted) for token in ("old", "new") for wanted in ("all", "1")]
            answers = [await world.ask(amd(NOON, NOON, wanted), token) for token, wanted in asked]
        assert [status for status, _ in answers] == expected


async def test_detections_are_reported_10_to_16_minutes_late() -> None:
    """If machines are heard, then the AMD report has none of them before 10 minutes and all after 16."""
    operation = busy_operation()
    operation.amd_lag, operation.daily_limit = LAG, 10_000
    campaign, clock = operation.campaigns[0], at_noon()
    async with serving(Simulator([operation], clock), clock) as world:
        for minute in range(60):
            seen, now = await counted(world), clock.time()
            assert campaign.detected(NOON.timestamp(), now - 961) <= seen
            assert seen <= campaign.detected(NOON.timestamp(), now - 600)
            assert (seen > 0) == (minute > 10) or 10 <= minute <= 16
            clock.jump(60)
        clock.jump(10 * HOUR)
        assert await counted(world) == campaign.truth.results["machine"]


def test_lags_are_spread_over_the_range_and_always_the_same() -> None:
    """If seconds differ, then their lags do, between 10 and 16 minutes; the same second always has the same."""
    seconds = range(1_795_000_000, 1_795_020_000, 10)
    lags = [Lag(*LAG, seed=5).of(second) for second in seconds]
    assert lags == [Lag(*LAG, seed=5).of(second) for second in seconds]
    assert lags != [Lag(*LAG, seed=6).of(second) for second in seconds]
    assert (min(lags), max(lags)) == LAG
    assert len(set(lags)) > 300


async def test_the_lag_follows_the_speed() -> None:
    """If the speed is 60, then detections are reported after 10 to 16 seconds."""
    operation, clock = busy_operation(), at_noon()
    operation.amd_lag = LAG
    operation.campaigns[0].detect(NOON.timestamp(), 3)
    operation.campaigns[0].status = "stopped"
    async with serving(Simulator([operation], clock, speed=60), clock) as world:
        seen = []
        for _ in range(3):
            seen.append(await counted(world))
            clock.jump(8)
    assert seen == [0, 0, 3]


async def test_an_operation_may_have_no_amd_and_another_not_know_all() -> None:
    """If a working day is over, then one operation has all AMD data, one by campaign only, and one none at all."""
    clock = ManualClock(MIDNIGHT)
    clock.jump(20 * HOUR)
    async with serving(Simulator(working_day(3, clock.time()), clock), clock) as world:
        midnight = world.now.replace(hour=0)
        for operation in world.simulator.operations:
            (token,), name = operation.tokens, operation.name
            rows = await world.rows(CAMPAIGNS, token)
            machines = {row["campaign"].split(" - ")[0]: row["answer_machine"] for row in rows}
            for_all = (await world.ask(amd(midnight, world.now), token))[0]
            for_one = [(await world.ask(amd(midnight, world.now, key), token))[0] for key in machines]
            assert (set(machines.values()) == {"0"}) == (name == "servicio-cl")
            assert for_all == (200 if name == "ventas-co" else 404)
            assert set(for_one) == ({404} if name == "servicio-cl" else {200, 404})


async def test_quota_is_shared_and_starts_anew_at_midnight() -> None:
    """If tokens of one operation spend calls, then they spend one quota, which is fresh at midnight GMT-5."""
    operation, clock = busy_operation(), at_noon()
    operation.daily_limit = 3
    async with serving(Simulator([operation], clock), clock) as world:
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
        clock.jump(12 * HOUR)
        assert (await world.rows(QUOTA))[0]["all_token_today"] == "1"


async def test_other_integrations_spend_the_same_quota() -> None:
    """If others spend 100 calls an hour, then the limit of 1,500 is reached at 15:00 and lifted at midnight."""
    operation, clock = busy_operation(), at_noon()
    operation.daily_limit, operation.others_per_hour = 1_500, 100
    async with serving(Simulator([operation], clock), clock) as world:
        for own in (1, 2):
            (row,) = await world.rows(QUOTA)
            assert (row["token_use_today"], row["all_token_today"]) == (str(own), str(1_200 + own))
        statuses = []
        for _ in range(13):
            clock.jump(HOUR)
            statuses.append((await world.ask(QUOTA))[0])
        assert statuses == [200, 200, *[403] * 9, 200, 200]
        (row,) = await world.rows(QUOTA)
    assert (row["token_use_today"], row["all_token_today"]) == ("3", "103")


async def test_operations_have_quotas_of_their_own() -> None:
    """If a working day is polled, then limits and what others spend differ by operation, and none runs out."""
    clock = ManualClock("2026-11-23T23:59:00-05:00")
    async with serving(Simulator(working_day(1, clock.time()), clock), clock) as world:
        rows = [(await world.rows(QUOTA, token))[0] for token in ("simulated-token-cobranzas-mx", TOKEN)]
        rows += await world.rows(QUOTA, "simulated-token-servicio-cl")
    assert [row["token_limit"] for row in rows] == ["12000", "25000", "4000"]
    assert [row["token_use_today"] for row in rows] == ["1", "1", "1"]
    assert [row["all_token_today"] for row in rows] == ["2291", "9834", "168"]
