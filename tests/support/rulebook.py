"""The generated rules, as they stand in the repository."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from docs.generate import ROOT
from support.promql import Series, recorded_series

PROMETHEUS = ROOT / "prometheus"
RULES = PROMETHEUS / "rules"
Rule = dict[str, Any]


def groups(language: str = "en") -> Iterator[Rule]:
    """Yield the groups of all files in one language, recording rules first."""
    folder = RULES if language == "en" else RULES / language
    files = sorted(folder.glob("*.rules.yml"), key=lambda file: "recording" not in file.name)
    assert files, f"no rules in {folder}"
    for file in files:
        yield from yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]


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
