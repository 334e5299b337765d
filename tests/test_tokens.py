"""Tokens that the API refuses, that are renewed, that vanish, and that are used up for the day."""

from pathlib import Path

from support.clock import ManualClock
from support.operations import TOKEN, operation, running
from support.outcomes import LAST_SUCCESS, REMEDIES, START, call_centre, counts, times, words
from wolkvox_exporter.config import FileToken, Operation
from wolkvox_exporter.simulator import Fault, Simulator

NEW = "canary-renewed-4d1e7a"
MINUTE, HOUR = 60, 3600
FAILURES = "wolkvox_poll_failures_total"


def token_file(folder: Path, token: str = TOKEN) -> Path:
    """Write a token file."""
    path = folder / "token"
    path.write_text(f"{token}\n", encoding="utf-8")
    return path


def with_file(base_url: str, file: Path, name: str = "ventas-co") -> Operation:
    """Return an operation whose token is in a file."""
    return operation(base_url, name).model_copy(update={"token": FileToken(file)})


def moments(simulator: Simulator) -> list[float]:
    """Return the minutes at which anything was asked."""
    return sorted({(call.started - 1000) / MINUTE for call in simulator.calls})


async def test_a_refused_token_is_asked_with_growing_pauses() -> None:
    """If the token is revoked, then it is asked after 5, 10, 20 and then every 30 minutes, by one report at a time."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url, running(operation(url), clock=clock) as exporter:
        await clock.advance(1)
        assert (await exporter.samples()).value("wolkvox_token_valid") == 1
        simulator.revoke(TOKEN)
        await clock.advance(3 * HOUR)
        samples = await exporter.samples()
        # at 5 minutes each of them finds out; from then on they take turns
        assert [at / MINUTE for at in times(simulator)] == [0, 5, 10, 40, 100, 160]
        assert [at / MINUTE for at in times(simulator, "amd")] == [0, 5, 20, 70, 130]
        assert samples.value("wolkvox_token_valid") == 0
        assert samples.values("wolkvox_up") == [0, 0]
        assert samples.values(LAST_SUCCESS) == [START, START]
        assert counts(samples, FAILURES, "reason", "campaigns") == {**dict.fromkeys(REMEDIES, 0), "token": 5}
        assert counts(samples, FAILURES, "reason", "amd") == {**dict.fromkeys(REMEDIES, 0), "token": 4}
        page = await words(exporter)
        assert "token refused" in page
        assert page.count("create a new token in wolkvox and replace the configured one") == 1


async def test_a_token_that_is_accepted_again_is_used_from_the_next_probe_on() -> None:
    """If the same token is taken again, then the next probe finds out and the interval is back."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.revoke(TOKEN)
    async with simulator.serving() as url, running(operation(url), clock=clock) as exporter:
        await clock.advance(10 * MINUTE)
        simulator.accept(TOKEN, "ventas-co")
        await clock.advance(20 * MINUTE)
        assert [at / MINUTE for at in times(simulator)] == [0, 5, 15, 20, 25, 30]
        assert [at / MINUTE for at in times(simulator, "amd")] == [0, 15, 20, 25, 30]
        samples = await exporter.samples()
        assert samples.values("wolkvox_up") == [1, 1]
        assert samples.value("wolkvox_token_valid") == 1


async def test_pauses_start_over_after_the_token_was_accepted() -> None:
    """If the token is refused a second time, then the pauses begin with the interval again."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.inject(Fault.TOKEN_REFUSED, times=3)
    async with simulator.serving() as url, running(operation(url, amd="off"), clock=clock):
        await clock.advance(35 * MINUTE)
        simulator.revoke(TOKEN)
        await clock.advance(15 * MINUTE)
        assert [at / MINUTE for at in times(simulator)] == [0, 5, 15, 35, 40, 45]


async def test_all_operations_with_the_token_are_held() -> None:
    """If two operations share a refused token, then each report is asked once, both are down and both are ready."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.revoke(TOKEN)
    async with (
        simulator.serving() as url,
        running(operation(url, "ventas-co"), operation(url, "cobros-co"), clock=clock) as exporter,
    ):
        await clock.advance(1)
        assert await exporter.get("/-/ready") == (503, "1 operation waits for its first poll\n")
        await clock.advance(60)
        assert [call.report for call in simulator.calls] == ["campaigns", "amd"]
        assert await exporter.get("/-/ready") == (200, "ready\n")
        samples = await exporter.samples()
        for name in ("ventas-co", "cobros-co"):
            assert samples.values("wolkvox_up", operation=name) == [0, 0]
            assert samples.value("wolkvox_token_valid", operation=name) == 0
        assert sum(samples.values("wolkvox_polls_total")) == 2
        assert "not asked" in await words(exporter)


async def test_a_token_that_one_server_refuses_is_used_at_the_other() -> None:
    """If two operations have one token at two servers, and one refuses it, then the other is polled as ever."""
    clock = ManualClock()
    refusing, taking = call_centre(clock), call_centre(clock)
    refusing.revoke(TOKEN)
    async with (
        refusing.serving() as first,
        taking.serving() as second,
        running(operation(first, "a"), operation(second, "b"), clock=clock) as exporter,
    ):
        await clock.advance(21 * MINUTE)
        samples = await exporter.samples()
    assert samples.values("wolkvox_token_valid", operation="a") == [0]
    assert samples.values("wolkvox_token_valid", operation="b") == [1]
    assert [(at - 15) / MINUTE for at in times(taking)] == [0, 5, 10, 15, 20]
    assert [(at - 15) / MINUTE for at in times(taking, "amd")] == [0, 5, 10, 15, 20]
    assert moments(refusing) == [0, 5, 15]


async def test_a_report_that_is_refused_alone_holds_no_other() -> None:
    """If wolkvox refuses AMD alone, then campaigns go on, the token counts as valid, and AMD is asked ever less."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.inject(Fault.TOKEN_REFUSED, report="amd")
    async with simulator.serving() as url, running(operation(url), clock=clock) as exporter:
        await clock.advance(HOUR)
        samples = await exporter.samples()
    assert [at / MINUTE for at in times(simulator)] == [5 * number for number in range(13)]
    assert [at / MINUTE for at in times(simulator, "amd")] == [0, 5, 15, 35]
    assert samples.value("wolkvox_token_valid") == 1
    assert samples.value("wolkvox_report_held", report="amd", reason="token") == 1


async def test_a_rare_report_does_not_vouch_for_a_token_that_is_refused_since() -> None:
    """If the token is revoked, then it counts as refused at once, though the rare quota report was answered before."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with (
        simulator.serving() as url,
        running(operation(url, amd="off", quota_interval=3_600.0), clock=clock) as exporter,
    ):
        await clock.advance(6 * MINUTE)
        simulator.revoke(TOKEN)
        await clock.advance(5 * MINUTE)
        samples = await exporter.samples()
    assert [at / MINUTE for at in times(simulator, "quota")] == [0]
    assert samples.value("wolkvox_token_valid") == 0


async def test_operations_with_another_token_are_not_held() -> None:
    """If one operation's token is refused, then another operation with its own is polled as ever."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.accept(NEW, "ventas-co")
    simulator.revoke(TOKEN)
    async with (
        simulator.serving() as url,
        running(operation(url, "a", amd="off"), operation(url, "b", NEW, amd="off"), clock=clock) as exporter,
    ):
        await clock.advance(10 * MINUTE)
        samples = await exporter.samples()
        assert samples.value("wolkvox_up", operation="a") == 0
        assert samples.value("wolkvox_up", operation="b") == 1
        # the second one's first poll is 15 seconds later, so that not all are asked at once
        assert [call.started - 1000 for call in simulator.calls if call.token == NEW] == [15, 315]


async def test_a_new_token_in_the_file_ends_the_pause_within_seconds(tmp_path: Path) -> None:
    """If the token file is renewed, then all operations that use it are polled within seconds, not after the pause."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.revoke(TOKEN)
    file = token_file(tmp_path)
    async with (
        simulator.serving() as url,
        running(*(with_file(url, file, name) for name in "ab"), clock=clock) as exporter,
    ):
        await clock.advance(16 * MINUTE)
        assert moments(simulator) == [0, 5, 15]
        simulator.accept(NEW, "ventas-co")
        token_file(tmp_path, NEW)
        await clock.advance(10)
        samples = await exporter.samples()
        assert samples.values("wolkvox_up") == [1, 1, 1, 1]
        assert samples.values("wolkvox_token_valid") == [1, 1]
        assert [call.token for call in simulator.calls[4:]] == [NEW] * 4


async def test_nothing_is_asked_early_without_a_new_token(tmp_path: Path) -> None:
    """If the token file is written again with the same token, then the pause holds."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.revoke(TOKEN)
    file = token_file(tmp_path)
    async with (
        simulator.serving() as url,
        running(with_file(url, file), clock=clock),
    ):
        await clock.advance(16 * MINUTE)
        file.write_text(f"\n  {TOKEN}\r\n", encoding="utf-8")
        await clock.advance(18 * MINUTE)
        assert moments(simulator) == [0, 5, 15]


async def test_a_token_renewed_in_good_time_is_used_from_the_next_poll_on(tmp_path: Path) -> None:
    """If a token was refused once and works again, then renewing it later costs no call before the interval."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.accept(NEW, "ventas-co")
    simulator.inject(Fault.TOKEN_REFUSED, times=1)
    file = token_file(tmp_path)
    async with simulator.serving() as url, running(with_file(url, file), clock=clock):
        await clock.advance(11 * MINUTE)
        token_file(tmp_path, NEW)
        await clock.advance(10 * MINUTE)
    assert [at / MINUTE for at in times(simulator)] == [0, 5, 10, 15, 20]
    assert [call.token for call in simulator.calls if call.report == "campaigns"] == [TOKEN] * 3 + [NEW] * 2


async def test_a_new_token_that_is_refused_too_is_not_hammered(tmp_path: Path) -> None:
    """If the new token is refused as well, then it gets pauses of its own, beginning with the interval."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.revoke(TOKEN)
    file = token_file(tmp_path)
    async with (
        simulator.serving() as url,
        running(with_file(url, file), clock=clock),
    ):
        await clock.advance(16 * MINUTE)
        token_file(tmp_path, "canary-of-nobody-77")
        await clock.advance(20 * MINUTE)
    asked = [call.started - 1000 - 16 * MINUTE for call in simulator.calls if call.token != TOKEN]
    assert len(asked) == 4
    assert 0 < asked[0] <= 10
    # both reports find out, and then one at a time asks again
    assert [later - asked[0] for later in asked] == [0, 0, 5 * MINUTE, 15 * MINUTE]


async def test_a_vanished_token_file_costs_no_call_and_is_noticed_when_it_is_back(tmp_path: Path) -> None:
    """If the token file is gone, then that is reason `token` without a call, and over within seconds of its return."""
    clock = ManualClock()
    simulator = call_centre(clock)
    file = token_file(tmp_path)
    async with (
        simulator.serving() as url,
        running(with_file(url, file), clock=clock) as exporter,
    ):
        await clock.advance(1)
        file.unlink()
        await clock.advance(10 * MINUTE)
        samples = await exporter.samples()
        assert samples.values("wolkvox_up") == [0, 0]
        assert samples.value("wolkvox_token_valid") == 1
        assert samples.values(LAST_SUCCESS) == [START, START]
        for report in ("campaigns", "amd"):
            assert counts(samples, FAILURES, "reason", report)["token"] == 2
            assert counts(samples, "wolkvox_api_requests_total", "code", report) == {"200": 1}
        assert "there is no such file" in await words(exporter)
        assert samples.value("wolkvox_campaign_records") == 100
        token_file(tmp_path)
        await clock.advance(10)
        assert (await exporter.samples()).values("wolkvox_up") == [1, 1]
        assert len(simulator.calls) == 4


async def test_a_token_file_that_is_missing_at_the_first_poll_leaves_the_exporter_ready(tmp_path: Path) -> None:
    """If there is no token yet, then the operation counts as attempted and starts as soon as the file is there."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with (
        simulator.serving() as url,
        running(with_file(url, tmp_path / "token"), clock=clock) as exporter,
    ):
        await clock.advance(1)
        assert await exporter.get("/-/ready") == (200, "ready\n")
        samples = await exporter.samples()
        assert samples.values("wolkvox_up") == [0, 0]
        assert samples.value("wolkvox_token_valid") is None
        token_file(tmp_path)
        await clock.advance(10)
        assert (await exporter.samples()).values("wolkvox_up") == [1, 1]
