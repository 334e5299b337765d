"""What docs/promql.md and its Spanish twin promise: queries find something, the same with one exporter and with two."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import chain
from math import isfinite

import pytest
import pytest_asyncio

from docs.generate import ROOT
from mixin.promql import fold
from support.days import Hits, two_days
from support.prometheus import Prometheus, prometheus_of
from support.promql import labels, selectors, unknown
from support.recording import PATIENCE
from support.rulebook import recorded

on_history = pytest.mark.asyncio(loop_scope="module")
pytestmark = pytest.mark.timeout(PATIENCE)
PAGES = {
    language: (ROOT / "docs" / name).read_text(encoding="utf-8")
    for language, name in (("en", "promql.md"), ("es", "promql.es.md"))
}
BOARDS = ROOT / "grafana" / "dashboards"
RECORDED = recorded()
MIDNIGHT = 1_795_496_400
"""Of the second day, in Bogota."""
OF_THE_EXPORTER = {"wolkvox_poll_failures_total", "wolkvox_api_requests_total"}
"""What each exporter does itself."""


@dataclass(frozen=True)
class Question:
    """A query of the page, and why it finds nothing in a history of a day."""

    heading: str
    query: str
    needs: str
    after: str


def sections(page: str) -> Iterator[tuple[str, str]]:
    """Return each question of a page with what stands below it."""
    for section in re.split(r"^### ", page, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        yield heading, text.partition("\n## ")[0]


def questions(page: str) -> Iterator[Question]:
    """Take a page apart."""
    for heading, text in sections(page):
        pieces = re.split(
            r"(?:\*(?:Needs more history|Necesita más historia): (.+)\*\n\n)?```promql\n(.*?)```\n",
            text,
            flags=re.DOTALL,
        )
        for needs, query, after in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
            yield Question(heading, query, needs or "", after)


QUESTIONS = list(questions(PAGES["en"]))
SPANISH = list(questions(PAGES["es"]))
ANSWERED = [each for each in QUESTIONS if not each.needs]
each_answered = pytest.mark.parametrize("question", ANSWERED, ids=lambda question: question.heading)
each_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)


def asked(beginning: str) -> str:
    """Return the first query of the question that begins so."""
    return next(each.query for each in QUESTIONS if each.heading.startswith(beginning))


@dataclass(frozen=True)
class History:
    """A Prometheus that scraped one exporter, and one that scraped two; `now` is when they ended."""

    one: Prometheus
    two: Prometheus
    now: float
    hits: dict[str, list[Hits]]

    async def answers(self, server: Prometheus, query: str) -> dict[tuple[str, ...], float]:
        """Return the values by all labels that the query may leave."""
        return await server.query(query, *sorted(labels(query, RECORDED)), time=self.now)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def history(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[History]:
    """Give two days of three contact centres, the second up to eleven; some polls failed."""
    days = await two_days(tmp_path_factory)
    async with prometheus_of(days.single) as one, prometheus_of(days.double) as two:
        yield History(one, two, days.ended, days.hits)


@on_history
@each_answered
async def test_a_query_of_the_guide_finds_something(question: Question, history: History) -> None:
    """If somebody pastes a query of the guide into Prometheus, then it finds numbers."""
    found = await history.answers(history.one, question.query)
    assert found
    assert all(map(isfinite, found.values()))


@on_history
@each_answered
async def test_two_exporters_do_not_change_an_answer(question: Question, history: History) -> None:
    """If two exporters run, then every answer is the same, but what the exporters themselves do counts twice."""
    doubled = bool(OF_THE_EXPORTER & {name for name, _ in selectors(question.query)})
    found = await history.answers(history.one, question.query)
    expected = {key: value * (2 if doubled else 1) for key, value in found.items()}
    assert await history.answers(history.two, question.query) == pytest.approx(expected)


@on_history
@pytest.mark.parametrize("question", [each for each in QUESTIONS if each.needs], ids=lambda question: question.heading)
async def test_what_needs_more_history_finds_nothing_in_a_day(question: Question, history: History) -> None:
    """If a query is said to need more history, then a day is too short for it."""
    assert await history.answers(history.one, question.query) == {}


@on_history
async def test_the_queries_of_the_runbooks_can_be_asked(history: History) -> None:
    """If somebody pastes a query of a runbook into Prometheus, then Prometheus takes it."""
    pages = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "runbooks").glob("*.md"))]
    queries = re.findall(r"^ *```promql\n(.*?)^ *```$", "\n".join(pages), re.DOTALL | re.MULTILINE)
    assert len(queries) > 10
    for query in queries:
        await history.answers(history.two, query)


@on_history
async def test_the_hits_of_today_are_those_of_the_contact_centre(history: History) -> None:
    """If an analyst asks for the hits since midnight, then the answer is what happened, less what polls cannot see."""
    sales = asked("How many sales were there today")
    found = await history.one.query(f"sum by (operation) ({sales})", "operation", time=history.now)
    happened = today(history.hits["ventas-co"])
    assert happened > 1_000
    # a recycle hides what happened since the poll before it, and mornings have many recycles
    assert happened * 0.94 < found["ventas-co",] <= happened


@on_history
async def test_operations_are_grouped_by_the_labels_of_the_configuration(history: History) -> None:
    """If operations are compared by client, then each operation's records are its client's, with two exporters, too."""
    dialled = "sum by (operation) (skill:wolkvox_campaign_dialed_today:sum)"
    by_operation = await history.two.query(dialled, "operation", time=history.now)
    found = await history.two.query(asked("How do operations compare by client?"), "cliente", "pais", time=history.now)
    assert found == pytest.approx(
        {
            ("andina", "CO"): by_operation["ventas-co",],
            ("andina", "MX"): by_operation["cobranzas-mx",],
            ("austral", "CL"): by_operation["servicio-cl",],
        }
    )
    assert min(found.values()) > 0


@on_history
async def test_a_gauge_of_records_is_no_measure_of_activity(history: History) -> None:
    """If somebody takes the increase of a gauge of records, then it tells of records that nobody dialled."""
    counter, gauge = (
        f"sum({fold(f'increase({metric}[1d])')})"
        for metric in ("wolkvox_campaign_dialed_total", "wolkvox_campaign_records_dialed")
    )
    ratio = await history.one.query(f"{gauge} / {counter}", time=history.now)
    assert ratio[()] > 1.05
    delta = f"sum({fold('delta(wolkvox_campaign_records_dialed[1d])')})"
    assert abs((await history.one.query(f"{delta} / {counter}", time=history.now))[()]) < 0.2


@on_history
async def test_the_busiest_and_the_best_hour_are_those_of_the_day(history: History) -> None:
    """If an analyst asks for the hour with most records, or the highest answer rate, then it is the one of the 24."""
    results = "sum by (operation) (campaign_result:wolkvox_campaign_results:increase1h%s)"
    dialled = "sum by (operation) (campaign:wolkvox_campaign_dialed:increase1h)"
    every = await hours(history, results % "")
    answers = await hours(history, results % '{result="answer"}')
    rates = {
        name: {at: answers[name][at] / count for at, count in counts.items() if count >= 100}
        for name, counts in every.items()
    }
    for question, expected in (("Which was the busiest", await hours(history, dialled)), ("Which is the best", rates)):
        found = await history.one.query(asked(question), "operation", time=history.now)
        assert found == {name: begun(at_most(by_hour)) for name, by_hour in expected.items()}
        assert len(found) == 3


@on_history
async def test_who_is_calling_makes_calls(history: History) -> None:
    """If a supervisor asks who calls right now, then it is exactly those campaigns that make calls."""
    calling = await history.one.query(asked("Who is calling right now"), "operation", "campaign_id", time=history.now)
    calls = await history.one.query("wolkvox_campaign_calls_per_minute", "operation", "campaign_id", time=history.now)
    assert calling.keys() == {key for key, value in calls.items() if value > 0}
    assert 0 < len(calling) < len(calls)


async def hours(history: History, query: str) -> dict[tuple[str, ...], dict[float, float]]:
    """Return what a query finds at each full hour of the last 24, by operation."""
    last = history.now // 3600 * 3600
    return await history.one.query_range(query, last - 86400 + 3600, last, 3600, "operation")


def at_most(by_hour: dict[float, float]) -> float:
    """Return the moment of the greatest value."""
    return max(by_hour, key=lambda at: by_hour[at])


def begun(at: float) -> int:
    """Return the hour of the day, in Bogota, at which the hour before a Unix time began."""
    return int(at - 3600 - 5 * 3600) // 3600 % 24


def today(polls: list[Hits]) -> int:
    """Return how many hits there were since midnight, as of the last good poll."""
    last_of_yesterday = [poll for poll in polls if poll.at < MIDNIGHT][-1].by_campaign
    return sum(hits - last_of_yesterday.get(key, 0) for key, hits in polls[-1].by_campaign.items())


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.heading)
def test_a_query_relies_on_what_the_exporter_publishes(question: Question) -> None:
    """If a query of the guide names a metric, a label or a reason, then the exporter or a rule has it."""
    assert unknown(question.query, RECORDED) == []


@pytest.mark.parametrize("question", [*QUESTIONS, *SPANISH], ids=lambda question: question.heading)
def test_an_answer_has_a_unit(question: Question) -> None:
    """If a query finds a number, then the page says in what it is measured."""
    assert re.search(r"\b(?:Unit|Unidad): ", question.after)


def test_both_languages_answer_the_same_questions() -> None:
    """If a query is changed, then in both languages, and each stands under the question in the same place."""
    assert [(each.query, bool(each.needs)) for each in SPANISH] == [
        (each.query, bool(each.needs)) for each in QUESTIONS
    ]
    places = [[len(re.findall("```promql", text)) for _, text in sections(page)] for page in PAGES.values()]
    assert places[0] == places[1]
    assert len(places[0]) >= 20


def panels(language: str) -> set[tuple[str, str]]:
    """Return the panels of the generated dashboards, each by the titles of its dashboard and its own."""
    files = (BOARDS if language == "en" else BOARDS / language).glob("*.json")
    boards = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return {
        (str(board["title"]).removeprefix("Wolkvox / "), str(panel.get("title", "")))
        for board in boards
        for row in board["panels"]
        for panel in [row, *row.get("panels", [])]
    }


@pytest.mark.parametrize("language", PAGES)
def test_the_panels_that_answer_a_question_exist(language: str) -> None:
    """If a question is answered by a panel, then a dashboard of that language has it under that title."""
    for heading, text in sections(PAGES[language]):
        first = " ".join(text.strip().partition("\n\n")[0].split())
        named = re.findall(r"\*([^*]+)\*: (\*\*.*?)(?=\. \*|$)", first)
        shown = {(board, title) for board, titles in named for title in re.findall(r"\*\*(.+?)\*\*", titles)}
        assert shown, heading
        assert shown - panels(language) == set(), heading


@each_page
def test_the_names_in_the_text_exist(page: str) -> None:
    """If the text names a metric or a recorded series, then there is one."""
    text = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    names = set(re.findall(r"\b(?:\w+:)?wolkvox_\w+(?::\w+)?", text))
    assert names
    assert list(chain.from_iterable(unknown(name, RECORDED) for name in sorted(names))) == []
