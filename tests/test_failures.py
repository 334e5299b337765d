"""Every way in which the API can fail, over real HTTP: what the exporter then shows, keeps and does."""

import pytest

from support.clock import ManualClock
from support.operations import operation, running
from support.outcomes import (
    LAST_SUCCESS,
    REMEDIES,
    START,
    Failure,
    assert_failed,
    call_centre,
    counts,
    polled,
    words,
)
from support.servers import replying, serving
from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.simulator import Fault

FAILURES = {
    Fault.BAD_REQUEST: Failure("request", "400", "answered 400 (THE API YOU WANT TO CONSULT DOES NOT EXIST)"),
    Fault.MISSING_PARAMETERS: Failure("request", "400", "answered 400 (SOME PARAMETERS ARE REQUIRED)"),
    Fault.NO_TOKEN: Failure("token", "401", "answered 401 (PLEASE ENTER THE WOLKVOX-TOKEN)"),
    Fault.TOKEN_REFUSED: Failure("token", "403", "answered 403 (PLEASE VALIDATE TOKEN)"),
    Fault.QUOTA_EXCEEDED: Failure("quota", "403", "answered 403 (TOKEN LIMIT EXCEEDED)"),
    Fault.CONCURRENCY: Failure("concurrency", "403", "EXCEEDS THE LIMIT OF SIMULTANEOUS REQUESTS PER TOKEN (2)"),
    Fault.MAINTENANCE: Failure("maintenance", "403", "answered 403 (Plataforma en mantenimiento,"),
    Fault.FORBIDDEN: Failure("forbidden", "403", "(THIS OPERATION IS NOT ALLOWED TO USE THE API)"),
    Fault.ECHO_TOKEN: Failure("forbidden", "403", "answered 403 (THE TOKEN *** IS NOT ALLOWED HERE)"),
    Fault.NOT_FOUND: Failure("http", "404", "answered 404 (The requested resource was not found)"),
    Fault.NO_DATA: Failure("http", "404", "answered 404 (Validate dates entered)"),
    Fault.SERVER_ERROR: Failure("http", "500", "answered 500 (500 Internal Server Error"),
    Fault.HTML: Failure("invalid_body", "200", "the answer is no JSON"),
    Fault.CODE_IN_BODY: Failure("token", "200", "answered 403 in a body sent as 200 (PLEASE VALIDATE TOKEN)"),
    Fault.REDIRECT: Failure("redirect", "302", "answered 302, a redirect"),
    Fault.EMPTY_BODY: Failure("invalid_body", "200", "the answer is no JSON"),
    Fault.TRUNCATED_JSON: Failure("invalid_body", "200", "the answer's JSON breaks off or is damaged"),
    Fault.DEEP: Failure("invalid_body", "200", "the answer's JSON is nested too deeply"),
    Fault.NULL_DATA: Failure("unexpected_shape", "200", "the envelope has no `data`"),
    Fault.RENAMED_KEY: Failure("unexpected_shape", "200", "none of the 1 rows has the key"),
    Fault.HUGE: Failure("too_large", "200", "the answer is larger than 67108864 bytes"),
    Fault.STALL: Failure("timeout", "none", "no answer within the time allowed"),
    Fault.STALL_BODY: Failure("timeout", "200", "no answer within the time allowed"),
    Fault.RESET: Failure("connection", "none", "the connection broke (Connection reset by peer)", requests=2),
    Fault.RESET_BODY: Failure("connection", "200", "the connection broke", remedy="cut the answer off"),
    Fault.GARBAGE: Failure("http", "none", "the answer is not HTTP"),
}
GOOD = [Fault.BOM, Fault.PHP_WARNING, Fault.EMPTY_LIST]
# what ends by a time-out must not make the tests wait for it; what does not must never run into one
STALLS = {Fault.STALL, Fault.STALL_BODY}
INTERVAL = 300
# a good poll at 0, a failed one at 300, and then
BACK_AT = {"quota": 3900, "concurrency": 305}


def test_no_fault_and_no_reason_is_left_out() -> None:
    """If a fault or a reason is added, then these tests must say what becomes of it."""
    assert {*FAILURES, *GOOD} == set(Fault)
    assert {failure.reason for failure in FAILURES.values()} | {"tls"} == set(REMEDIES) == set(Reason)


@pytest.mark.parametrize(
    ("fault", "report"),
    [*((fault, "campaigns") for fault in FAILURES), *((fault, "amd") for fault in FAILURES if fault != Fault.NO_DATA)],
)
async def test_a_failure_is_told_keeps_the_data_and_heals(fault: Fault, report: str) -> None:
    """If the API fails after a good poll, then that is told, the data stay, and the next good poll ends it."""
    failure, clock = FAILURES[fault], ManualClock()
    simulator = call_centre(clock)
    timeout = 0.5 if fault in STALLS else 30.0
    async with simulator.serving() as url, running(operation(url, timeout=timeout), clock=clock) as exporter:
        await clock.advance(1)
        simulator.inject(fault, report=report)
        await clock.advance(INTERVAL)
        samples = await assert_failed(exporter, failure, report, last_success=START)
        assert samples.value("wolkvox_campaign_records", campaign="Ventas", campaign_id="4875", skill="4000") == 100
        assert samples.value("wolkvox_campaign_amd_detections", campaign="Ventas", campaign_id="4875") == 7
        assert simulator.followed == 0
        simulator.heal()
        back_at = BACK_AT.get(failure.reason, 600)
        await clock.advance(back_at - INTERVAL)
        healed = await exporter.samples()
        assert healed.value("wolkvox_up", report=report) == 1
        assert healed.value(LAST_SUCCESS, report=report) == START + back_at
        assert (failure.remedy or REMEDIES[failure.reason]) not in await words(exporter)


@pytest.mark.parametrize("fault", FAILURES)
async def test_a_failure_from_the_start_makes_nothing_up(fault: Fault) -> None:
    """If the API fails from the first poll on, then there is no success, no data, and yet the exporter is ready."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.inject(fault)
    async with simulator.serving() as url, polled(url, timeout=0.5 if fault in STALLS else 30.0) as (exporter, _):
        samples = await assert_failed(exporter, FAILURES[fault])
        assert samples.value("wolkvox_campaigns") is None
        assert not [name for name in samples.names() if name.startswith("wolkvox_campaign_")]
        assert await exporter.get("/-/ready") == (200, "ready\n")
        assert await exporter.get("/-/healthy") == (200, "healthy\n")


@pytest.mark.parametrize(
    ("fault", "campaigns", "records", "detections"),
    [(Fault.BOM, 1, 100, 7), (Fault.PHP_WARNING, 1, 100, 7), (Fault.EMPTY_LIST, 0, None, None)],
)
async def test_an_odd_answer_can_be_a_good_one(
    fault: Fault, campaigns: int, records: int | None, detections: int | None
) -> None:
    """If an answer with data has noise before it, or says that there is nothing, then it is believed."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url, running(operation(url), clock=clock) as exporter:
        await clock.advance(1)
        simulator.inject(fault)
        await clock.advance(INTERVAL)
        samples = await exporter.samples()
        assert samples.value("wolkvox_campaigns") == campaigns
        assert samples.value("wolkvox_campaign_records") == records
        assert samples.value("wolkvox_campaign_amd_detections") == detections
        for report in ("campaigns", "amd"):
            assert samples.value("wolkvox_up", report=report) == 1
            assert samples.value(LAST_SUCCESS, report=report) == START + INTERVAL
            assert set(counts(samples, "wolkvox_poll_failures_total", "reason", report).values()) == {0}


async def test_no_data_in_the_amd_window_is_an_empty_window() -> None:
    """If nothing was detected yet today, then the 404 that says so is a success without samples."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.inject(Fault.NO_DATA, report="amd")
    async with simulator.serving() as url, running(operation(url), clock=clock) as exporter:
        await clock.advance(1)
        samples = await exporter.samples()
        assert samples.value("wolkvox_up", report="amd") == 1
        assert samples.value(LAST_SUCCESS, report="amd") == START
        assert counts(samples, "wolkvox_api_requests_total", "code", "amd") == {"404": 1}
        assert samples.value("wolkvox_campaign_amd_detections") is None
        assert samples.value("wolkvox_token_valid") == 1


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        ("403 Forbidden", b'{"msg": "EN MANTENIMIENTO"}', Failure("maintenance", "403", "(EN MANTENIMIENTO)")),
        ("403 Forbidden", b'{"msg": "Copia de seguridad"}', Failure("maintenance", "403", "(Copia de seguridad)")),
        ("403 Forbidden", b'{"msg": "respaldo en curso"}', Failure("maintenance", "403", "(respaldo en curso)")),
        ("403 Forbidden", b'{"msg": "Under maintenance"}', Failure("maintenance", "403", "(Under maintenance)")),
        ("403 Forbidden", b"<h1>Backup running</h1>", Failure("maintenance", "403", "(Backup running)")),
        ("503 Service Unavailable", b"<p>Maintenance</p>", Failure("maintenance", "503", "answered 503")),
        ("503 Service Unavailable", b"<p>Overload</p>", Failure("http", "503", "answered 503 (Overload)")),
        ("200 OK", b'{"code": 403, "msg": "token limit exceeded"}', Failure("quota", "200", "sent as 200")),
        ("200 OK", b'{"code": "503", "msg": "mantenimiento"}', Failure("maintenance", "200", "answered 503 in a")),
        ("403 Forbidden", b"", Failure("forbidden", "403", "wolkvox answered 403")),
        ("204 No Content", b"", Failure("http", "204", "wolkvox answered 204")),
        ("200 OK", b"\xff\xfe", Failure("invalid_body", "200", "the answer is not UTF-8")),
        ("200 OK", b'[{"campaign": ""}]', Failure("unexpected_shape", "200", "none of the 1 rows names a campaign")),
        ("200 OK", b'{"code": "200", "data": "none"}', Failure("unexpected_shape", "200", "neither a list nor")),
    ],
)
async def test_what_an_error_says_decides_what_it_is(status: str, body: bytes, failure: Failure) -> None:
    """If an error tells its cause in Spanish, in English, in HTML or within a 200, then that is the reason counted."""
    async with serving(replying(body, status)) as server, polled(server.url) as (exporter, _):
        await assert_failed(exporter, failure)
