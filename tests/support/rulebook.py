"""The generated rules, as they stand in the repository."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from docs.generate import ROOT
from support.promql import Series, recorded_series

PROMETHEUS = ROOT / "prometheus"
RULES = PROMETHEUS / "rules"
Rule = dict[str, Any]
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def groups(language: str = "en") -> Iterator[Rule]:
    """Yield the groups of all files in one language, recording rules first."""
    folder = RULES if language == "en" else RULES / language
    files = sorted(folder.glob("*.rules.yml"), key=lambda file: "recording" not in file.name)
    assert files, f"no rules in {folder}"
    for file in files:
        yield from groups_of(file)


@cache
def groups_of(file: Path) -> list[Rule]:
    """Return the groups of a file."""
    found: list[Rule] = yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    return found


def less(file: Path, names: Iterable[str]) -> str:
    """Write a file of rules with those alone that have these names; its groups stay, also without a rule."""
    wanted = set(names)
    kept = [
        {**group, "rules": [rule for rule in group["rules"] if wanted & {rule.get("alert"), rule.get("record")}]}
        for group in groups_of(file)
    ]
    return yaml.safe_dump({"groups": kept}, allow_unicode=True)


def named(expressions: Iterable[str]) -> set[str]:
    """Return all names in the expressions, and in those of the recording rules that have any of these names."""
    found: set[str] = set()
    new = {name for expression in expressions for name in _NAME.findall(expression)}
    while new:
        found |= new
        read = [str(rule["expr"]) for name, rule in records().items() if name in new]
        new = {name for expression in read for name in _NAME.findall(expression)} - found
    return found


@cache
def rules(language: str = "en") -> list[Rule]:
    """Return all rules in one language."""
    return [rule for group in groups(language) for rule in group["rules"]]


def alerts(language: str = "en") -> dict[str, Rule]:
    """Return the alerting rules by name."""
    return {rule["alert"]: rule for rule in rules(language) if "alert" in rule}


def records() -> dict[str, Rule]:
    """Return the recording rules by name."""
    return {rule["record"]: rule for rule in rules() if "record" in rule}


@cache
def recorded() -> Series:
    """Return the labels of everything that is recorded."""
    return recorded_series(records().values())
