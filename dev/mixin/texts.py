"""The texts for people, in every language: the files of `wording`, which together are one table."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import yaml

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
FOLDER = Path(__file__).with_name("wording")


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Return every text by its key, such as `alert.WolkvoxWatchdog.summary`, and then by language.

    Raises TypeError if one lacks a language, and ValueError if two files have the same key.
    """
    entries: dict[str, Mapping[str, str]] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        found = dict(_flat(file, "", yaml.safe_load(file.read_text(encoding="utf-8"))))
        if twice := entries.keys() & found.keys():
            raise ValueError(f"{file.name}: {', '.join(sorted(twice))}: there already")
        entries |= found
    return entries


def _flat(file: Path, path: str, node: Mapping[str, object]) -> list[tuple[str, Mapping[str, str]]]:
    if node.keys() == set(LANGUAGES):
        return [(path, {language: " ".join(str(text).split()) for language, text in node.items()})]
    entries: list[tuple[str, Mapping[str, str]]] = []
    for key, below in node.items():
        if not isinstance(below, dict):
            raise TypeError(f"{file.name}: {path}.{key} needs a text in each of {', '.join(LANGUAGES)}")
        entries += _flat(file, f"{path}.{key}".removeprefix("."), below)
    return entries


def text(key: str, language: Language) -> str:
    """Return one text; KeyError if the table has no such key."""
    return table()[key][language]
