"""How long data may be shown after the API has fallen silent."""

import asyncio
import threading
from pathlib import Path

from support.clock import ManualClock
from support.operations import TOKEN, operation, running
from support.servers import HOST
from support.web import PASSWORD, basic, said, written
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.config import Config
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator
from wolkvox_exporter.web.toolkit import passwords

CONTENT = ("wolkvox_campaign_records", "wolkvox_campaigns", "wolkvox_campaign_started")


def centre(clock: ManualClock) -> Simulator:
    """Return a simulated operation with one campaign."""
    campaign = Campaign("4875", "Ventas", records=100, answer=20, machine=10)
    campaign.detect(clock.time(), 7)
    return Simulator([Operation("ventas-co", (TOKEN,), [campaign])], clock)


async def test_the_last_good_data_are_shown_for_three_intervals_and_then_vanish() -> None:
    """If the API fails for three intervals, then campaigns vanish while what tells about the polling stays."""
    clock = ManualClock()
    simulator = centre(clock)
    async with simulator.serving() as base_url, running(operation(base_url), clock=clock) as exporter:
        await clock.advance(1)
        polled = await exporter.samples()
        simulator.inject(Fault.SERVER_ERROR)
        await clock.advance(898)
        shown = await exporter.samples()
        assert shown.value("wolkvox_up", report="campaigns") == 0
        assert [shown.value(name) for name in CONTENT] == [polled.value(name) for name in CONTENT] == [100, 1, 1]
        assert shown.value("wolkvox_campaign_amd_detections") == 7
        await clock.advance(2)
        stale = await exporter.samples()
        assert [stale.value(name) for name in CONTENT] == [None] * 3
        assert stale.value("wolkvox_campaign_amd_detections") is None
        assert stale.value("wolkvox_amd_window_start_timestamp_seconds") is None
        assert stale.value("wolkvox_up", report="campaigns") == 0
        last_success = "wolkvox_report_last_success_timestamp_seconds"
        assert stale.value(last_success, report="campaigns") == polled.value(last_success, report="campaigns")


async def test_data_vanish_on_time_while_a_call_is_under_way() -> None:
    """If the API keeps a call waiting until the data are too old, then the next scrape no longer has them."""
    clock = ManualClock()
    simulator = centre(clock)
    async with (
        simulator.serving() as base_url,
        running(operation(base_url, stale_after=1, amd="off"), clock=clock) as exporter,
    ):
        await clock.advance(1)
        simulator.inject(Fault.STALL)
        clock.jump(298)
        await clock.settled()
        assert "wolkvox_campaign_records{" in (await exporter.get("/metrics"))[1]
        clock.jump(2)
        await simulator.until(in_flight=1)
        assert "wolkvox_campaign_records{" not in (await exporter.get("/metrics"))[1]


async def test_data_come_back_with_the_next_good_poll() -> None:
    """If the API answers again, then the campaigns are back without a restart."""
    clock = ManualClock()
    simulator = centre(clock)
    async with simulator.serving() as base_url, running(operation(base_url), clock=clock) as exporter:
        await clock.advance(1)
        simulator.inject(Fault.HTML)
        await clock.advance(1000)
        assert (await exporter.samples()).value("wolkvox_campaigns") is None
        simulator.heal()
        await clock.advance(300)
        assert (await exporter.samples()).value("wolkvox_campaigns") == 1


async def test_a_scrape_that_the_shutdown_overtakes_is_answered(tmp_path: Path) -> None:
    """If the exporter ends while a scrape waits, and data become stale meanwhile, then it gets a page without them."""
    clock = ManualClock()
    web_config = written(tmp_path, f"basic_auth_users:\n  alice: {passwords.hashed(PASSWORD.encode(), 11)}\n")
    request = f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: {basic('alice', PASSWORD)}\r\n\r\n".encode()
    async with centre(clock).serving() as base_url:
        exporter = Exporter(Config((operation(base_url),), ()), clock)
        async with exporter.running(Listen([(HOST, 0)], web_config_file=web_config)) as [(_, port)]:
            await clock.advance(1)
            scrape = asyncio.create_task(said(port, request))
            while "password" not in {thread.name for thread in threading.enumerate()}:  # noqa: ASYNC110 - a thread that starts sets no event
                await asyncio.sleep(0.001)
            # nobody polls or renders any more
            clock.jump(1000)
        answer = (await scrape).decode()
    assert answer.startswith("HTTP/1.1 200 OK\r\n")
    assert 'wolkvox_up{operation="ventas-co",report="campaigns"} 1.0' in answer
    assert "wolkvox_campaign_records" not in answer
