"""How the exporter keeps to the day's calls."""

import json

import pytest

from support.clock import ManualClock
from support.fields import good_row, said
from support.operations import TOKEN, operation, running
from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.reports import quota
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.config import AmdMode
from wolkvox_exporter.polling.quota import Spending, reported
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

DAY = 24 * 3600.0


def centre(clock: ManualClock, limit: int, others: float = 0.0) -> Simulator:
    """Return an operation with so many calls a day, of which other integrations take some an hour."""
    campaign = Campaign("4875", "Ventas", records=50)
    return Simulator([Operation("ventas-co", (TOKEN,), [campaign], limit, others_per_hour=others)], clock)


def read(row: object) -> quota.QuotaReport:
    """Read a quota report of one row."""
    return quota.read(Answer(200, json.dumps({"code": "200", "data": [row]}).encode()))


def test_the_quota_report_is_read() -> None:
    """If the numbers are there, then they are read; blank ones are missing, others counted."""
    report = read(good_row("quota", token_limit="25,000", token_use_today="", all_token_today="x"))
    assert said("quota", report.calls) == {"token_limit": 25000}
    assert dict(report.unread.counts) == {"all_token_today": 1}


@pytest.mark.parametrize("rows", [[{"description": "x"}], []])
def test_a_quota_report_without_numbers_is_none(rows: list[object]) -> None:
    """If none of the numbers' keys is there, then the poll has failed."""
    with pytest.raises(ApiError) as caught:
        quota.read(Answer(200, json.dumps({"data": rows}).encode()))
    assert caught.value.reason is Reason.UNEXPECTED_SHAPE


async def test_the_quota_is_published() -> None:
    """If the quota report is on, then limit and calls of the day are gauges, its own call among them."""
    clock = ManualClock("2026-11-23T10:00:00-05:00")
    simulator = centre(clock, 25_000, others=60)
    async with (
        simulator.serving() as base_url,
        running(operation(base_url, quota_interval=900.0), clock=clock) as exporter,
    ):
        await clock.advance(1)
        samples = await exporter.samples()
    assert samples.value("wolkvox_quota_limit_calls", operation="ventas-co") == 25_000
    assert samples.value("wolkvox_quota_used_calls", operation="ventas-co") == 603
    assert samples.value("wolkvox_quota_token_used_calls", operation="ventas-co") == 3
    assert samples.value("wolkvox_up", report="quota") == 1


async def test_a_day_costs_what_the_documentation_says() -> None:
    """If an operation is polled with the defaults for a day, then it costs 288 + 288 + 96 calls."""
    clock = ManualClock("2026-11-23T00:00:00-05:00")
    simulator = centre(clock, 25_000)
    async with (
        simulator.serving() as base_url,
        running(operation(base_url, amd=AmdMode.AUTO, quota_interval=900.0), clock=clock),
    ):
        await clock.advance(DAY - 1)
    asked = [call.report for call in simulator.calls]
    assert [asked.count(name) for name in ("campaigns", "amd", "quota")] == [288, 288, 96]


async def test_below_the_reserve_only_campaigns_and_quota_are_asked() -> None:
    """If a tenth of the day's calls is left, then AMD stops, and the others never use the reserve up alone."""
    clock = ManualClock("2026-11-23T06:00:00-05:00")
    simulator = centre(clock, 1000, others=20)
    async with (
        simulator.serving() as base_url,
        running(operation(base_url, quota_interval=900.0), clock=clock) as exporter,
    ):
        await clock.advance(18 * 3600 - 1)
        samples = await exporter.samples()
        at = {name: [c.at for c in simulator.calls if c.report == name] for name in ("campaigns", "amd", "quota")}
        last = max(at["amd"])
        # up to five calls of others in the quarter of an hour since the last quota report are not known
        by_others = 20 * (last - clock.time() + DAY) / 3600
        assert 870 < by_others + sum(moment <= last for times in at.values() for moment in times) <= 906
        assert max(at["campaigns"]) > last + 3600
        assert samples.value("wolkvox_up", report="amd") == 0
        assert "down to quota_reserve" in (await exporter.get("/"))[1]
        await clock.advance(900)
        assert max(c.at for c in simulator.calls if c.report == "amd") > last + 3600
        assert (await exporter.samples()).value("wolkvox_up", report="amd") == 1


def test_the_budget_counts_its_own_calls_and_forgets_yesterday() -> None:
    """If calls were made since the quota was reported, then they count; after midnight the figures are void."""
    noon = 1795453200.0
    assert Spending().has_room(0.1, noon)
    spending = reported({"token_limit": 100.0, "all_token_today": 89.0}, noon)
    assert spending.has_room(0.1, noon)
    assert spending.spend().has_room(0.1, noon)
    assert not spending.spend().spend().has_room(0.1, noon)
    assert spending.spend().spend().has_room(0.1, noon + 12 * 3600)


async def test_an_exhausted_quota_is_probed_and_recovers_at_midnight() -> None:
    """If the day's calls are used up by others, then one probe an hour follows, and one at Bogota's midnight."""
    clock = ManualClock("2026-11-23T20:30:00-05:00")
    simulator = centre(clock, 500)
    simulator.inject(Fault.QUOTA_EXCEEDED)
    async with (
        simulator.serving() as base_url,
        running(operation(base_url, quota_interval=900.0), clock=clock) as exporter,
    ):
        await clock.advance(3 * 3600)
        # at first each report finds out, but for the third, since two are enough to hold the token
        assert [call.started - 1000 for call in simulator.calls] == [0, 0, 3600, 7200, 10800]
        assert (await exporter.samples()).value("wolkvox_quota_exhausted") == 1
        simulator.heal()
        await clock.advance(1829)
        assert len(simulator.calls) == 5
        await clock.advance(2)
        asked = [(call.report, call.started - 1000) for call in simulator.calls[5:]]
        assert sorted(asked) == [("amd", 12630), ("campaigns", 12630), ("quota", 12630)]
        assert (await exporter.samples()).value("wolkvox_quota_exhausted") == 0
