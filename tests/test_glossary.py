"""One word for one thing: docs/glossary.md, and every text that people read."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from docs.generate import ROOT
from mixin.texts import LANGUAGES, Language, table
from wolkvox_exporter.assets.thresholds import THRESHOLDS
from wolkvox_exporter.metrics import CATALOGUE, EXPORTER_CATALOGUE

DOCS = ROOT / "docs"
GLOSSARY = DOCS / "glossary.md"
SPANISH_SECTION = re.compile(r"^## En español\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
OF_PROGRAMS = {"expr", "expression", "query", "definition", "rawSql", "regex"}
"""Keys of a dashboard whose texts are for programs."""


def rows(title: str) -> list[list[str]]:
    """Return the rows of the table under a title."""
    section = GLOSSARY.read_text(encoding="utf-8").partition(f"# {title}\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ") for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r" ?\| ?", line)] for line in lines[2:]]


TERMS = [(english, spanish) for english, spanish, *_ in rows("Glossary · Glosario")]
NOT_USED = [(word, language) for words, language, _ in rows("Not used · No se usan") for word in words.split(", ")]


def words(text: str) -> re.Pattern[str]:
    """Return a pattern for words; in any letter case, unless they are written with a capital."""
    return re.compile(rf"(?<!\w){re.escape(text)}(?!\w)", re.NOFLAG if text[0].isupper() else re.IGNORECASE)


@cache
def texts(language: Language) -> dict[str, str]:
    """Return what people read in a language, by where it stands."""
    found = {f"wording: {key}": languages[language] for key, languages in table().items()}
    for page in sorted((DOCS / "runbooks").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        spanish = "".join(SPANISH_SECTION.findall(text))
        found[f"runbooks/{page.name}"] = spanish if language == "es" else SPANISH_SECTION.sub("", text)
    found |= {f"docs/{page.relative_to(DOCS)}": page.read_text(encoding="utf-8") for page in pages(language)}
    boards = ROOT / "grafana" / "dashboards"
    for board in (boards if language == "en" else boards / language).glob("*.json"):
        found[board.name] = "\n".join(shown(json.loads(board.read_text(encoding="utf-8"))))
    if language == "en":
        found |= {family.name: family.help for family in CATALOGUE}
        found |= {family.name: family.help for family in EXPORTER_CATALOGUE}
        found |= {threshold.name: threshold.about for threshold in THRESHOLDS}
    return found


def pages(language: Language) -> Iterable[Path]:
    """Return the documents that are in a language alone."""
    if language == "es":
        return [*DOCS.glob("*.es.md"), *(DOCS / "runbooks" / "es").glob("*.md")]
    return [page for page in DOCS.glob("*.md") if page != GLOSSARY and not page.name.endswith(".es.md")]


def shown(node: object, key: str = "") -> Iterator[str]:
    """Return the texts of a dashboard."""
    if isinstance(node, dict):
        for name, below in node.items():
            yield from shown(below, name)
    elif isinstance(node, list):
        for below in node:
            yield from shown(below, key)
    elif isinstance(node, str) and key not in OF_PROGRAMS:
        yield node


def test_the_glossary_is_read() -> None:
    """If the page changes its shape, then the tests here do not pass because they see nothing."""
    assert {("answering machine", "buzón"), ("answer rate", "contactabilidad")} <= set(TERMS)
    assert {("typified", "en"), ("máquinas", "es")} <= set(NOT_USED)
    for language in LANGUAGES:
        assert len(texts(language)) > 150
        assert sum(name.startswith("runbooks/") and bool(text) for name, text in texts(language).items()) > 5
    assert words("máquina").search("la Máquina,")
    assert not words("Arriba").search("más arriba")


@pytest.mark.parametrize(("word", "language"), NOT_USED)
def test_no_text_has_another_word_for_it(word: str, language: Language) -> None:
    """If the glossary has one word for a thing, then no text that people read has another."""
    assert [name for name, text in texts(language).items() if words(word).search(text)] == []


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term[0])
def test_a_term_is_used(term: tuple[str, str]) -> None:
    """If the glossary explains a term, then it is one that people meet, in both languages."""
    for language, word in zip(LANGUAGES, term, strict=True):
        stem = re.compile(rf"(?<!\w){re.escape(word.removesuffix('r'))}", re.IGNORECASE)
        assert any(stem.search(text) for text in texts(language).values()), word


def test_each_term_stands_once() -> None:
    """If a term is explained, then in one row, and with no word that is not used."""
    for language, terms in zip(LANGUAGES, zip(*TERMS, strict=True), strict=True):
        assert len(set(terms)) == len(terms)
        assert not {word for word, of in NOT_USED if of == language} & set(terms)
