"""The dashboards' files: whole, in two languages, and fit to be looked at."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import product
from string import ascii_uppercase

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import dashboard as grafana

from docs.generate import ROOT
from mixin.dashboards import colours
from mixin.dashboards.exporter import HELD
from mixin.dashboards.grafana import dashboards, finished
from mixin.rules import Board
from mixin.settings import Settings
from mixin.texts import LANGUAGES, Language, table
from support.grafana import BOARDS, FOLDERS, Json, interpolated, load
from support.promql import unknown
from support.rulebook import recorded
from wolkvox_exporter.metrics.builders import HELD_REASONS

FILES = list(product(BOARDS, LANGUAGES))
BACKGROUNDS = {"dark": "#181B1F", "light": "#FFFFFF"}
READABLE = 3.0
"""The contrast that WCAG asks of graphics and large text."""
SCREEN_ROWS = 25
ROWS = {"operations": 42, "campaign": 25, "exporter": 49}
"""Of 38 pixels each: 25 fill a screen of 1080 with Grafana's own bars, as 20 operations do in the exporter's table."""
COLUMNS = 24
RECORDED = recorded()


def expressions(document: Json) -> Iterator[str]:
    """Yield every expression of panels and annotations, variables in place."""
    choice = {"operation": ["o"], "campaign_id": ["1"]} if document["uid"].startswith("wolkvox-campaign") else {}
    panels = (target["expr"] for panel in document["panels"] for target in panel["targets"])
    annotations = (annotation["expr"] for annotation in document["annotations"]["list"])
    for expression in (*panels, *annotations):
        yield interpolated(expression, document, choice, hours=12)


@pytest.mark.parametrize(("board", "language"), FILES)
def test_grafanas_own_models_lose_nothing(board: Board, language: Language) -> None:
    """If Grafana's models read a file and write it again, then every key is still there."""
    register_default_plugins()
    document = load(board, language)
    again = json.loads(json.dumps(grafana.Dashboard.from_json(document), cls=JSONEncoder))
    assert finished(again) == document


@pytest.mark.parametrize(("board", "language"), FILES)
def test_no_query_names_what_nobody_publishes(board: Board, language: Language) -> None:
    """If a metric or a label is renamed, then no query keeps the old name."""
    for expression in expressions(load(board, language)):
        assert unknown(expression, RECORDED) == [], expression


@pytest.mark.parametrize(("board", "language"), FILES)
def test_identifiers_are_unique(board: Board, language: Language) -> None:
    """If a panel or a query is linked to, then there is only one of that name."""
    panels = load(board, language)["panels"]
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    for panel in panels:
        assert [target["refId"] for target in panel["targets"]] == list(ascii_uppercase[: len(panel["targets"])])


def test_dashboards_are_found_by_distinct_addresses() -> None:
    """If both languages are installed side by side, then none hides another."""
    uids = [load(*file)["uid"] for file in FILES]
    assert sorted(uids) == [
        *("wolkvox-campaign", "wolkvox-campaign-es"),
        *("wolkvox-exporter", "wolkvox-exporter-es"),
        *("wolkvox-operations", "wolkvox-operations-es"),
    ]
    assert all(8 <= len(uid) <= 40 for uid in uids)


@pytest.mark.parametrize("board", BOARDS)
def test_panels_fill_a_screen_without_hole_or_overlap(board: Board) -> None:
    """If a dashboard fills a wall screen, then nothing covers another panel, is cut off, or leaves a hole."""
    cells: Counter[tuple[int, int]] = Counter()
    for place in (panel["gridPos"] for panel in load(board)["panels"]):
        rows, columns = range(place["y"], place["y"] + place["h"]), range(place["x"], place["x"] + place["w"])
        cells.update(product(rows, columns))
    assert set(cells) == set(product(range(ROWS[board]), range(COLUMNS)))
    assert set(cells.values()) == {1}


def test_what_is_now_and_what_was_today_fit_the_wall() -> None:
    """If nobody scrolls, then no panel of the operations board is cut by the end of the screen."""
    tops = [panel["gridPos"]["y"] for panel in load("operations")["panels"]]
    ends = [panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in load("operations")["panels"]]
    assert all(end <= SCREEN_ROWS or top >= SCREEN_ROWS for top, end in zip(tops, ends, strict=True))
    assert SCREEN_ROWS in tops


@pytest.mark.parametrize(("board", "language"), FILES)
def test_variables_are_used_and_defined(board: Board, language: Language) -> None:
    """If a variable is offered, then it changes something, and what a query names is offered."""
    document = load(board, language)
    offered = {variable["name"] for variable in document["templating"]["list"]}
    named = set(re.findall(r"\$\{?(\w+)", json.dumps(document)))
    assert (
        named - {"__all", "__field", "__range", "__interval", "__rate_interval", "__data", "__url_time_range"}
        == offered
    )


@pytest.mark.parametrize(("board", "language"), FILES)
def test_links_lead_to_dashboards_and_runbooks(board: Board, language: Language) -> None:
    """If a link is clicked, then its dashboard is there, in the same language, or its runbook."""
    text = json.dumps(load(board, language))
    uids = {load(other, language)["uid"] for other in BOARDS}
    assert set(re.findall(r'"/d/([\w-]+)\?', text)) <= uids
    runbooks = re.findall(r"https://runbooks\.example\.com/wolkvox/([^\"]+)", text)
    assert set(runbooks) <= {"${__data.fields.alertname}.md"}


@pytest.mark.parametrize("board", BOARDS)
def test_languages_differ_in_texts_alone(board: Board) -> None:
    """If a dashboard is changed, then it is so in both languages."""

    def asked(language: Language) -> list[list[str]]:
        return [[target["expr"] for target in panel["targets"]] for panel in load(board, language)["panels"]]

    assert asked("en") == asked("es")
    titles = [[panel["title"] for panel in load(board, language)["panels"]] for language in LANGUAGES]
    same = {english for english, spanish in zip(*titles, strict=True) if english == spanish}
    assert same <= {"Token", "Hits", "CPU", "Skills"}


def test_every_text_is_used() -> None:
    """If a panel goes, then its texts go, and none is empty or left untranslated by mistake."""
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "dev" / "mixin").rglob("*.py"))
    panels = {f"panel.{each.board}.{panel.key}" for each in dashboards(Settings(), "en") for panel in each.panels}
    for key, texts in table().items():
        assert all(texts.values()), key
        family, _, rest = key.partition(".")
        if family == "panel":
            assert key.rpartition(".")[0] in panels, key
        elif family in {"alert", "board", "variable", "result"}:
            assert rest.partition(".")[0] in sources, key
        else:
            assert f'"{key}"' in sources, key


def test_every_reason_to_hold_a_report_back_has_a_word() -> None:
    """If there is a new reason to hold a report back, then the dashboard has a word for it."""
    assert {reason for reason, _ in HELD} == HELD_REASONS.keys()


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_colours_are_readable_on_both_themes(background: str) -> None:
    """If a theme is light or dark, then every colour stands out from its panels."""
    palette = {value for name, value in vars(colours).items() if name.isupper()} - {colours.TEXT}
    assert len(palette) == 6
    assert {
        colour: contrast(colour, BACKGROUNDS[background])
        for colour in palette
        if contrast(colour, BACKGROUNDS[background]) < READABLE
    } == {}
    used = {found for file in FILES for found in re.findall(r"#[0-9A-Fa-f]{6}", json.dumps(load(*file)))}
    assert used <= palette


@pytest.mark.parametrize(("board", "language"), FILES)
def test_a_coloured_state_has_a_word(board: Board, language: Language) -> None:
    """If somebody cannot tell the colours apart, then a word says the same."""
    text = json.dumps(load(board, language))
    results = re.findall(r'\{"(?:text|color)": "[^"]*", "(?:text|color)": "[^"]*", "index": \d\}', text)
    assert len(results) == text.count('"index": ')


@pytest.mark.parametrize("language", LANGUAGES)
def test_exclusions_of_the_linter_have_reasons(language: Language) -> None:
    """If a rule of Grafana's linter is passed over, then the file says for which dashboards and why."""
    exclusions = yaml.safe_load((FOLDERS[language] / ".lint").read_text(encoding="utf-8"))["exclusions"]
    titles = {load(board, language)["title"] for board in BOARDS}
    for rule in exclusions.values():
        assert len(rule["reason"]) > 20
        assert {entry["dashboard"] for entry in rule["entries"]} < titles
