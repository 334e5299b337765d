from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import pytest_asyncio

from support.clock import ManualClock
from support.openmetrics import read_openmetrics
from support.operations import TOKEN, operation, running
from support.processes import config_file, direct, run, serving
from support.prometheus import Prometheus, Vector, prometheus
from support.tools import tool
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator, demo_operations

pytestmark = pytest.mark.asyncio(loop_scope="module")

ZONES = {"ventas-co": ZoneInfo("America/Bogota"), "cobranzas-mx": ZoneInfo("America/Mexico_City")}
IDENTITY = ("operation", "campaign_id", "campaign", "skill")
ACCEPT_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@dataclass(frozen=True)
class Stack:
    """A contact centre that stands still, an exporter that polls it, a Prometheus that scrapes the exporter."""

    simulator: Simulator
    url: str
    prometheus: Prometheus

    def campaigns(self) -> list[tuple[tuple[str, ...], Campaign]]:
        """Return all campaigns by what identifies them."""
        return [
            ((centre.name, campaign.id, campaign.name, campaign.skill), campaign)
            for centre in self.simulator.operations
            for campaign in centre.campaigns
        ]


def simulated() -> Simulator:
    """Return two operations in motion; machines were heard around the midnights of both zones."""
    clock = SystemClock()
    centres = [centre for centre in demo_operations(now=clock.time()) if centre.name in ZONES]
    midnight = midnight_in(ZONES["ventas-co"])
    for campaign in (campaign for centre in centres for campaign in centre.campaigns):
        campaign.detect(midnight - 1, 10_000)
        # half an hour into the day of Bogota it is still yesterday in Mexico City
        campaign.detect(midnight + 1800, 1_000)
    return Simulator(centres, clock, speed=600)


def midnight_in(zone: ZoneInfo) -> float:
    """Return when the day began, in zones without a change of time."""
    return datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Give the stack after some movement, standing still."""
    folder = tmp_path_factory.mktemp("stack")
    tool("prometheus")
    simulator = simulated()
    dialled = sum(campaign.dial for centre in simulator.operations for campaign in centre.campaigns)
    operations = {name: {"token": f"simulated-token-{name}", "time_zone": zone.key} for name, zone in ZONES.items()}
    async with simulator.serving() as base_url:
        config = config_file(folder, base_url, operations, interval="1s", amd_interval="2s")
        async with serving(config) as (program, url), prometheus(folder, url.removeprefix("http://")) as server:
            await program.line('"poll succeeded"')
            simulator.freeze()
            assert sum(campaign.dial for centre in simulator.operations for campaign in centre.campaigns) > dialled
            yield Stack(simulator, url, server)


def percentage(part: int, whole: int) -> float:
    """Return the ratio of a percentage with two decimals, which is all that the API tells."""
    return float(f"{100 * part / whole if whole else 0:.2f}e-2")


async def test_prometheus_finds_the_target_up_and_loses_nothing(stack: Stack) -> None:
    """If Prometheus scrapes the exporter, then it takes every sample, and has no error to show."""
    await stack.prometheus.finds(lambda: {("wolkvox",): 1}, "up", "job")
    pairs = [(name, report) for name in ZONES for report in ("campaigns", "amd")]
    await stack.prometheus.finds(lambda: dict.fromkeys(pairs, 1.0), "wolkvox_up", "operation", "report")
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{stack.url}/metrics", headers={"Accept": ACCEPT_2_42}) as response,
    ):
        count = len(read_openmetrics(await response.text()))
    assert count > 100
    await stack.prometheus.finds(lambda: {(): count}, "scrape_samples_scraped")
    await stack.prometheus.finds(lambda: {(): count}, "scrape_samples_post_metric_relabeling")
    (target,) = (await stack.prometheus.get("targets"))["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")


async def test_penetration_is_found_by_campaign_and_skill(stack: Stack) -> None:
    """If a list is worked, then PromQL finds its penetration of the day and of now for each campaign and skill."""

    def day() -> Vector:
        return {key: percentage(c.recycled * c.records + c.dial, c.records) for key, c in stack.campaigns()}

    def now() -> Vector:
        return {key: percentage(campaign.dial, campaign.records) for key, campaign in stack.campaigns()}

    await stack.prometheus.finds(day, "wolkvox_campaign_penetration_day_ratio", *IDENTITY)
    await stack.prometheus.finds(now, "wolkvox_campaign_penetration_now_ratio", *IDENTITY)
    assert max(day().values()) > 3
    assert 0 < max(now().values()) <= 1


async def test_calls_per_minute_are_found_by_campaign_and_skill(stack: Stack) -> None:
    """If campaigns dial, then PromQL finds the calls per minute of each, and their sum by skill."""
    paces: Vector = {key: float(campaign.calls_now) for key, campaign in stack.campaigns()}
    await stack.prometheus.finds(lambda: paces, "wolkvox_campaign_calls_per_minute", *IDENTITY)
    skills: Vector = {(skill,): 0.0 for *_, skill in paces}
    for (*_, skill), pace in paces.items():
        skills[skill,] += pace
    await stack.prometheus.finds(lambda: skills, "sum by (skill) (wolkvox_campaign_calls_per_minute)", "skill")
    assert max(skills.values()) > 0


@pytest.mark.parametrize(
    ("result", "attribute"),
    [
        ("answer", "answer"),
        ("no_answer", "no_answer"),
        ("busy_congestion_failed", "failed"),
        ("answer_machine", "machine"),
    ],
)
async def test_results_are_found_by_campaign_and_skill(stack: Stack, result: str, attribute: str) -> None:
    """If records were dialled, then PromQL finds each of the four results for each campaign, and its sum by skill."""
    counts = {key: float(getattr(campaign, attribute)) for key, campaign in stack.campaigns()}
    selector = f'wolkvox_campaign_records_result{{result="{result}"}}'
    await stack.prometheus.finds(lambda: counts, selector, *IDENTITY)
    skills: Vector = {(key[3],): 0.0 for key in counts}
    for key, count in counts.items():
        skills[key[3],] += count
    await stack.prometheus.finds(lambda: skills, f"sum by (skill) ({selector})", "skill")
    assert min(skills.values()) > 0


async def test_amd_totals_are_those_since_midnight_of_each_zone(stack: Stack) -> None:
    """If machines were heard, then PromQL finds for each campaign those since its operation's own midnight."""

    def expected() -> Vector:
        now = datetime.now(ZONES["ventas-co"]).timestamp()
        detected = {key: campaign.detected(midnight_in(ZONES[key[0]]), now) for key, campaign in stack.campaigns()}
        return {key: float(count) for key, count in detected.items() if count}

    await stack.prometheus.finds(expected, "wolkvox_campaign_amd_detections", *IDENTITY)

    def starts() -> Vector:
        return {(name,): midnight_in(zone) for name, zone in ZONES.items()}

    await stack.prometheus.finds(starts, "wolkvox_amd_window_start_timestamp_seconds", "operation")


async def test_a_campaign_with_an_awkward_name_is_found_by_that_name(stack: Stack) -> None:
    """If a name has quotes, brackets, an ñ and a bar, then an exact matcher with that name finds the campaign."""
    (records,) = (campaign.records for key, campaign in stack.campaigns() if key[1] == "6120")
    promql = r'wolkvox_campaign_records{campaign="Mora (30+) \"VIP\" ñ|x"}'
    await stack.prometheus.finds(lambda: {("6120",): float(records)}, promql, "campaign_id")


async def test_promtool_has_nothing_to_say_of_the_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """If an exposition has everything, failures and process metrics too, then promtool finds nothing to criticise."""
    direct(monkeypatch)
    clock = ManualClock()
    campaign = Campaign("1", "A ñ", records=9, answer=2, raw={"speed": "fast"})
    campaign.detect(clock.time(), 7)
    simulator = Simulator([Operation("good", (TOKEN,), [campaign]), Operation("bad", ("another-token",), [])], clock)
    async with (
        simulator.serving() as base_url,
        running(operation(base_url, "good"), operation(base_url, "bad", "another-token"), clock=clock) as exporter,
    ):
        simulator.inject(Fault.QUOTA_EXCEEDED, operation="bad", times=2)
        simulator.inject(Fault.RESET, operation="good", report="amd", times=1)
        await clock.advance(301)
        samples = await exporter.samples()
    assert samples.value("wolkvox_poll_failures_total", operation="good", reason="connection", report="amd") == 1
    assert samples.value("wolkvox_unreadable_values_total", report="campaigns", operation="good", field="speed") == 2
    assert samples.value("wolkvox_quota_exhausted", operation="bad") == 1
    assert {"process_cpu_seconds_total", "python_info", "wolkvox_campaign_amd_detections"} <= samples.names()
    said = await run(tool("promtool"), "check", "metrics", stdin=samples.text.encode())
    assert (said.code, said.out, said.err) == (0, "", "")
