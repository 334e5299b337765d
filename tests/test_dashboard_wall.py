"""What the operations board shows of series made by hand: the right rows, whatever their number and names."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from mixin.dashboards.grafana import dashboards
from mixin.settings import Settings
from mixin.texts import Language
from support.grafana import Asked, Choice, Escape, careful, classic, interpolated, load, queries
from support.history import load as load_history
from support.prometheus import Prometheus, Vector, prometheus_of
from support.recording import Recording

NOW = round(datetime.fromisoformat("2026-11-24T10:50:00-05:00").timestamp())
DAY = 86_400
HOURS = 12
BOARD = load("operations")
MEANT = dashboards(Settings(), "en")[0]
PANELS = {panel.key: written["title"] for panel, written in zip(MEANT.panels, BOARD["panels"], strict=True)}
ASKED = list(queries(MEANT, BOARD))
AWKWARD = ("Ventas (CO) + MX", "mx|co", "a.b*", 'Cartera "Oro" ñ')
ALIKE = ("Ventas CO MX", "mx", "co", "aXb", "a.b", "Cartera Oro ñ")
"""Operations that a regular expression not escaped, or not anchored, would find instead of these or with them."""


def series(name: str, value: float, **labels: str) -> str:
    """Write a sample as the exposition does."""
    written = ",".join(f"{label}={json.dumps(text, ensure_ascii=False)}" for label, text in labels.items())
    return f"{name}{{{written}}} {value}\n"


@dataclass(frozen=True)
class Campaign:
    """A campaign of an operation; `left` are the seconds to its list's end."""

    number: int
    state: float
    left: float | None = None
    operation: str = "ventas-co"
    skill: str = "4000"

    def text(self) -> str:
        """Write what is published and recorded of it."""
        labels = {"operation": self.operation, "campaign": f"Mora {self.number}"}
        labels |= {"campaign_id": str(self.number), "skill": self.skill}
        rank = self.state + (0 if self.left is None else 1 / (2 + self.left / 3600))
        parts = [
            series("campaign:wolkvox_campaign:state", self.state, **labels),
            series("campaign:wolkvox_campaign:rank", rank, **labels),
            series("wolkvox_campaign_calls_per_minute", 12, **labels),
            series("wolkvox_campaign_dialed_today", 700, **labels),
            series("wolkvox_campaign_hits_today", 7, **labels),
            series("wolkvox_campaign_records_clean", 0 if self.state in {2, 3} else 500, **labels),
            series("campaign:wolkvox_campaign_results:sum_increase1h", 200, **labels),
            series("campaign_result:wolkvox_campaign_results:increase1h", 50, **labels, result="answer"),
            series("campaign_result:wolkvox_campaign_results:increase1h", 30, **labels, result="answer_machine"),
        ]
        if self.left is not None:
            parts.append(series("campaign:wolkvox_campaign_records_clean:seconds_to_empty", self.left, **labels))
        return "".join(parts)


@asynccontextmanager
async def serving(folder: Path, *texts: str, before: str = "") -> AsyncIterator[Prometheus]:
    """Serve the samples as of now, and those of a day before."""
    recording = Recording()
    if before:
        recording.take(NOW - DAY, before)
    recording.take(NOW, "".join(texts))
    await load_history(recording, folder)
    async with prometheus_of(folder) as server:
        yield server


def of_panel(key: str) -> list[Asked]:
    """Return the queries of a panel."""
    return [asked for asked in ASKED if asked.panel == PANELS[key]]


async def found(
    server: Prometheus, asked: Asked, *labels: str, choice: Choice | None = None, escape: Escape = classic
) -> Vector:
    """Ask a panel's query as of now."""
    return await server.query(interpolated(asked.expression, BOARD, choice or {}, HOURS, escape), *labels, time=NOW)


def column(key: str, title: str) -> Asked:
    """Return what a column of a table asks."""
    (panel,) = (panel for panel in MEANT.panels if panel.key == key)
    (query,) = (each.query for each in panel.columns if each.title == title)
    return next(asked for asked in of_panel(key) if asked.meant is query)


MANY = (
    *(Campaign(number, 0) for number in range(100, 160)),
    *(Campaign(number, 1, left=60 * number) for number in range(200, 240)),
    *(Campaign(number, 3) for number in range(300, 310)),
    *(Campaign(number, 4) for number in range(400, 405)),
    Campaign(500, 2),
)


@pytest.mark.asyncio
@pytest.mark.parametrize("limit", [25, 50, 200])
async def test_the_worst_states_stand_there_and_then_what_ends_first(tmp_path: Path, limit: int) -> None:
    """If there are more campaigns than rows, then the rows are the worst, and every column has these and no other."""
    # five without calls, ten empty lists, one on another phone, then the lists of 200, 201 … minutes, last the stopped
    worst = [*range(400, 405), *range(300, 310), 500, *range(200, 240), *range(100, 160)][:limit]
    ending = [number for number in worst if number >= 200 and number not in range(400, 405)]
    to_empty = column("campaigns", "column.to_empty")
    async with serving(tmp_path, *(each.text() for each in MANY)) as server:
        for asked in of_panel("campaigns"):
            rows = await found(server, asked, "campaign_id", choice={"limit": [str(limit)]})
            assert sorted(rows) == sorted((str(n),) for n in (ending if asked is to_empty else worst)), asked.expression


@pytest.mark.asyncio
async def test_a_row_has_every_figure(tmp_path: Path) -> None:
    """If a campaign calls, then its row has state, calls, the day's records and hits, what is left, shares."""
    expected = {
        "column.state": 1,
        "column.calls": 12,
        "column.dialed": 700,
        "column.clean": 500,
        "column.to_empty": 2500,
        "column.answer": 0.25,
        "column.machine": 0.15,
        "column.hits_today": 7,
    }
    async with serving(tmp_path, Campaign(1, 1, left=2500).text()) as server:
        for title, value in expected.items():
            assert await found(server, column("campaigns", title), "campaign_id") == {("1",): value}, title


@pytest.mark.asyncio
async def test_a_list_without_clean_records_is_empty(tmp_path: Path) -> None:
    """If no record is clean, then the time to empty is 0, which both languages say in a word, else a time."""
    campaigns = Campaign(1, 3), Campaign(2, 1, left=90), Campaign(3, 4)
    async with serving(tmp_path, *(each.text() for each in campaigns)) as server:
        left = await found(server, column("campaigns", "column.to_empty"), "campaign_id")
        assert left == {("1",): 0, ("2",): 90}
    assert (words("en"), words("es")) == (["empty"], ["agotada"])


def words(language: Language) -> list[str]:
    """Return what the table of campaigns says for 0 where times stand."""
    written = load("operations", language)["panels"][[panel.key for panel in MEANT.panels].index("campaigns")]
    properties = [
        {each["id"]: each["value"] for each in rule["properties"]} for rule in written["fieldConfig"]["overrides"]
    ]
    (times,) = (each for each in properties if each["unit"] == "dthms")
    return [mapping["options"]["0"]["text"] for mapping in times["mappings"]]


@pytest.mark.parametrize("escape", [classic, careful])
@pytest.mark.parametrize("chosen", AWKWARD)
@pytest.mark.asyncio
async def test_an_operation_is_found_by_any_name_and_no_other(tmp_path: Path, chosen: str, escape: Escape) -> None:
    """If an operation's name looks like a regular expression, then it alone is shown once it is chosen."""
    if '"' in chosen and escape is classic:
        pytest.skip("Grafana 10 escapes no quotes")
    campaigns = [Campaign(number, 1, 90, name) for number, name in enumerate((*AWKWARD, *ALIKE))]
    async with serving(tmp_path, *(each.text() for each in campaigns)) as server:
        for asked in (column("campaigns", "column.calls"), column("ending", "column.to_empty")):
            rows = await found(server, asked, "operation", choice={"operation": [chosen]}, escape=escape)
            assert rows.keys() == {(chosen,)}
            several = {"operation": [chosen, "servicio-cl"]}
            assert (await found(server, asked, "operation", choice=several, escape=escape)).keys() == {(chosen,)}


def of_skill(operation: str, day: float, *, hour: Mapping[str, float], skill: str = "4000") -> str:
    """Write what is recorded of a skill: dialled in the day, a twentieth of it hits, and results of the last hour."""
    labels = {"operation": operation, "skill": skill}
    results = "skill_result:wolkvox_campaign_results:sum_increase1h"
    return "".join(
        (
            series("skill:wolkvox_campaign_dialed_today:sum", day, **labels),
            series("skill:wolkvox_campaign_hits_today:sum", day / 20, **labels),
            series("skill_result:wolkvox_campaign_results_today:sum", day / 4, **labels, result="answer"),
            series("skill_result:wolkvox_campaign_results_today:sum", day * 3 / 4, **labels, result="no_answer"),
            series("skill:wolkvox_campaign_calls_per_minute:sum", day / 100, **labels),
            *(series(results, value, **labels, result=result) for result, value in hour.items()),
        )
    )


WITH_AMD = {"answer": 30.0, "no_answer": 50.0, "answer_machine": 20.0}
WITHOUT_AMD = {"answer": 130.0, "no_answer": 170.0, "answer_machine": 0.0}


@pytest.mark.asyncio
async def test_machines_are_those_of_operations_with_amd(tmp_path: Path) -> None:
    """If one of two operations has AMD, then its share of machines is not diluted by the other; answers are of both."""
    texts = of_skill("ventas-co", 100, hour=WITH_AMD), of_skill("servicio-cl", 300, hour=WITHOUT_AMD)
    async with serving(tmp_path, *texts) as server:
        (machines,), (answers,) = of_panel("machines"), of_panel("answers")
        assert await found(server, machines) == {(): 0.2}
        assert await found(server, answers) == {(): 0.4}
        assert await found(server, machines, choice={"operation": ["servicio-cl"]}) == {}


@pytest.mark.asyncio
async def test_today_stands_beside_yesterday_at_this_time(tmp_path: Path) -> None:
    """If there was a yesterday, then each figure of the day stands beside what it was a day ago."""
    texts = of_skill("ventas-co", 1000, hour=WITH_AMD), of_skill("servicio-cl", 3000, hour=WITHOUT_AMD)
    expected = {
        "dialed_today": (4000, 2000),
        "answered_today": (1000, 500),
        "answers_today": (0.25, 0.25),
        "hits_today": (200, 100),
        "quality_today": (0.2, 0.2),
    }
    async with serving(tmp_path, *texts, before=of_skill("ventas-co", 2000, hour=WITH_AMD)) as server:
        for key, both in expected.items():
            assert [await found(server, asked) for asked in of_panel(key)] == [{(): value} for value in both], key


@pytest.mark.asyncio
async def test_ten_operations_have_a_line_and_the_others_one_together(tmp_path: Path) -> None:
    """If there are twelve operations, then the ten that call most have a line each, and one is the sum of the rest."""
    texts = (of_skill(f"operation {number}", 1000 * number, hour=WITH_AMD) for number in range(1, 13))
    async with serving(tmp_path, *texts) as server:
        lines, rest = of_panel("pace")
        assert await found(server, lines, "operation") == {(f"operation {n}",): 10 * n for n in range(3, 13)}
        assert await found(server, rest) == {(): 30}


@pytest.mark.asyncio
async def test_skills_are_those_that_dial_most_and_then_those_that_only_take_calls(tmp_path: Path) -> None:
    """If a skill makes no calls but takes some, then it stands last."""
    texts = (
        of_skill("ventas-co", 1000, hour=WITH_AMD),
        series("wolkvox_skill_calls_offered", 80, operation="ventas-co", skill="9000"),
        series("wolkvox_skill_calls_waiting", 5, operation="ventas-co", skill="9000"),
    )
    async with serving(tmp_path, *texts) as server:
        assert await found(server, column("by_skill", "column.dialed"), "skill") == {("4000",): 1000, ("9000",): 0}
        assert await found(server, column("by_skill", "column.queue"), "skill") == {("9000",): 5}
        assert await found(server, column("by_skill", "column.answer"), "skill") == {("4000",): 0.25}
        assert await found(server, of_panel("agents")[0]) == {}


@pytest.mark.parametrize(("language", "word"), [("en", "not polled"), ("es", "no se consulta")])
def test_what_is_not_polled_has_a_word(language: Language, word: str) -> None:
    """If skills and agents are not asked for, then their places say so."""
    written = dict(zip(PANELS, load("operations", language)["panels"], strict=True))
    assert json.dumps(written["by_skill"], ensure_ascii=False).count(f'{{"id": "noValue", "value": "{word}"}}') == 3
    assert written["agents"]["fieldConfig"]["defaults"]["noValue"] == word


def alert(name: str, severity: str, state: str = "firing", **labels: str) -> str:
    """Write a sample as Prometheus' rules leave it behind."""
    return series("ALERTS", 1, alertname=name, alertstate=state, severity=severity, **labels)


@pytest.mark.asyncio
async def test_alerts_are_counted_by_name_and_operation(tmp_path: Path) -> None:
    """If alerts fire, then the wall shows the worst as 3, and how many; the exporter's too, none that is pending."""
    texts = (
        alert("WolkvoxCampaignStalled", "critical", operation="cobranzas-mx", campaign="Mora"),
        alert("WolkvoxCampaignStalled", "critical", operation="cobranzas-mx", campaign="Hogar"),
        alert("WolkvoxCampaignFinished", "info", operation="ventas-co", campaign="Hogar"),
        alert("WolkvoxExporterDown", "warning"),
        alert("WolkvoxTokenRejected", "critical", "pending", operation="ventas-co"),
        alert("WolkvoxWatchdog", "none"),
        alert("NodeDown", "critical"),
    )
    stalled, down = ("WolkvoxCampaignStalled", "cobranzas-mx"), ("WolkvoxExporterDown", "")
    finished = ("WolkvoxCampaignFinished", "ventas-co")
    async with serving(tmp_path, *texts) as server:
        severity, count = of_panel("attention")
        labels = ("alertname", "operation")
        assert await found(server, severity, *labels) == {stalled: 3, down: 2, finished: 1}
        assert await found(server, count, *labels) == {stalled: 2, down: 1, finished: 1}
        in_mexico = await found(server, count, *labels, choice={"operation": ["cobranzas-mx"]})
        assert in_mexico == {stalled: 2, down: 1}


def test_no_query_grows_too_long_for_a_server() -> None:
    """If 800 skills are chosen, then no query has more than 16 kB, which is what VictoriaMetrics takes."""
    skills = [str(number) for number in range(5000, 5800)]
    lengths = [len(interpolated(asked.expression, BOARD, {"skill": skills}, HOURS)) for asked in ASKED]
    assert max(lengths) > 800 * 5
    assert max(lengths) <= 16_384
