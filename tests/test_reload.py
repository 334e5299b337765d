"""The configuration read anew while the exporter runs."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
import yaml

from exporter.app import Exporter, Listen
from exporter.clock import SystemClock
from exporter.config import load
from exporter.simulator import Campaign, Fault, Operation, Simulator
from exporter.state import state_in
from support.clock import ManualClock
from support.operations import Running
from support.processes import direct, serving
from support.samples import Samples

NAMES = ("stays", "changes", "goes", "comes")
TOKENS = {name: f"token-of-{name}" for name in NAMES}
SUCCESSFUL = "wolkvox_exporter_config_last_reload_successful"
SUCCESS_TIME = "wolkvox_exporter_config_last_reload_success_timestamp_seconds"


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as this is the case."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the exporter has no event for what only a test waits for
            await asyncio.sleep(0.001)


class Centre(Running):
    """An exporter, the simulator it polls, their clock, and the file that the exporter reads its configuration from."""

    def __init__(self, exporter: Exporter, port: int, session: aiohttp.ClientSession, centre: Simulator) -> None:
        super().__init__(exporter, port, session)
        self.simulator = centre

    async def reload(self, method: str = "POST") -> tuple[int, str]:
        """Ask for a reload and return the answer."""
        async with self.session.request(method, f"{self.url}/-/reload") as response:
            return response.status, await response.text()

    def started(self, name: str, report: str = "campaigns") -> list[float]:
        """Return when the calls of an operation started, in seconds since the exporter did."""
        calls = [call for call in self.simulator.calls if (call.operation, call.report) == (name, report)]
        return [call.started - 1000 for call in calls]


class File:
    """A configuration file in the making; `base_url` is the simulator's."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self.path = folder / "config.yaml"
        self.base_url = base_url

    def write(self, *names: str, top: dict[str, Any] | None = None, **keys: dict[str, Any]) -> None:
        """Write these operations; each may have keys of its own, `top` stands above them."""
        operations = []
        for name in names:
            (self.path.parent / name).write_text(TOKENS[name])
            own = {"amd": "all", "token_file": name, **keys.get(name, {})}
            operations.append({"name": name, "base_url": self.base_url, **own})
        self.path.write_text(yaml.safe_dump({"quota_interval": "0", **(top or {}), "operations": operations}))


@asynccontextmanager
async def centre(
    folder: Path, clock: ManualClock, *names: str, lifecycle: bool = True, state: Path | None = None
) -> AsyncIterator[tuple[Centre, File]]:
    """Run an exporter of these operations, out of a file that may be rewritten."""
    operations = [
        Operation(name, (TOKENS[name],), [Campaign(f"{number}", name.upper(), records=100, answer=10, machine=4)])
        for number, name in enumerate(NAMES, 4000)
    ]
    simulator = Simulator(operations, clock)
    async with simulator.serving() as base_url, aiohttp.ClientSession() as session:
        file = File(folder, base_url)
        file.write(*names)
        with state_in(state, clock) as store:
            exporter = Exporter(load(file.path), clock, load=partial(load, file.path), store=store)
            async with exporter.running(Listen(("127.0.0.1", 0), lifecycle=lifecycle)) as port:
                await clock.settled()
                yield Centre(exporter, port, session, simulator), file


async def test_a_reload_in_the_middle_of_polls_changes_adds_and_removes(tmp_path: Path) -> None:
    """If a poll of each operation is under way, then all end in peace, and only what the file changes changes."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", "changes", "goes") as (exporter, file):
        await clock.advance(299)
        before = await exporter.samples()
        exporter.simulator.delay = 0.3
        clock.jump(21)
        await exporter.simulator.until(in_flight=3)
        file.write("comes", "stays", "changes", changes={"interval": "10m"})
        assert await exporter.reload() == (200, "reloaded\n")
        exporter.simulator.delay = 0.0
        await clock.advance(0)
        after = await exporter.samples()
        await clock.advance(900)
        later = await exporter.samples()
        _, page = await exporter.get("/")
    assert not any(call.overlapped for call in exporter.simulator.calls)
    assert all(call.status for call in exporter.simulator.calls)
    assert exporter.started("changes") == [10, 320, 920]
    assert exporter.started("stays") == [0, 320, 620, 920, 1220]
    assert exporter.started("goes") == [20, 320]
    assert exporter.started("comes")[0] == 320
    assert after.values("wolkvox_campaigns", operation="goes") == []
    assert not any("goes" in sample.labels.values() for sample in after.all)
    for name in ("stays", "changes"):
        assert after.value("wolkvox_polls_total", operation=name, report="campaigns") == 2
        assert after.value("wolkvox_campaign_records", operation=name) == 100
    assert never_fell(before, after, later)
    places = [page.index(f">{name}<") for name in ("comes", "stays", "changes")]
    assert places == sorted(places)


def never_fell(*scrapes: Samples) -> bool:
    """Tell whether no counter of an operation that stays is lower in a later scrape than before."""
    counts = [
        {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for sample in samples.all
            if sample.name.endswith("_total") and sample.labels.get("operation") in ("stays", "changes")
        }
        for samples in scrapes
    ]
    return all(later[key] >= value for earlier, later in pairwise(counts) for key, value in earlier.items())


async def test_a_bad_file_changes_nothing_and_is_told(tmp_path: Path) -> None:
    """If one operation of the new file is wrong, then all go on as before, and answer, page and gauge tell."""
    told = "The last reload of the configuration failed; the one before stays in effect"
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", "changes") as (exporter, file):
        await clock.advance(30)
        file.write("stays", "changes", "comes", comes={"interval": "soon", "token_file": "nowhere"})
        status, text = await exporter.reload()
        samples = await exporter.samples()
        assert (status, samples.value(SUCCESSFUL), samples.value(SUCCESS_TIME)) == (500, 0, clock.time() - 30)
        _, page = await exporter.get("/")
        assert told in page
        assert not any(secret in page for secret in ("soon", "nowhere", *TOKENS.values()))
        said, *errors = text.splitlines()
        assert said == "the configuration before stays in effect"
        assert [error.split(": ")[1] for error in errors] == ["operations[2].interval", "operations[2].token_file"]
        await clock.advance(300)
        assert (exporter.started("stays"), exporter.started("comes")) == ([0, 300], [])
        file.write("stays", "changes", "comes")
        assert await exporter.reload("PUT") == (200, "reloaded\n")
        samples = await exporter.samples()
        assert (samples.value(SUCCESSFUL), samples.value(SUCCESS_TIME)) == (1, clock.time())
        assert told not in (await exporter.get("/"))[1]
        await clock.advance(0)
    assert exporter.started("comes") == [330]


async def test_a_file_that_is_no_yaml_or_gone_changes_nothing(tmp_path: Path) -> None:
    """If the file was deleted or holds something else, then that is told, and polling goes on."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays") as (exporter, file):
        file.path.write_bytes(b"\x00\xff{")
        assert (await exporter.reload())[0] == 500
        file.path.unlink()
        assert (await exporter.reload())[0] == 500
        await clock.advance(301)
    assert exporter.started("stays") == [0, 300]


async def test_nobody_reloads_over_http_unless_that_is_enabled(tmp_path: Path) -> None:
    """If the flag is missing, then the answer names it and nothing is reloaded; looking at it is never a reload."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", lifecycle=False) as (exporter, file):
        file.write("stays", "comes")
        for method in ("POST", "PUT"):
            status, text = await exporter.reload(method)
            assert (status, "--web.enable-lifecycle" in text) == (403, True)
        assert text.startswith("Lifecycle API is not enabled")
        assert (await exporter.reload("GET"))[0] == 405
        await clock.advance(31)
    assert exporter.started("comes") == []


@pytest.mark.parametrize(
    ("before", "after", "started"),
    [("5m", "1m", [0, 210, 270]), ("5m", "20m", [0, 1200]), ("1m", "5m", [0, 60, 120, 420])],
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
        assert samples.values("wolkvox_campaigns") == samples.values("wolkvox_up") == []
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


async def test_what_is_removed_vanishes_before_its_poll_has_ended(tmp_path: Path) -> None:
    """If the API keeps the poll of a removed operation waiting, then its series are gone all the same."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", "goes") as (exporter, file), asyncio.timeout(20):
        await clock.advance(16)
        exporter.simulator.delay = 0.5
        clock.jump(299)
        await exporter.simulator.until(in_flight=2)
        file.write("stays")
        reload = asyncio.create_task(exporter.reload())
        await until(lambda: len(exporter.exporter.workers) == 1)
        assert exporter.simulator.in_flight == 2
        assert (await exporter.samples()).values("wolkvox_campaigns", operation="goes") == []
        assert await reload == (200, "reloaded\n")
        assert exporter.simulator.in_flight == 0
        assert (await exporter.samples()).values("wolkvox_campaigns", operation="goes") == []


async def test_reloads_that_come_together_are_done_one_after_the_other(tmp_path: Path) -> None:
    """If several ask for a reload while one waits for a poll, then each answer is about the file as it was asked."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", "changes") as (exporter, file):
        await clock.advance(299)
        exporter.simulator.delay = 0.5
        clock.jump(16)
        await exporter.simulator.until(in_flight=2)
        file.write("stays", "changes", "comes", changes={"interval": "10m"})
        first = asyncio.create_task(exporter.reload())
        await until(lambda: len(exporter.exporter.workers) == 3)
        file.write("stays", "changes", changes={"interval": "never"})
        others = [asyncio.create_task(exporter.reload()) for _ in range(5)]
        assert (await first)[0] == 200
        assert {status for status, _ in await asyncio.gather(*others)} == {500}
        samples = await exporter.samples()
    assert samples.value("wolkvox_report_interval_seconds", operation="changes", report="campaigns") == 600
    assert not any(call.overlapped for call in exporter.simulator.calls)


async def test_a_poll_that_never_ends_is_not_waited_for(tmp_path: Path) -> None:
    """If the API never answers the poll of a changed operation, then its time-out ends the wait, as a failed poll."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "changes") as (exporter, file), asyncio.timeout(20):
        file.write("changes", changes={"timeout": "1s"})
        await exporter.reload()
        await clock.advance(1)
        exporter.simulator.inject(Fault.STALL)
        clock.jump(300)
        await exporter.simulator.until(in_flight=1)
        file.write("changes", changes={"timeout": "2s"})
        assert (await exporter.reload())[0] == 200
        samples = await exporter.samples()
    assert samples.value("wolkvox_poll_failures_total", report="campaigns", reason="timeout") == 1
    assert samples.value("wolkvox_campaigns") == 1


async def test_it_ends_in_the_middle_of_a_reload(tmp_path: Path) -> None:
    """If the exporter is told to end while a reload waits for a poll, then it ends at once and in order."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "changes") as (exporter, file), asyncio.timeout(10):
        exporter.simulator.inject(Fault.STALL)
        clock.jump(0)
        await exporter.simulator.until(in_flight=1)
        file.write("changes", "comes", changes={"interval": "10m"})
        exporter.exporter.reloading.request()
        await until(lambda: len(exporter.exporter.workers) == 2)


async def test_a_hangup_reloads_the_process(tmp_path: Path) -> None:
    """If the process gets SIGHUP, then it takes the file over, or tells what is wrong with it, and lives on."""
    operations = [Operation(name, (TOKENS[name],), [Campaign("4000", name, records=100)]) for name in NAMES]
    simulator = Simulator(operations, SystemClock())
    async with simulator.serving() as base_url:
        file = File(tmp_path, base_url)
        file.write("stays", "changes", "goes", top={"interval": "2s"})
        async with serving(file.path) as (exporter, _):
            await exporter.line("poll succeeded")
            file.write("stays", "changes", "comes", top={"interval": "2s"}, changes={"token_file": "stays"})
            exporter.send(signal.SIGHUP)
            reloaded = json.loads(await exporter.line('"configuration reloaded"'))
            file.write("stays", top={"interval": "secret"})
            exporter.send(signal.SIGHUP)
            refused = json.loads(await exporter.line('"configuration not reloaded'))
            assert await exporter.end(signal.SIGTERM) == 0
    assert (reloaded["added"], reloaded["removed"], reloaded["unchanged"]) == ("comes", "goes", "stays")
    assert reloaded["changed"] == "changes (token)"
    assert refused["problem"].startswith(f"{file.path}:1: interval: ")
    assert "comes" in {call.operation for call in simulator.calls}
    assert not any(word in exporter.text for word in ("secret", "Traceback", *TOKENS.values()))
    assert not any(call.overlapped for call in simulator.calls)
