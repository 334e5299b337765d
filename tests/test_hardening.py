"""What went wrong once, or could: kept so that it does not again."""

import json
import time

import pytest

from support.clock import ManualClock
from support.operations import TOKEN, operation, running
from support.servers import replying, serving
from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.response import Answer, read
from wolkvox_exporter.config import AmdMode, Campaigns, TokenSource, TokenUnreadable
from wolkvox_exporter.polling import threads
from wolkvox_exporter.polling.threads import read_token
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

HOUR = 3600.0
DETECTED = "wolkvox_campaign_amd_detections"


def centre(clock: ManualClock, *, amd_all: bool = True) -> Simulator:
    """Return an operation with two campaigns that have machine results and detections."""
    campaigns = [Campaign("4000", "A", records=50, machine=9), Campaign("4001", "prueba", records=50, machine=5)]
    for campaign in campaigns:
        campaign.detect(clock.time(), campaign.machine)
    return Simulator([Operation("ventas-co", (TOKEN,), campaigns)], clock, amd_all=amd_all)


async def test_a_refusal_of_a_rare_report_does_not_silence_the_others() -> None:
    """If a report that is asked twice a day is refused once, then it alone is held, and the token counts as valid."""
    clock = ManualClock()
    simulator = centre(clock)
    simulator.inject(Fault.TOKEN_REFUSED, report="quota", times=1)
    async with (
        simulator.serving() as base_url,
        running(operation(base_url, quota_interval=12 * HOUR), clock=clock) as exporter,
    ):
        await clock.advance(1801)
        samples = await exporter.samples()
    assert samples.value("wolkvox_token_valid") == 1
    assert [samples.value("wolkvox_up", report=name) for name in ("campaigns", "amd", "quota")] == [1, 1, 0]
    assert [call.started for call in simulator.calls if call.report == "campaigns"][:2] == [1000, 1300]


async def test_auto_copes_with_a_server_that_refuses_to_answer_for_all() -> None:
    """If `campaign_id=all` is an error for the server, then each campaign is asked for all the same."""
    clock = ManualClock()
    simulator = centre(clock)
    simulator.inject(Fault.BAD_REQUEST, report="amd", times=1)
    async with (
        simulator.serving() as base_url,
        running(operation(base_url, amd=AmdMode.AUTO), clock=clock) as exporter,
    ):
        await clock.advance(1)
        samples = await exporter.samples()
    assert [call.params["campaign_id"] for call in simulator.calls if call.report == "amd"] == ["all", "4000"]
    assert samples.value(DETECTED, campaign="A") == 9
    assert samples.value("wolkvox_up", report="amd") == 1


async def test_a_probe_that_failed_is_made_again() -> None:
    """If the hour's probe fails, then the campaign is probed again in its turn, not tomorrow."""
    clock = ManualClock("2026-11-23T06:00:00-05:00")
    simulator = centre(clock, amd_all=False)
    simulator.inject(Fault.NO_DATA, report="amd", times=1)
    simulator.inject(Fault.SERVER_ERROR, report="amd", times=1)
    async with (
        simulator.serving() as base_url,
        running(operation(base_url, amd=AmdMode.AUTO), clock=clock) as exporter,
    ):
        await clock.advance(2 * HOUR)
        samples = await exporter.samples()
    asked = [call.params["campaign_id"] for call in simulator.calls if call.report == "amd"]
    assert [campaign_id for campaign_id in asked if campaign_id != "all"][:2] == ["4000", "4001"]
    assert sorted(samples.values(DETECTED)) == [5, 9]


async def test_a_campaign_that_always_fails_does_not_hide_the_others() -> None:
    """If one campaign's AMD can never be read, then the others' is shown, and the report is told to be down."""
    clock = ManualClock()
    simulator = centre(clock)
    async with (
        simulator.serving() as base_url,
        running(operation(base_url, amd=AmdMode.EACH, amd_max_calls=2), clock=clock) as exporter,
    ):
        for _ in range(12):
            simulator.heal()
            simulator.inject(Fault.NO_DATA, report="amd", times=1)
            simulator.inject(Fault.SERVER_ERROR, report="amd", times=1)
            await clock.advance(300)
        samples = await exporter.samples()
    assert samples.value("wolkvox_up", report="amd") == 0
    assert samples.value("wolkvox_amd_window_start_timestamp_seconds") is not None


async def test_names_that_are_excluded_are_left_out_before_they_are_known() -> None:
    """If the campaigns report has not been read yet, then no AMD total is shown that an exclusion might be about."""
    clock = ManualClock()
    simulator = centre(clock)
    simulator.inject(Fault.SERVER_ERROR, report="campaigns", times=1)
    async with (
        simulator.serving() as base_url,
        running(operation(base_url, campaigns=Campaigns(exclude=("*prueba*",))), clock=clock) as exporter,
    ):
        await clock.advance(1)
        assert (await exporter.samples()).values(DETECTED) == []
        await clock.advance(300)
        assert (await exporter.samples()).values(DETECTED) == [9]


async def test_a_campaign_on_two_rows_has_no_counter() -> None:
    """If a campaign stands twice in the list, then nothing is counted of it, whichever row comes first."""
    clock = ManualClock()
    rows_written = [{"campaign": "4000 - A", "dial": dial} for dial in ("100", "1000")]
    async with (
        serving(replying(json.dumps(rows_written).encode())) as server,
        running(operation(server.url, amd=AmdMode.OFF), clock=clock) as exporter,
    ):
        await clock.advance(301)
        samples = await exporter.samples()
    assert samples.value("wolkvox_campaign_records_dialed") == 100
    assert samples.values("wolkvox_campaign_dialed_total") == []


@pytest.mark.parametrize("body", [b'{"code": "200", "campaign": "4000"}', b'{"msg": "", "campaign": "4000"}'])
def test_an_envelope_that_repeats_the_question_is_no_report(body: bytes) -> None:
    """If an envelope without data names the key elsewhere, then that is no row."""
    with pytest.raises(ApiError) as caught:
        read(Answer(200, body), list, "campaign")
    assert caught.value.reason is Reason.UNEXPECTED_SHAPE


def test_a_hostile_page_is_read_quickly() -> None:
    """If an error page is made of opening brackets, then telling its text takes no noticeable time."""
    began = time.process_time()
    with pytest.raises(ApiError):
        read(Answer(500, b"<" * 65_536), list, "campaign")
    assert time.process_time() - began < 0.5


class Hanging(TokenSource):
    """A token on a share that does not answer."""

    def read(self) -> str:
        """Take longer than anybody waits."""
        time.sleep(1)
        return "too-late"

    def describe(self) -> str:
        """Name the place."""
        return "a share that hangs"


async def test_a_token_that_cannot_be_read_in_time_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the token's file hangs, then that is told, and nothing waits for it."""
    monkeypatch.setattr(threads, "READ_TIMEOUT", 0.01)
    with pytest.raises(TokenUnreadable, match="could not be read within"):
        await read_token(Hanging())


async def test_a_token_with_a_slash_is_blotted_out_too() -> None:
    """If a server repeats a token as PHP writes it, with its slashes escaped, then it is not shown."""
    clock = ManualClock()
    body = b'{"code": "403", "msg": "no: abc\\/def-geheim"}'
    async with (
        serving(replying(body, "403 Forbidden")) as server,
        running(operation(server.url, token="abc/def-geheim"), clock=clock) as exporter,
    ):
        await clock.advance(1)
        _, page = await exporter.get("/")
    assert "no: ***" in page
    assert "geheim" not in page


async def test_an_odd_accept_header_is_no_error() -> None:
    """If a client sends what no grammar knows, then it gets the text format."""
    clock = ManualClock()
    simulator = centre(clock)
    async with simulator.serving() as base_url, running(operation(base_url), clock=clock) as exporter:
        for accept in ("text/plain; a*0=x; a*=y", "q*=utf-8''0.5", ";;;=", "application/openmetrics-text;version"):
            status, _ = await exporter.get("/metrics", Accept=accept)
            assert status == 200
