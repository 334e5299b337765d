"""What polling an operation costs: calls a day, of which an account has licences × 1000."""  # noqa: RUF002 - as the vendor puts it

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wolkvox_exporter.config.models import Operation
from wolkvox_exporter.config.skills import SkillsMode
from wolkvox_exporter.config.values import AgentsMode, AmdMode

CALLS_OF_A_LICENCE = 1000
"""Calls a day that each licence of an account gives to all its integrations."""
_DAY = 86_400.0


def _amd_calls(operation: Operation) -> int:
    if operation.amd is AmdMode.OFF:
        return 0
    return operation.amd_max_calls if operation.amd is AmdMode.EACH else 1


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often a report is asked for: the key that says so, and its calls each time, 0 where the report is off."""

    key: str
    calls: Callable[[Operation], int] = lambda _: 1


SCHEDULES: Mapping[str, Schedule] = MappingProxyType(
    {
        "campaigns": Schedule("interval"),
        "skills": Schedule("skills_interval", lambda operation: operation.skills is not SkillsMode.OFF),
        "agents": Schedule("agents_interval", lambda operation: operation.agents is not AgentsMode.OFF),
        "amd": Schedule("amd_interval", _amd_calls),
        "quota": Schedule("quota_interval"),
    }
)
"""By the report's name, in the order in which reports are asked when several are due."""


def calls_a_day(operation: Operation) -> Mapping[str, int]:
    """Return the most calls that each report takes in a day without failures, by the report's name, if it is on."""
    wanted = {report: interval(operation, report) for report in SCHEDULES}
    return {
        report: math.ceil(_DAY / seconds * SCHEDULES[report].calls(operation))
        for report, seconds in wanted.items()
        if seconds
    }


def interval(operation: Operation, report: str) -> float:
    """Return how many seconds apart a report is asked for; 0 where it is off."""
    schedule = SCHEDULES[report]
    seconds: float = getattr(operation, schedule.key)
    return seconds if schedule.calls(operation) else 0.0


def licences(calls: int) -> int:
    """Return how many licences give so many calls a day."""
    return math.ceil(calls / CALLS_OF_A_LICENCE)
