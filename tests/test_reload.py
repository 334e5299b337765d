"""The configuration read anew while the exporter runs."""

import asyncio
import json
import signal
from itertools import pairwise
from pathlib import Path

import pytest

from support.clock import ManualClock
from support.processes import direct, serving
from support.reloading import NAMES, SUCCESS_TIME, SUCCESSFUL, TOKENS, File, centre, until
from support.samples import Samples
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


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
    """Return whether no counter of an operation that stays is lower in a later scrape than before."""
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
        await until(lambda: len(exporter.exporter.accounts) == 1)
        assert exporter.simulator.in_flight == 2
        assert (await exporter.samples()).values("wolkvox_campaigns", operation="goes") == []
        assert await reload == (200, "reloaded\n")
        assert len(exporter.started("goes")) == 2
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
        await until(lambda: len(exporter.exporter.accounts) == 3)
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
        await until(lambda: len(exporter.exporter.accounts) == 2)


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
