"""The compressed exposition as programs read it that people have, while polls land."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.clock import ManualClock
from support.operations import Running, operation, running
from support.processes import direct, run
from support.prometheus import prometheus
from support.tools import tool
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

ACCEPT = "Accept: application/openmetrics-text;version=1.0.0"
FLEETS = [(1, 0), (1, 3), (40, 3), (3, 700)]
"""Operations, and campaigns of each: a page of one stream, pieces that operations share, pieces of their own."""
READERS = {
    "curl": "curl -sf --compressed -H '{accept}' {url}",
    "gunzip": "curl -sf -H 'Accept-Encoding: gzip' -H '{accept}' {url} | gunzip -c",
    "pigz": "curl -sf -H 'Accept-Encoding: gzip' -H '{accept}' {url} | pigz -dc",
    "python": "curl -sf -H 'Accept-Encoding: gzip' -H '{accept}' {url} | python3 -c "
    "'import gzip, sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))'",
    "no compression": "curl -sf -H '{accept}' {url}",
}


@asynccontextmanager
async def fleet(operations: int, campaigns: int, clock: ManualClock) -> AsyncIterator[Running]:
    """Run an exporter that has polled so many operations once."""
    rows = [Campaign(f"{4000 + place}", f"Campaña {place}", records=500) for place in range(campaigns)]
    centres = [Operation(f"op-{place}", (f"token-{place}",), rows) for place in range(operations)]
    async with Simulator(centres, clock).serving() as url:
        polled = (operation(url, centre.name, centre.tokens[0], amd="off") for centre in centres)
        async with running(*polled, clock=clock) as exporter:
            await clock.advance(60)
            await exporter.exporter.publisher.refresh()
            yield exporter


@pytest.mark.parametrize(("operations", "campaigns"), FLEETS)
async def test_whatever_reads_a_body_reads_all_of_it_while_polls_land(operations: int, campaigns: int) -> None:
    """If polls land while programs read the page, then each has a whole one, with every campaign of every operation."""
    for name in ("curl", "gunzip"):
        tool(name)
    readers = [words for name, words in READERS.items() if name != "pigz" or shutil.which(name)]
    clock = ManualClock()
    async with fleet(operations, campaigns, clock) as exporter:
        for _ in range(3):
            reading = [
                asyncio.create_task(run("sh", "-c", words.format(accept=ACCEPT, url=f"{exporter.url}/metrics")))
                for words in readers
            ]
            while not all(task.done() for task in reading):
                await clock.advance(300)
                await exporter.exporter.publisher.refresh()
            for read in [await task for task in reading]:
                assert (read.code, read.err) == (0, "")
                assert read.out.endswith("\n# EOF\n")
                assert read.out.count("\nwolkvox_campaign_records{") == operations * campaigns
                assert read.out.count("\nwolkvox_up{") == operations


async def test_prometheus_reads_large_bodies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If Prometheus scrapes a page that is joined of many pieces, then it takes every sample."""
    direct(monkeypatch)
    async with (
        fleet(3, 700, ManualClock()) as exporter,
        prometheus(tmp_path, exporter.url.removeprefix("http://")) as server,
    ):
        await server.finds(lambda: {(): 3 * 700}, "count(wolkvox_campaign_records)")
        (target,) = (await server.get("targets"))["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")
