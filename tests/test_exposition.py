"""What Prometheus reads."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client import exposition as client_text
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.openmetrics import exposition as client_openmetrics
from prometheus_client.registry import Collector

from support.clock import ManualClock
from support.fields import BY_HAND
from support.operations import operation, running
from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.api.reports import agents, skills
from wolkvox_exporter.api.reports.agents import Agents
from wolkvox_exporter.api.reports.campaigns import NUMBERS, Campaign
from wolkvox_exporter.api.reports.skills import Skill
from wolkvox_exporter.metrics import CATALOGUE, EXPORTER_CATALOGUE, ExporterStatus, Family
from wolkvox_exporter.metrics.builders import HELD_REASONS
from wolkvox_exporter.metrics.encoder import Format
from wolkvox_exporter.metrics.exposition import Exposition
from wolkvox_exporter.polling.skills import PublishedSkill, PublishedSkills
from wolkvox_exporter.polling.snapshot import Attempt, Detections, ReportState, Snapshot, Trouble

GOLDEN = Path(__file__).parent / "golden"
CAMPAIGNS_BODY = (GOLDEN / "campaigns.json").read_bytes()
STATUS = ExporterStatus("1.2.3", "3.11.7", config_loaded=True, config_loaded_at=1.5, worker_restarts={"ventas-co": 2})


@asynccontextmanager
async def answering(bodies: Mapping[str, bytes]) -> AsyncIterator[str]:
    """Serve these bodies, by the `api` that is asked for."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=bodies[request.query["api"]], content_type="application/json", charset="utf-8")

    app = web.Application()
    app.router.add_get("/api/v2/{file}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/v2"
    await runner.cleanup()


async def exposed(bodies: Mapping[str, bytes]) -> str:
    """Return the exposition after one poll of these bodies."""
    clock = ManualClock("2026-11-23T10:00:00-05:00")
    async with answering(bodies) as base_url, running(operation(base_url), clock=clock) as exporter:
        await clock.advance(0)
        return (await exporter.samples()).text


def lines(text: str) -> list[str]:
    """Return the sample lines about operations."""
    exporters_own = ("#", "process_", "python_", "wolkvox_exporter_")
    return sorted(line for line in text.splitlines() if not line.startswith(exporters_own))


async def test_the_documented_answers_give_exactly_the_documented_samples() -> None:
    """If the API answers as its documentation shows, then the samples are those derived by hand from its pages."""
    text = await exposed({"campaigns": CAMPAIGNS_BODY, "campaign_6": (GOLDEN / "amd.json").read_bytes()})
    assert lines((GOLDEN / "documented.txt").read_text(encoding="utf-8")) == lines(text), BY_HAND


async def test_detections_carry_the_labels_of_the_campaigns_report() -> None:
    """If the AMD report counts 17 for an id, then they stand under the name and the skill that id is known by."""
    amd = b'{"code": 200, "error": null, "msg": "", "data": [{"campaign_id": "4875", "total_amd": "17"}]}'
    text = await exposed({"campaigns": CAMPAIGNS_BODY, "campaign_6": amd})
    labels = 'campaign="MY CAMPAIGN",campaign_id="4875",operation="ventas-co",skill="4000"'
    assert f"wolkvox_campaign_amd_detections{{{labels}}} 17.0" in lines(text)


def test_every_family_has_a_name_of_its_own_and_a_help() -> None:
    """If a newcomer adds a metric, then its name is new, its counter ends in _total, and its help is a sentence."""
    families: list[Family[Any]] = [*CATALOGUE, *EXPORTER_CATALOGUE]
    names = [family.name for family in families]
    assert len(set(names)) == len(names)
    for family in families:
        assert family.help.endswith(".")
        assert family.name.endswith("_total") == (family.kind == "counter")
        assert len(set(family.labels)) == len(family.labels)


@pytest.mark.parametrize(
    ("name", "claim"),
    [
        # a record can be set back to it
        ("records_clean", "Records not called yet"),
        # of other reports only are percentages over 100 documented, and nothing says what brings them about
        ("penetration_day_ratio", "beyond 1"),
        ("penetration_day_ratio", "recycle"),
        ("penetration_now_ratio", "clamped"),
        # one page of the vendor says how often, another one how many records
        ("recycles", "How often the list was recycled"),
        ("list_recycles_total", "How often the list was recycled"),
        # whether a later pass raises `dial` is not documented
        ("dialed_total", "first in a pass"),
        # that a recycle makes counts fall is a guess
        ("records_dialed", "falls when the list is recycled"),
        ("records_result", "falls when the list is recycled"),
        # of the percentage beside a phone is not said what it is of
        ("phone_dialed_ratio", "Share dialled"),
    ],
)
def test_no_help_claims_what_nobody_knows_of_the_api(name: str, claim: str) -> None:
    """If the API's documentation leaves something open, or says two things, then so does the help."""
    (family,) = [family for family in CATALOGUE if family.name == f"wolkvox_campaign_{name}"]
    assert claim not in family.help


TEXTS = st.text(max_size=12).map(lambda text: text.encode(errors="replace").decode()) | st.sampled_from(
    ['Mora (30+) "VIP" ñ|x', "línea\nuno", "back\\slash", "\r", "\0", "a\u2028b", '\\"', "{}=,"]
)
NUMBERS_SHOWN = st.floats(min_value=0, max_value=1e18) | st.integers(0, 10**12).map(float)
VALUES = st.dictionaries(
    st.sampled_from([name for key, field in NUMBERS.items() for name in field.readers(key)]), NUMBERS_SHOWN, max_size=15
)
CAMPAIGNS = st.builds(
    Campaign,
    id=st.integers(0, 99999).map(str) | st.just(""),
    name=TEXTS,
    skill=TEXTS,
    phones=st.dictionaries(st.sampled_from(["tel1", "tel2", "TEL3"]), NUMBERS_SHOWN, max_size=3).map(
        lambda phones: tuple(phones.items())
    ),
    values=VALUES,
)
STATES = st.builds(
    lambda polls, fresh, begun, held: replace(
        ReportState.initial(300.0, 0.0, ["campaign", "hits"])
        .read({"hits": polls}, fresh)
        .succeeded(Attempt(1e9 + polls, polls / 7, {"200": polls}))
        .failed(Attempt(1e9, 0.1, {"none": 1}), Trouble(Reason.TLS, "bad", "mend", 1e9)),
        last_attempt=begun,
        held=held,
    ),
    st.integers(0, 10**6),
    st.sampled_from([0.0, 100.0]),
    st.none() | st.floats(1e9, 2e9),
    st.sampled_from([None, *HELD_REASONS]),
)
SKILLS = st.builds(
    lambda key, name, values, offered: (
        PublishedSkill(Skill(key, name, values), 60.0),
        ((key,), {"stat_inbound": offered}),
    ),
    TEXTS,
    TEXTS,
    st.dictionaries(st.sampled_from([*skills.NUMBERS, skills.level(40)]), NUMBERS_SHOWN, max_size=9),
    NUMBERS_SHOWN,
)
PUBLISHED_SKILLS = st.lists(SKILLS, max_size=3, unique_by=lambda pair: pair[0].skill.id).map(
    lambda pairs: PublishedSkills(tuple(row for row, _ in pairs), MappingProxyType(dict(each for _, each in pairs)), 1)
)
AGENTS = st.builds(
    Agents,
    statuses=st.dictionaries(TEXTS, st.integers(0, 100), max_size=3),
    longest=st.dictionaries(TEXTS, NUMBERS_SHOWN, max_size=3),
    sums=st.dictionaries(st.sampled_from([*agents.SUMMED]), NUMBERS_SHOWN, max_size=10),
)
SNAPSHOTS = st.lists(
    st.builds(
        Snapshot,
        operation=TEXTS,
        reports=st.fixed_dictionaries(dict.fromkeys(ReportName, STATES)).map(MappingProxyType),
        campaigns=st.lists(CAMPAIGNS, max_size=4, unique_by=lambda campaign: campaign.labels).map(tuple),
        detections=st.lists(
            st.builds(Detections, st.integers(0, 99).map(str), TEXTS, TEXTS, NUMBERS_SHOWN, st.just(60.0)),
            max_size=3,
            unique_by=lambda row: row.id,
        ).map(tuple),
        skills=PUBLISHED_SKILLS,
        agents=st.none() | AGENTS,
        amd_window_start=st.none() | st.just(1.7e9),
        token_valid=st.none() | st.booleans(),
        quota_exhausted=st.none() | st.booleans(),
        excluded=st.none() | st.integers(0, 10**6),
        labels=st.dictionaries(st.from_regex("[a-n_][a-z0-9_]{0,5}", fullmatch=True), TEXTS, max_size=3),
    ),
    max_size=3,
    unique_by=lambda snapshot: snapshot.operation,
)


class ByTheLibrary(Collector):
    """The same snapshots, as the client library is meant to be used."""

    def __init__(self, snapshots: list[Snapshot], now: float) -> None:
        self._snapshots = snapshots
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Return all families that have samples."""
        own = [written(family, STATUS) for family in EXPORTER_CATALOGUE]
        shown = [
            written(family, *(snapshot for snapshot in self._snapshots if self._shows(family, snapshot)))
            for family in CATALOGUE
        ]
        return [metric for metric in (*own, *shown) if metric.samples]

    def _shows(self, family: Family[Snapshot], snapshot: Snapshot) -> bool:
        return family.content_of is None or snapshot.is_fresh(family.content_of, self._now)


def written(family: Family[Any], *sources: object) -> Metric:
    """Return a family as the client library holds it."""
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=family.labels)
    for source in sources:
        names = (*family.labels, *family.own_labels(source))
        for values, value in family.samples(source):
            metric.add_sample(family.name, dict(zip(names, values, strict=True)), float(value))
    return metric


@pytest.mark.parametrize(
    ("kind", "reference"),
    [(Format.TEXT, client_text.generate_latest), (Format.OPENMETRICS, client_openmetrics.generate_latest)],
)
@given(snapshots=SNAPSHOTS)
def test_the_bytes_are_those_of_the_client_library(kind: Format, reference, snapshots: list[Snapshot]) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - untyped in the library
    """Whatever the snapshots hold, the exposition is byte for byte what prometheus-client writes."""
    exposition, registry = Exposition(STATUS), CollectorRegistry()
    for snapshot in snapshots:
        exposition.update(snapshot)
    registry.register(ByTheLibrary(snapshots, now=50.0))
    end = b"# EOF\n" if kind is Format.OPENMETRICS else b""
    assert reference(registry) == b"".join(exposition.pages(now=50.0).by_format[kind].text()) + end
