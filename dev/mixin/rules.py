"""What a rule is."""

from dataclasses import dataclass, field
from typing import Literal

from mixin.texts import Language

Severity = Literal["critical", "warning", "info", "none"]
Area = Literal["platform", "campaign"]
Board = Literal["operations", "campaign", "exporter"]
"""The dashboard on which an alert is understood."""


def board_uid(board: Board, language: Language) -> str:
    """Return what Grafana knows a dashboard by."""
    return f"wolkvox-{board}" if language == "en" else f"wolkvox-{board}-{language}"


@dataclass(frozen=True)
class Record:
    """A recording rule; the name is level:metric:operations."""

    name: str
    expression: str


@dataclass(frozen=True)
class Alert:
    """An alerting rule. Its texts are in the table, its runbook is the page of its name.

    `business_hours`: outside of them nobody needs to hear of it; Alertmanager's route mutes it, not the rule.
    """

    name: str
    expression: str
    pending: str | None
    severity: Severity
    area: Area
    board: Board
    keep_firing: str | None = None
    business_hours: bool = False


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated one after the other, every `interval` if it is not the server's own."""

    name: str
    rules: tuple[Record | Alert, ...] = field(repr=False)
    interval: str | None = None
