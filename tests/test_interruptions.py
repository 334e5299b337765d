"""Calls that are cut off, answers that come too late, rounds that fail, and reloads that do."""

import asyncio
from pathlib import Path

import pytest
import structlog

from support.clock import ManualClock
from support.operations import TOKEN, operation, restarted, running
from support.outcomes import call_centre, counts, times
from support.processes import direct
from support.reloading import centre, until
from wolkvox_exporter.config import AmdMode, FileToken
from wolkvox_exporter.config import Operation as Settings
from wolkvox_exporter.metrics import ExporterStatus
from wolkvox_exporter.metrics.cache import Publisher
from wolkvox_exporter.polling import timing
from wolkvox_exporter.polling.pool import Pool
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.runtime.supervisor import Supervisor
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator
from wolkvox_exporter.storage import Directory, atomic, state_in

MINUTE, HOUR = 60, 3600
DETECTED = "wolkvox_campaign_amd_detections"


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


async def cut_off(simulator: Simulator, wanted: Settings, folder: Path, clock: ManualClock) -> None:
    """Let an exporter end in the middle of its first call, as by kill -9: nothing of it is written down."""
    simulator.inject(Fault.STALL, times=1)
    async with restarted(folder, wanted, clock):
        await clock.settled()
        clock.jump(0)
        await simulator.until(in_flight=1)


async def test_a_call_that_may_still_last_is_waited_for(tmp_path: Path) -> None:
    """If the exporter is killed within a call, then no other report of the token is asked while it may last."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        await cut_off(simulator, operation(url, quota_interval=900.0), tmp_path, clock)
        async with restarted(tmp_path, operation(url, quota_interval=900.0), clock):
            await clock.advance(69)
            assert [call.report for call in simulator.calls] == ["campaigns"]
            await clock.advance(2)
            assert [call.report for call in simulator.calls] == ["campaigns", "amd", "quota"]
            await clock.advance(5 * MINUTE)
    # the call that was cut off counts as made: the next one comes an interval after it
    assert times(simulator) == [0, pytest.approx(5 * MINUTE)]


async def test_a_call_is_waited_for_as_long_as_it_may_last(tmp_path: Path) -> None:
    """If the exporter is killed within a call, and starts with a shorter time-out, then that of the call counts."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        await cut_off(simulator, operation(url, amd="off", timeout=200.0), tmp_path, clock)
        async with restarted(tmp_path, operation(url, amd="off", interval=60.0, timeout=10.0), clock):
            await clock.advance(204)
            assert len(simulator.calls) == 1
            await clock.advance(2)
            assert len(simulator.calls) == 2


async def test_a_call_whose_token_is_gone_is_waited_for_by_all(tmp_path: Path) -> None:
    """If a call was cut off and its operation has no token any more, no other calls: it may have had their token."""
    clock, token, state = ManualClock(), tmp_path / "token", tmp_path / "state"
    token.write_text(TOKEN)
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        one = operation(url, amd="off").model_copy(update={"token": FileToken(token)})
        await cut_off(simulator, one, state, clock)
        token.unlink()
        both = one, operation(url, "cobranza-mx", amd="off")
        with state_in(state, clock) as store:
            assert store is not None
            async with running(*both, clock=clock, states=await store.load_all(both), store=store):
                await clock.advance(69)
                assert len(simulator.calls) == 1
                await clock.advance(40)
                assert len(simulator.calls) == 2


async def test_a_call_of_unknown_token_is_waited_for_by_operations_that_come(tmp_path: Path) -> None:
    """If a call was cut off whose token is gone, and a reload brings that under a new name, then it waits as well."""
    clock, token, state = ManualClock(), tmp_path / "token", tmp_path / "state"
    token.write_text(TOKEN)
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        one = operation(url, amd="off").model_copy(update={"token": FileToken(token)})
        await cut_off(simulator, one, state, clock)
        token.unlink()
        with state_in(state, clock) as store:
            assert store is not None
            async with running(one, clock=clock, states=await store.load_all([one]), store=store) as exporter:
                await clock.advance(30)
                await exporter.exporter.pool.adopt([operation(url, "ventas-bogota", amd="off")])
                await clock.advance(39)
                assert len(simulator.calls) == 1
                await clock.advance(40)
                assert len(simulator.calls) == 2


async def test_an_answer_that_came_after_a_suspension_is_none() -> None:
    """If the machine sleeps for two hours within a call, then that is a time-out, whatever the answer says."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.delay = 0.2
    async with simulator.serving() as url, running(operation(url, amd="off"), clock=clock) as exporter:
        await clock.settled()
        clock.jump(0)
        await simulator.until(in_flight=1)
        simulator.inject(Fault.STALL)
        clock.jump(2 * HOUR)
        await until(lambda: len(simulator.calls) == 1 and simulator.in_flight == 1)
        samples = await exporter.samples()
    assert samples.value("wolkvox_up", report="campaigns") == 0
    assert counts(samples, "wolkvox_poll_failures_total", "reason", "campaigns")["timeout"] == 1
    assert samples.value("wolkvox_campaigns") is None


def each_centre(clock: ManualClock, campaigns: int) -> Simulator:
    """Return an operation of started campaigns with detections."""
    rows = [Campaign(f"{4000 + place}", f"C{place}", records=500, machine=5) for place in range(campaigns)]
    for row in rows:
        row.detect(clock.time(), 3)
    return Simulator([Operation("ventas-co", (TOKEN,), rows)], clock)


async def test_each_campaigns_answer_ages_by_itself() -> None:
    """If one campaign's own question fails from now on, then its total vanishes in three intervals, and no other's."""
    clock = ManualClock()
    simulator = each_centre(clock, 3)
    async with (
        simulator.serving() as url,
        running(operation(url, amd=AmdMode.EACH, amd_max_calls=3), clock=clock) as exporter,
    ):
        await clock.advance(1)
        for _ in range(4):
            # the first of each round is the one that was asked longest ago
            simulator.heal()
            simulator.inject(Fault.SERVER_ERROR, report="amd", times=1)
            await clock.advance(5 * MINUTE)
        samples = await exporter.samples()
    failed = [call.params["campaign_id"] for call in simulator.calls if call.status == 500]
    assert failed == ["4000"] * 4
    assert [samples.value(DETECTED, campaign_id=key) for key in ("4000", "4001", "4002")] == [None, 3, 3]


async def test_what_failed_in_the_evening_is_asked_again_at_night() -> None:
    """If the last round of the day fails and nothing is started any more, then AMD is asked until it is up again."""
    clock = ManualClock("2026-11-23T23:57:00-05:00")
    simulator = each_centre(clock, 1)
    async with (
        simulator.serving() as url,
        running(operation(url, amd=AmdMode.EACH), clock=clock) as exporter,
    ):
        simulator.inject(Fault.SERVER_ERROR, report="amd", times=1)
        await clock.advance(1)
        assert (await exporter.samples()).value("wolkvox_up", report="amd") == 0
        simulator.operations[0].campaigns[0].status = "stopped"
        await clock.advance(5 * MINUTE)
        samples = await exporter.samples()
        assert samples.value("wolkvox_up", report="amd") == 1
        await clock.advance(2 * HOUR)
        samples = await exporter.samples()
    assert samples.value("wolkvox_up", report="amd") == 1
    assert samples.value("wolkvox_report_held", report="amd", reason="idle") == 1
    assert times(simulator, "amd") == [0, 5 * MINUTE]


async def test_another_servers_state_is_put_aside_by_a_reload_too(tmp_path: Path) -> None:
    """If a reload moves an operation to another server, then what is kept of the first one is not written over."""
    clock, folder = ManualClock(), tmp_path / "state"
    async with centre(tmp_path, clock, "changes", state=folder) as (exporter, file):
        await clock.advance(1)
        elsewhere = file.base_url.replace("127.0.0.1", "localhost")
        file.write("changes", changes={"base_url": elsewhere})
        await exporter.reload()
        await clock.advance(1)
    (aside,) = folder.glob("*.json.other-*")
    assert file.base_url in aside.read_text()
    (kept,) = folder.glob("*.json")
    assert elsewhere in kept.read_text()


async def test_a_report_that_is_not_asked_although_it_is_due_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a bug lets nothing be asked any more, then the log says so once for each report, and the metrics show it."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url, running(operation(url), clock=clock) as exporter:
        await clock.advance(1)
        monkeypatch.setattr(timing, "decide", lambda _, __, now: timing.Wait(now.monotonic + 60))
        with structlog.testing.capture_logs() as lines:
            await clock.advance(HOUR)
        samples = await exporter.samples()
    told = [line for line in lines if line["event"] == "report is not asked although it is due"]
    assert [line["report"] for line in told] == ["campaigns", "amd"]
    # two intervals, two calls' time-outs, and ten seconds, looked for once a minute
    assert all(740 < line["seconds"] <= 800 for line in told)
    assert samples.value("wolkvox_report_last_attempt_timestamp_seconds", report="amd") == clock.time() - HOUR - 1


class BrokenStore:
    """Keeps everything, and cannot say what."""

    is_shared = False

    async def load(self, operation: object) -> OperationState | None:  # noqa: ARG002 - as the protocol names it
        """See `Store.load`."""
        raise RuntimeError

    async def note(self, operation: object, state: object) -> bool:  # noqa: ARG002 - as the protocol names them
        """See `Store.note`."""
        return True

    save = note


async def test_a_reload_that_a_bug_ends_changes_nothing() -> None:
    """If a bug ends a reload half-way, then the operations of before are polled and shown as before."""
    clock = ManualClock()
    simulator = call_centre(clock)
    publisher = Publisher(clock, ExporterStatus("1.0", "3.11", config_loaded=True, config_loaded_at=0.0))
    supervisor = Supervisor(clock)
    async with simulator.serving() as url:
        pool = Pool([operation(url, amd="off")], publisher, supervisor, clock, store=BrokenStore())
        await pool.prepare()
        pool.start()
        await clock.advance(1)
        with pytest.raises(RuntimeError):
            await pool.adopt([operation(url, "cobros-co", amd="off")])
        await clock.advance(5 * MINUTE)
        await supervisor.stop()
        await pool.close()
    assert list(publisher.snapshots) == ["ventas-co"]
    assert publisher.snapshots["ventas-co"].reports["campaigns"].polls == 2  # type: ignore[index]
    assert times(simulator) == [0, 5 * MINUTE]


def test_somebody_to_see_the_calls_is_one_for_each_operation() -> None:
    """If there are fewer of them than operations, then that is an error, not an operation less."""

    async def made() -> None:
        clock = ManualClock()
        publisher = Publisher(clock, ExporterStatus("1.0", "3.11", config_loaded=True, config_loaded_at=0.0))
        url = "http://127.0.0.1:1/api/v2"
        Pool([operation(url), operation(url, "b")], publisher, Supervisor(clock), clock, observers=[None])  # type: ignore[list-item]

    with pytest.raises(ValueError, match="shorter"):
        asyncio.run(made())


async def test_each_operation_says_once_why_it_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If two operations cannot be stored for different reasons, then each has one line until that changes."""

    def failing(path: Path, _: bytes) -> None:
        raise OSError(28 if "ventas" in path.name else 13, "no")

    clock = ManualClock()
    async with call_centre(clock).serving() as url:
        both = [operation(url, name, amd="off") for name in ("ventas-co", "cobros-co")]
        async with running(*both, clock=clock) as exporter:
            await clock.advance(60)
            states = exporter.states()
    monkeypatch.setattr(atomic, "replace", failing)
    with structlog.testing.capture_logs() as lines, state_in(tmp_path, clock) as store:
        assert isinstance(store, Directory)
        for _ in range(3):
            for each in both:
                assert not await store.save(each, states[each.name])
    told = [(line["operation"], line["error"]) for line in lines]
    assert told == [("ventas-co", "No space left on device"), ("cobros-co", "Permission denied")]
