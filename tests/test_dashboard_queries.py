"""Every query of the dashboards, asked of a real Prometheus that has seen two simulated days."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from mixin.dashboards.grafana import dashboards
from mixin.dashboards.model import Dashboard
from mixin.rules import Board
from mixin.settings import Settings
from support.days import two_days
from support.grafana import BOARDS, Asked, Choice, Json, careful, classic, interpolated, load, queries
from support.history import REPLICAS
from support.history import load as load_history
from support.prometheus import Prometheus, prometheus_of
from support.recording import PATIENCE, Recording

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(PATIENCE)]

AWKWARD = 'Mora (30+) "VIP" ñ|x'
NOW = datetime.fromisoformat("2026-11-24T10:50:00-05:00").timestamp()
HOURS = 12
MEANT = {dashboard.board: dashboard for dashboard in dashboards(Settings(), "en")}
CHOICES: Mapping[Board, Mapping[str, Choice]] = {
    "operations": {
        "all": {},
        "one": {"job": ["wolkvox"], "operation": ["cobranzas-mx"], "skill": ["5100"], "limit": ["200"]},
        "several": {
            "operation": ["cobranzas-mx", "ventas-co"],
            "skill": ["5100", "4000", "VAGENT"],
        },
    },
    "campaign": {
        "awkward": {"operation": ["cobranzas-mx"], "campaign_id": ["6120"]},
        "recycled": {"operation": ["ventas-co"], "campaign_id": ["4875"]},
        "renamed": {"job": ["wolkvox"], "operation": ["ventas-co"], "campaign_id": ["4894"]},
    },
    "exporter": {
        "all": {},
        "one": {"job": ["wolkvox"], "instance": ["exporter-a:10842"], "operation": ["ventas-co"]},
        "several": {"instance": ["exporter-a:10842", "exporter-b:10842"], "operation": ["ventas-co", "servicio-cl"]},
    },
}
REDIALED = ("awkward",)
"""The campaigns that call other phones of their records."""
ALONE = "an exporter has replicas only where its state is a database"
NEVER_FOUND = {
    ("Needs attention", "no alert fires while all is well"),
    ("Calls per minute by operation", "ten operations have a line each"),
    ("Calls per minute, today and before", "it was not reported a week ago"),
    ("Result mix, the hour before", "there was no pass over another phone"),
    *((panel, ALONE) for panel in ("Database of the replicas", "Who polls what", "Hand-overs")),
}
"""The queries that so many hours cannot prove; tests of the boards prove the alerts, the pass and the replicas."""
CASES = [(board, name) for board in BOARDS for name in CHOICES[board]]


@dataclass(frozen=True)
class Servers:
    """The same two days: one exporter scraped, and two."""

    single: Prometheus
    double: Prometheus


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """Give two days, until shortly after something failed."""
    days = await two_days(tmp_path_factory)
    async with prometheus_of(days.single) as single, prometheus_of(days.double) as double:
        yield Servers(single, double)


async def found(server: Prometheus, asked: Asked, expression: str) -> list[Any]:
    """Ask as Grafana does."""
    if asked.instant:
        answer = await server.get("query", query=expression, time=str(NOW))
    else:
        start, end = (time // asked.step * asked.step for time in (NOW - HOURS * 3600, NOW))
        span = {"start": str(start), "end": str(end), "step": str(asked.step)}
        answer = await server.get("query_range", query=expression, **span)
    series: list[Any] = answer["result"]
    return series


def all_queries(board: Board) -> tuple[Dashboard, Json, Iterator[Asked]]:
    """Return a dashboard as it is meant and as it is written, and its queries."""
    meant, document = MEANT[board], load(board)
    return meant, document, queries(meant, document)


@pytest.mark.parametrize(("board", "name"), CASES)
@pytest.mark.parametrize("escape", [classic, careful])
async def test_every_panel_finds_data(servers: Servers, board: Board, name: str, escape: Any) -> None:  # noqa: ANN401 - a function
    """If a panel is shown for all, one or several values, then its query runs and finds data, or rightly none."""
    _, document, asked = all_queries(board)
    for each in asked:
        expression = interpolated(each.expression, document, CHOICES[board][name], HOURS, escape)
        series = await found(servers.single, each, expression)
        assert series or each.meant.rightly_empty, f"{each.panel} finds nothing: {expression}"


async def test_what_may_be_empty_is_not_always_empty(servers: Servers) -> None:
    """If a query may rightly find nothing, then it finds something once there is something."""
    never: set[tuple[str, str]] = set()
    for board in BOARDS:
        _, document, asked = all_queries(board)
        for each in (each for each in asked if each.meant.rightly_empty):
            expressions = [interpolated(each.expression, document, c, HOURS) for c in CHOICES[board].values()]
            if not any([await found(servers.single, each, expression) for expression in expressions]):
                never.add((each.panel, str(each.meant.rightly_empty)))
    assert never == NEVER_FOUND


async def test_what_holds_a_report_back_stands_beside_its_last_attempt(tmp_path: Path) -> None:
    """If a report is held back, then the table says why; one never asked waits since the configuration was loaded."""
    recording, ventas = Recording(), 'operation="ventas-co",report='
    recording.take(
        NOW,
        f'wolkvox_report_interval_seconds{{{ventas}"campaigns"}} 300\n'
        f'wolkvox_report_interval_seconds{{{ventas}"amd"}} 300\n'
        f'wolkvox_report_interval_seconds{{{ventas}"quota"}} 900\n'
        f'wolkvox_report_last_attempt_timestamp_seconds{{{ventas}"campaigns"}} {NOW - 120}\n'
        f'wolkvox_report_last_attempt_timestamp_seconds{{{ventas}"quota"}} {NOW - 1500}\n'
        f'wolkvox_report_held{{{ventas}"amd",reason="idle"}} 1\n'
        f'wolkvox_report_held{{{ventas}"quota",reason="quota"}} 1\n'
        f"wolkvox_exporter_config_last_reload_success_timestamp_seconds {NOW - 3600}\n",
    )
    await load_history(recording, tmp_path)
    _, document, asked = all_queries("exporter")
    (attempts,) = (each for each in asked if each.panel == "Last attempt")
    async with prometheus_of(tmp_path) as server:
        everywhere = interpolated(attempts.expression, document, {}, HOURS)
        assert await server.query(everywhere, "report", "reason", time=NOW) == {
            ("campaigns", ""): 120,
            ("amd", "idle"): 3600,
            ("quota", "quota"): 1500,
        }


def of_replica(series: list[Any]) -> list[Any]:
    """Return labels, times and values, less what is said of the second replica itself.

    The last digits are left out: Prometheus adds up in no certain order.
    """
    told = (each for each in series if each["metric"].get("instance") != REPLICAS[1].instance)
    return sorted(
        (sorted(each["metric"].items()), [(at, f"{float(value):.12g}") for at, value in samples(each)]) for each in told
    )


def samples(series: dict[str, Any]) -> list[Any]:
    """Return the samples of a range query, or the one of an instant query."""
    return series["values"] if "values" in series else [series["value"]]


@pytest.mark.parametrize(("board", "name"), [case for case in CASES if case[1] != "several"])
async def test_two_replicas_show_the_same_numbers(servers: Servers, board: Board, name: str) -> None:
    """If two exporters of the same operations are scraped, then no number changes."""
    _, document, asked = all_queries(board)
    for each in asked:
        expression = interpolated(each.expression, document, CHOICES[board][name], HOURS)
        single, double = await found(servers.single, each, expression), await found(servers.double, each, expression)
        assert of_replica(single) == of_replica(double), f"{each.panel}: {expression}"


async def options(server: Prometheus, variable: Json, document: Json, choice: Choice) -> list[tuple[str, str]]:
    """Return what a variable offers, as pairs of what is shown and what is meant."""
    query = interpolated(variable["query"]["query"], document, choice, HOURS)
    if labelled := re.fullmatch(r"label_values\((.*), (\w+)\)", query):
        values = await server.label_values(labelled[2], labelled[1])
        return [(value, value) for value in sorted(values)]
    (promql,) = re.fullmatch(r"query_result\((.*)\)", query, re.DOTALL).groups()  # type: ignore[union-attr]
    pattern = re.compile(variable["regex"].strip("/").replace("(?<", "(?P<"))
    lines = [
        _as_text(series["metric"]) for series in (await server.get("query", query=promql, time=str(NOW)))["result"]
    ]
    return sorted({(match["text"], match["value"]) for line in lines if (match := pattern.search(line))})


def _as_text(metric: dict[str, str]) -> str:
    """Write a series as Grafana does before it applies the regular expression: nothing is escaped."""
    name = metric.pop("__name__", "")
    labels = ",".join(f'{label}="{value}"' for label, value in metric.items())
    return f"{name}{{{labels}}} 1 {NOW}"


@pytest.mark.parametrize("board", BOARDS)
async def test_every_variable_offers_something(servers: Servers, board: Board) -> None:
    """If a list of a variable is opened, then it holds what there is, campaigns by name and meant by id."""
    document = load(board)
    choice: dict[str, list[str]] = {} if board != "campaign" else {"operation": ["cobranzas-mx"]}
    offered = {
        variable["name"]: await options(servers.single, variable, document, choice)
        for variable in document["templating"]["list"]
        if variable["type"] == "query"
    }
    assert offered["job"] == [("wolkvox", "wolkvox")]
    assert {value for _, value in offered["operation"]} == {"cobranzas-mx", "servicio-cl", "ventas-co"}
    if "campaign_id" in offered:
        assert (AWKWARD, "6120") in offered["campaign_id"]
        assert len(offered["campaign_id"]) == 7
    if "skill" in offered:
        assert ("VAGENT", "VAGENT") in offered["skill"]
    if "instance" in offered:
        assert offered["instance"] == [("exporter-a:10842", "exporter-a:10842")]


@pytest.mark.parametrize(("board", "name"), CASES)
async def test_annotations_mark_what_happened(servers: Servers, board: Board, name: str) -> None:
    """If a campaign was started or recycled, then the dashboards can mark it; alerts are marked where rules run."""
    document = load(board)
    span = {"start": str(NOW - 24 * 3600), "end": str(NOW)}
    for annotation in document["annotations"]["list"]:
        expression = interpolated(annotation["expr"], document, CHOICES[board][name], HOURS)
        answer = await servers.single.get("query_range", query=expression, step=annotation["step"], **span)
        happened = annotation["name"] != "Alert" and (
            annotation["name"] != "Pass over another phone" or name in REDIALED
        )
        assert bool(answer["result"]) == happened, annotation["name"]
