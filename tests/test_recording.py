"""Recorded days tell Prometheus what really happened, or whatever is tested with them proves nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import pytest
import pytest_asyncio

from support.clock import ManualClock
from support.history import Target, backfill, levels, load
from support.operations import running
from support.prometheus import Prometheus, prometheus_of
from support.recording import Recording, polled, record, scrape
from wolkvox_exporter.simulator import Poll, Simulator, working_day

pytestmark = pytest.mark.asyncio(loop_scope="module")

AWKWARD = 'Mora (30+) "VIP" ñ|x'
FIRST, SECOND = Target("exporter-a:10842"), "exporter-b:10842"
RULES = """
groups:
  - name: operations
    interval: 5m
    rules:
      - record: operation:wolkvox_campaign_dialed:increase30m
        expr: sum by (job, operation) (campaign:wolkvox_campaign_dialed:increase30m)
  - name: campaigns
    rules:
      - record: campaign:wolkvox_campaign_dialed:increase30m
        expr: max without (instance) (increase(wolkvox_campaign_dialed_total[30m]))
      - alert: Unwanted
        expr: up == 0
"""


def at(hour: str) -> int:
    """Return the Unix time of an hour of the recorded day, such as `10:30`."""
    return round(datetime.fromisoformat(f"2026-11-23T{hour}:00-05:00").timestamp())


@dataclass(frozen=True)
class History:
    """Two hours of a morning, and the Prometheus that knows them."""

    prometheus: Prometheus
    recording: Recording
    simulator: Simulator

    def polls(self, operation: str) -> list[Poll]:
        """Return what was true at the polls of an operation."""
        return self.simulator.truth_at_polls[operation]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def history(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[History]:
    """Record from nine to eleven with two replicas, of which the second cannot be scraped for a quarter of an hour."""
    folder = tmp_path_factory.mktemp("history")
    recording, simulator = await record("2026-11-23T09:00:00-05:00", hours=2)
    await load(recording, folder / "tsdb", (FIRST, Target(SECOND, down=((at("10:00"), at("10:15")),))))
    (folder / "sample.rules.yml").write_text(RULES)
    await backfill(folder / "tsdb", at("09:00"), at("11:00"), [folder / "sample.rules.yml"])
    async with prometheus_of(folder / "tsdb") as server:
        yield History(server, recording, simulator)


async def test_promql_finds_the_truth_of_the_latest_poll(history: History) -> None:
    """If PromQL asks for a counter at any minute, then it finds what was dialled up to the poll before that minute."""
    polls = history.polls("cobranzas-mx")
    expected = {
        time: next(poll for poll in reversed(polls) if poll.at <= time).since(polls[0])["6120"].dialed
        for time in history.recording.times
    }
    assert len(expected) == 120
    assert expected[at("10:59")] > 2000
    promql = f"wolkvox_campaign_dialed_total{{campaign_id='6120', instance='{FIRST.instance}'}}"
    found = await history.prometheus.query_range(promql, at("09:00"), at("10:59"), 60, "campaign")
    assert found == {(AWKWARD,): expected}


async def test_names_survive_whatever_is_in_them(history: History) -> None:
    """If a campaign's name has quotes, brackets and pipes, then Prometheus lists it and finds it by that name."""
    assert AWKWARD in await history.prometheus.label_values("campaign", "wolkvox_campaign_started")
    found = await history.prometheus.series(r'wolkvox_campaign_started{campaign="Mora (30+) \"VIP\" ñ|x"}')
    assert {(series["campaign"], series["job"], series["instance"]) for series in found} == {
        (AWKWARD, "wolkvox", "exporter-a:10842"),
        (AWKWARD, "wolkvox", "exporter-b:10842"),
    }


async def test_two_replicas_are_one_when_folded(history: History) -> None:
    """If an exporter has a replica, then a fold over both finds what the first alone says."""
    labels = ("operation", "campaign_id", "campaign", "skill", "result")
    both = "max without (instance) (increase(wolkvox_campaign_results_total[1h]))"
    alone = "increase(wolkvox_campaign_results_total{instance='exporter-a:10842'}[1h])"
    found = await history.prometheus.query(both, *labels, time=at("10:30"))
    assert len(found) == 84
    assert found == await history.prometheus.query(alone, *labels, time=at("10:30"))


@pytest.mark.parametrize(
    ("hour", "up"), [("09:59", 1), ("10:00", 0), ("10:14", 0), ("10:15", 1)], ids=["before", "first", "last", "after"]
)
async def test_target_that_is_down_has_no_samples(history: History, hour: str, up: int) -> None:
    """If a target cannot be scraped, then `up` is 0 and nothing is added until it can."""
    replica = f"{{instance='{SECOND}'}}"
    assert await history.prometheus.query(f"up{replica}", time=at(hour)) == {(): up}
    assert await history.prometheus.query(f"scrape_samples_scraped{replica} > bool 0", time=at(hour)) == {(): up}
    fresh = f"time() - timestamp(wolkvox_exporter_build_info{replica}) == 0"
    assert len(await history.prometheus.query(fresh, time=at(hour))) == up


@pytest.mark.parametrize(
    ("recorded", "expression", "labels", "an_hour"),
    [
        (
            "campaign:wolkvox_campaign_dialed:increase30m",
            "max without (instance) (increase(wolkvox_campaign_dialed_total[30m]))",
            ("operation", "campaign_id", "campaign", "skill"),
            60,
        ),
        (
            "operation:wolkvox_campaign_dialed:increase30m",
            "sum by (job, operation) (campaign:wolkvox_campaign_dialed:increase30m)",
            ("operation",),
            12,
        ),
    ],
    ids=["that reads no other", "that reads the other"],
)
async def test_recording_rule_is_backfilled(
    history: History, recorded: str, expression: str, labels: tuple[str, ...], an_hour: int
) -> None:
    """If a rule is back-filled, then it has what its expression finds, once an interval."""
    moments = await history.prometheus.query(f"timestamp({recorded}{{job='wolkvox'}})", *labels, time=at("10:50"))
    (moment,) = set(moments.values())
    found = await history.prometheus.query(recorded, *labels, time=moment)
    assert found == await history.prometheus.query(expression, *labels, time=moment)
    assert sum(found.values()) > 1000
    counts = await history.prometheus.query(f"count_over_time({recorded}[1h])", *labels, time=at("10:50"))
    assert max(counts.values()) == an_hour


async def test_rules_that_read_each_other_are_refused() -> None:
    """If two rules read each other, then it is said which."""
    rules = [{"record": "a:b", "expr": "c:d + 1"}, {"record": "c:d", "expr": "a:b"}, {"record": "e:f", "expr": "up"}]
    found = levels([{"name": "circle", "rules": rules}])
    assert next(found) == [{"name": "circle", "rules": [{"record": "e:f", "expr": "up"}]}]
    with pytest.raises(AssertionError, match=r"read each other: \['a:b', 'c:d'\]"):
        next(found)


async def test_what_is_recorded_is_what_a_scrape_finds() -> None:
    """If a recording takes an exposition, then it is the one that HTTP gives, but for the process."""
    clock = ManualClock("2026-11-23T09:00:00-05:00")
    simulator = Simulator(working_day(2, clock.time()), clock)
    async with simulator.serving() as base_url, running(*polled(simulator, base_url), clock=clock) as exporter:
        await clock.advance(60)
        recorded = await scrape(exporter)
        status, text = await exporter.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert status == 200
    assert recorded.count("\nwolkvox_campaign_started{") == 21
    assert [line for line in recorded.split("\n") if not line.startswith("process_")] == [
        line for line in text.split("\n") if not line.startswith("process_")
    ]


async def test_something_can_happen_while_it_is_recorded() -> None:
    """If a token is revoked, then the recording has it from the next poll on, and nothing that was not wanted."""

    def revoke(simulator: Simulator) -> None:
        simulator.revoke("simulated-token-ventas-co")

    recording, _ = await record(
        "2026-11-23T09:00:00-05:00",
        hours=0.25,
        keep=lambda name: name == "wolkvox_token_valid",
        actions=[("2026-11-23T09:06:00-05:00", revoke)],
    )
    values = {series: [(run.value, run.first) for run in runs] for series, runs in recording.series.items()}
    assert values == {
        'wolkvox_token_valid{operation="ventas-co"}': [("1.0", 0), ("0.0", 10)],
        'wolkvox_token_valid{operation="cobranzas-mx"}': [("1.0", 0)],
        'wolkvox_token_valid{operation="servicio-cl"}': [("1.0", 0)],
    }
