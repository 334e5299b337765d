"""A fleet that is scraped by operation: the parts of the exposition, and who tells Prometheus of them."""

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from support.clock import ManualClock
from support.openmetrics import read_openmetrics
from support.operations import Running, operation, running
from support.processes import direct
from support.prometheus import Prometheus, prometheus_by
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

NAMES = ('Mora (30+) "VIP" ñ|x', *(f"ventas-{place}" for place in range(19)))
RULES = Path(__file__).parents[1] / "prometheus" / "rules"
CONFIG = """\
global: {evaluation_interval: 1s}
rule_files: ["*.rules.yml"]
scrape_configs:
  - job_name: wolkvox
    scrape_interval: 1s
    scrape_timeout: 1s
    http_sd_configs: [{url: "http://%(host)s/-/targets", refresh_interval: 1s}]
  - job_name: whole
    scrape_interval: 1s
    scrape_timeout: 1s
    static_configs: [{targets: ["%(host)s"]}]
"""
OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0"}


@asynccontextmanager
async def fleet(names: tuple[str, ...] = NAMES, clock: ManualClock | None = None) -> AsyncIterator[Running]:
    """Run an exporter that has polled operations of these names once."""
    clock = clock or ManualClock()
    rows = {name: [Campaign(f"{40 + place}", f"C{place}", records=500) for place in range(3)] for name in names}
    centres = [Operation(name, (f"token-{place}",), rows[name]) for place, name in enumerate(names)]
    async with Simulator(centres, clock).serving() as url:
        polled = (operation(url, name, f"token-{place}") for place, name in enumerate(names))
        async with running(*polled, clock=clock) as exporter:
            await clock.advance(60)
            await exporter.exporter.publisher.refresh()
            yield exporter


async def scraped(exporter: Running, *operations: str, **headers: str) -> tuple[int, str]:
    """Return status and text of the metrics of some operations; an empty name is the exporter itself."""
    parameters = [("operation", name) if name else ("exporter", "true") for name in operations]
    async with exporter.session.get(f"{exporter.url}/metrics", params=parameters, headers=headers) as response:
        return response.status, await response.text()


def own(text: str) -> Counter[str]:
    """Return the sample lines but for those of the process, which differ from one moment to the next."""
    return Counter(line for line in text.splitlines() if not line.startswith(("#", "process_", "python_")))


@pytest.mark.parametrize("headers", [{}, OPENMETRICS], ids=["text", "OpenMetrics"])
async def test_the_parts_together_are_the_whole(headers: dict[str, str]) -> None:
    """If each operation is scraped by itself, and the exporter as well, then nothing is missing and nothing twice."""
    async with fleet() as exporter:
        whole, parts = own((await scraped(exporter, **headers))[1]), Counter[str]()
        for name in ("", *NAMES):
            status, text = await scraped(exporter, name, **headers)
            assert status == 200
            if headers:
                read_openmetrics(text)
            parts += own(text)
        assert whole == parts
        assert set(whole.values()) == {1}


async def test_several_operations_can_be_scraped_together() -> None:
    """If the parameter is repeated, then the page holds these operations, in the order of the configuration."""
    async with fleet() as exporter:
        one, two = [own((await scraped(exporter, name))[1]) for name in ("ventas-3", "ventas-7")]
        assert one + two == own((await scraped(exporter, "ventas-7", "ventas-3"))[1])


async def test_what_tells_of_the_exporter_is_its_own_part() -> None:
    """If an operation is scraped, then metrics of the exporter and its process are not there, but on their own page."""
    async with fleet() as exporter:
        _, part = await scraped(exporter, "ventas-3")
        _, itself = await scraped(exporter, "")
        for name in ("process_cpu_seconds_total", "python_info", "wolkvox_exporter_build_info"):
            assert name not in part
            assert f"\n{name}" in itself
        assert "wolkvox_up" not in itself


async def test_an_unknown_operation_is_not_found() -> None:
    """If a target names an operation that is not configured, then the scrape fails, and says which one it was."""
    async with fleet() as exporter:
        assert await scraped(exporter, "ventas-3", "ventas-99") == (
            404,
            "404 Not Found: no operation is called ventas-99\n",
        )


async def test_a_part_shows_the_latest_poll() -> None:
    """If an operation is polled between two scrapes of its part, then the second has what that poll has brought."""
    clock = ManualClock()
    async with fleet(clock=clock) as exporter:
        polls = 'wolkvox_polls_total{operation="ventas-3",report="campaigns"}'
        assert f"{polls} 1.0" in (await scraped(exporter, "ventas-3"))[1]
        await clock.advance(300)
        await exporter.exporter.publisher.refresh()
        assert f"{polls} 2.0" in (await scraped(exporter, "ventas-3"))[1]


async def test_a_part_is_sent_compressed_as_well() -> None:
    """If a scrape of a part takes gzip, then it gets one member with the same lines."""
    async with fleet() as exporter:
        plain = (await scraped(exporter, "ventas-3"))[1]
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            headers = {"Accept-Encoding": "gzip"}
            url = f"{exporter.url}/metrics?operation=ventas-3"
            async with session.get(url, headers=headers) as response:
                assert response.headers["Content-Encoding"] == "gzip"
                assert own(plain) == own(gzip.decompress(await response.read()).decode())


async def test_a_large_page_says_the_same_compressed_or_not() -> None:
    """If a page is larger than what is sent at once, then its text has the length that was announced, and is whole."""
    clock = ManualClock()
    rows = [Campaign(f"{4000 + place}", f"Campaña {place}", records=500) for place in range(700)]
    identity = {"Accept-Encoding": "identity"}
    async with (
        Simulator([Operation("ventas-co", ("token-1",), rows)], clock).serving() as url,
        running(operation(url, "ventas-co", "token-1"), clock=clock) as exporter,
    ):
        await clock.advance(60)
        await exporter.exporter.publisher.refresh()
        _, plain = await scraped(exporter, **identity)
        _, packed = await scraped(exporter, **{"Accept-Encoding": "gzip"})
        async with exporter.session.head(f"{exporter.url}/metrics", headers=identity) as head:
            assert int(head.headers["Content-Length"]) > 512 * 1024
    assert own(plain) == own(packed)
    assert sum(line.startswith("wolkvox_campaign_records{") for line in plain.splitlines()) == 700


@asynccontextmanager
async def discovered(exporter: Running, folder: Path) -> AsyncIterator[Prometheus]:
    """Let a Prometheus scrape the parts, as job wolkvox, and the whole, as job whole, with all rules each second."""
    for file in RULES.glob("*.rules.yml"):
        groups = yaml.safe_load(file.read_text("utf-8"))["groups"]
        each_second = [{key: group[key] for key in ("name", "rules")} for group in groups]
        (folder / file.name).write_text(yaml.safe_dump({"groups": each_second}), "utf-8")
    config = folder / "prometheus.yml"
    config.write_text(CONFIG % {"host": exporter.url.removeprefix("http://")})
    async with prometheus_by(config) as server:
        await server.finds(lambda: {(): len(NAMES) + 1}, 'count(up{job="wolkvox"} == 1)')
        yield server


async def test_prometheus_finds_a_target_for_each_operation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If Prometheus discovers its targets here, each series stands once, with an instance and without a false label."""
    direct(monkeypatch)
    async with fleet() as exporter, discovered(exporter, tmp_path) as server:
        assert len(json.loads((await exporter.get("/-/targets"))[1])) == len(NAMES) + 1
        await server.finds(lambda: {(): 3 * len(NAMES)}, 'count(wolkvox_campaign_records{job="wolkvox"})')
        whole = own((await scraped(exporter))[1])
        assert await server.query('count({__name__=~"wolkvox_.+", job="wolkvox"})') == {(): whole.total()}
        host = exporter.url.removeprefix("http://")
        assert await server.query('wolkvox_campaigns{job="wolkvox"}', "operation", "instance") == {
            (name, f"{host}/{name}"): 3 for name in NAMES
        }
        assert {(host,)} == set(await server.query('wolkvox_exporter_build_info{job="wolkvox"}', "instance"))


async def test_all_rules_say_of_the_parts_what_they_say_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a fleet is scraped by operation, then each rule records, and alerts of, what it does of one scrape."""
    direct(monkeypatch)
    async with fleet() as exporter, discovered(exporter, tmp_path) as server:
        both = '{__name__=~".+:wolkvox_.+|ALERTS", job=~"wolkvox|whole"}'
        await server.finds(lambda: {("wolkvox",): 1, ("whole",): 1}, f"count by (job) ({both}) > bool 300", "job")
        for _ in range(100):
            found = (await server.get("query", query=both))["result"]
            by_job = {job: recorded(found, job) for job in ("wolkvox", "whole")}
            if by_job["wolkvox"] == by_job["whole"]:
                break
            await asyncio.sleep(0.1)
        assert by_job["wolkvox"] == by_job["whole"]
        rules = [rule for group in (await server.get("rules"))["groups"] for rule in group["rules"]]
        assert {rule["name"]: rule["lastError"] for rule in rules if rule["health"] == "err"} == {}


def recorded(found: list[dict[str, Any]], job: str) -> dict[tuple[tuple[str, str], ...], str]:
    """Return the values of one job's series, by labels."""
    return {
        tuple(sorted(label for label in series["metric"].items() if label[0] not in {"job", "instance"})): series[
            "value"
        ][1]
        for series in found
        if series["metric"]["job"] == job
    }
