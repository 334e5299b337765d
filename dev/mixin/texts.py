"""The texts for people, in every language, from one table: `texts.yaml`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import yaml

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
TABLE = Path(__file__).with_name("texts.yaml")


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Return every text by its key, such as `alert.WolkvoxWatchdog.summary`, and then by language."""
    return dict(_flat("", yaml.safe_load(TABLE.read_text(encoding="utf-8"))))


def _flat(path: str, node: Mapping[str, object]) -> list[tuple[str, Mapping[str, str]]]:
    if node.keys() == set(LANGUAGES):
        return [(path, {language: " ".join(str(text).split()) for language, text in node.items()})]
    entries: list[tuple[str, Mapping[str, str]]] = []
    for key, below in node.items():
        if not isinstance(below, dict):
            raise TypeError(f"{TABLE.name}: {path}.{key} needs a text in each of {', '.join(LANGUAGES)}")
        entries += _flat(f"{path}.{key}".removeprefix("."), below)
    return entries


def text(key: str, language: Language) -> str:
    """Return one text; KeyError if the table has no such key."""
    return table()[key][language]
