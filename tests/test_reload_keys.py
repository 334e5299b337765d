"""What a reload does to an operation whose keys have changed."""

from pathlib import Path
from typing import Any

import pytest
import structlog

from support.certificates import Authority
from support.clock import ManualClock
from support.processes import direct
from support.reloading import TOKENS, centre
from wolkvox_exporter.simulator import Fault, Operation, Simulator


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


@pytest.mark.parametrize(
    ("before", "after", "started"),
    [("5m", "1m", [0, 150, 210, 270]), ("5m", "20m", [0, 1200]), ("1m", "5m", [0, 60, 120, 420])],
)
async def test_another_interval_counts_from_the_last_poll(
    tmp_path: Path, before: str, after: str, started: list[float]
) -> None:
    """If the interval changes, then no poll comes closer to the last one than the new interval, and none is missed."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "changes") as (exporter, file):
        file.write("changes", top={"interval": before})
        assert (await exporter.reload())[0] == 200
        await clock.advance(150)
        file.write("changes", top={"interval": after})
        assert (await exporter.reload())[0] == 200
        await clock.advance(started[-1] - 149)
        samples = await exporter.samples()
    assert exporter.started("changes") == started
    assert samples.value("wolkvox_polls_total", report="campaigns") == len(started)


async def test_another_server_starts_from_nothing(tmp_path: Path) -> None:
    """If an operation moves to another server, then nothing of the one before is shown as if it were of the new one."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "changes") as (exporter, file):
        await clock.advance(1)
        file.write("changes", changes={"base_url": file.base_url.replace("127.0.0.1", "localhost")})
        exporter.simulator.inject(Fault.SERVER_ERROR)
        assert (await exporter.reload())[0] == 200
        samples = await exporter.samples()
        assert samples.values("wolkvox_campaigns") == []
        assert samples.values("wolkvox_up") in ([], [0])  # the first call to the new server may have failed by now
        await clock.advance(1)
        assert (await exporter.samples()).value("wolkvox_polls_total", report="campaigns") == 1
    assert exporter.started("changes") == [0, 1]


async def test_another_token_of_the_same_account_keeps_everything(tmp_path: Path) -> None:
    """If the token's place changes and the server does not, then data and counters stay, and nothing is asked early."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "changes") as (exporter, file):
        await clock.advance(1)
        exporter.simulator.accept("renewed-token", "changes")
        (tmp_path / "renewed").write_text("renewed-token")
        file.write("changes", changes={"token_file": "renewed"})
        assert (await exporter.reload())[0] == 200
        assert (await exporter.samples()).value("wolkvox_campaigns") == 1
        await clock.advance(300)
    assert exporter.started("changes") == [0, 300]
    assert exporter.simulator.calls[-1].token == "renewed-token"


async def test_a_new_name_for_the_same_account_waits_for_its_turn(tmp_path: Path) -> None:
    """If an operation is renamed while its poll is under way, then its new worker waits until that has ended."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "goes") as (exporter, file):
        exporter.simulator.delay = 0.3
        clock.jump(0)
        await exporter.simulator.until(in_flight=1)
        file.write("comes", comes={"token_file": "goes"})
        assert (await exporter.reload())[0] == 200
        await clock.advance(1)
        assert (await exporter.samples()).value("wolkvox_up", operation="comes", report="campaigns") == 1
    assert [call.report for call in exporter.simulator.calls] == ["campaigns", "campaigns", "amd"]
    assert not any(call.overlapped for call in exporter.simulator.calls)


async def test_what_was_removed_and_comes_back_goes_on_where_a_state_is_kept(tmp_path: Path) -> None:
    """If an operation is taken out of the file and put back, then its kept state counts, and it is not asked early."""
    clock = ManualClock()
    (tmp_path / "kept").mkdir()
    async with centre(tmp_path, clock, "stays", "changes", state=tmp_path / "kept") as (exporter, file):
        await clock.advance(100)
        file.write("stays")
        assert (await exporter.reload())[0] == 200
        file.write("stays", "changes")
        assert (await exporter.reload())[0] == 200
        samples = await exporter.samples()
        assert samples.value("wolkvox_polls_total", operation="changes", report="campaigns") == 1
        assert samples.value("wolkvox_campaigns", operation="changes") == 1
        await clock.advance(300)
    assert exporter.started("changes") == [15, 315]


async def test_other_certificates_in_the_same_file_are_another_value(tmp_path: Path) -> None:
    """If a server's certificate comes from a new authority, then a reload with that in the same `ca_file` is enough."""
    clock = ManualClock()
    context = Authority(tmp_path).server()
    simulator = Simulator([Operation("comes", (TOKENS["comes"],), [])], clock)
    async with centre(tmp_path, clock, "stays") as (exporter, file), simulator.serving(ssl_context=context) as url:
        file.write("stays", "comes", comes={"base_url": url, "ca_file": "ca.pem"})
        assert (await exporter.reload())[0] == 200
        await clock.advance(60)
        context.load_cert_chain(*Authority(tmp_path).write(tmp_path))
        await clock.advance(300)
        refused = await exporter.samples()
        with structlog.testing.capture_logs() as told:
            assert (await exporter.reload())[0] == 200
            assert (await exporter.reload())[0] == 200
        await clock.advance(300)
        accepted = await exporter.samples()
    assert refused.value("wolkvox_poll_failures_total", operation="comes", report="campaigns", reason="tls") == 1
    assert refused.value("wolkvox_up", operation="comes", report="campaigns") == 0
    assert accepted.value("wolkvox_up", operation="comes", report="campaigns") == 1
    reloads = [line for line in told if line["event"] == "configuration reloaded"]
    assert [line["changed"] for line in reloads] == ["comes (ca_file)", ""]


async def test_another_place_for_the_state_waits_for_a_restart(tmp_path: Path) -> None:
    """If the file names another folder for the state, then all else is taken over, and the log says so."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays") as (exporter, file):
        file.write("stays", "comes", top={"state": "kept"})
        with structlog.testing.capture_logs() as told:
            assert (await exporter.reload())[0] == 200
        await clock.advance(31)
    assert exporter.started("comes") != []
    assert [line["remedy"] for line in told if line["event"] == "state is not reloaded"] == [
        "restart the exporter to keep the state in another place"
    ]
    assert not (tmp_path / "kept").exists()


async def test_a_report_that_is_switched_on_for_the_first_time_is_asked_soon(tmp_path: Path) -> None:
    """If AMD was off since the start and is switched on, then it is asked at once."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "changes") as (exporter, file):
        file.write("changes", changes={"amd": False})
        await exporter.reload()
        await clock.advance(100)
        assert (await exporter.samples()).values("wolkvox_up", report="amd") == []
        file.write("changes")
        await exporter.reload()
        await clock.advance(1)
        assert (await exporter.samples()).value("wolkvox_up", report="amd") == 1
    assert exporter.started("changes", "amd") == [100]
    assert exporter.started("changes") == [0]


async def test_a_report_that_was_off_for_a_while_goes_on(tmp_path: Path) -> None:
    """If AMD and quota are off for some reloads, then they show nothing, are not asked early later, and count on."""
    clock = ManualClock()
    both_on: dict[str, Any] = {"quota_interval": "5m"}
    async with centre(tmp_path, clock, "changes") as (exporter, file):
        file.write("changes", changes=both_on)
        await exporter.reload()
        await clock.advance(1)
        for _ in range(2):
            file.write("changes", changes={"amd": False, "quota_interval": "0"})
            await exporter.reload()
            samples = await exporter.samples()
            assert [sample.labels["report"] for sample in samples.all if sample.name == "wolkvox_up"] == ["campaigns"]
            assert samples.values("wolkvox_quota_limit_calls") == []
            await clock.advance(30)
            file.write("changes", changes=both_on)
            await exporter.reload()
            assert len((await exporter.samples()).values("wolkvox_quota_limit_calls")) == 1
            await clock.advance(30)
        await clock.advance(300)
        samples = await exporter.samples()
    for report in ("amd", "quota"):
        assert exporter.started("changes", report) == [0, 300]
        assert samples.value("wolkvox_polls_total", report=report) == 2
