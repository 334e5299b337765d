"""What polling an operation costs: calls a day, of which an account has licences × 1000."""  # noqa: RUF002 - as the vendor puts it

import math
from collections.abc import Mapping

from wolkvox_exporter.config.models import Operation
from wolkvox_exporter.config.values import AmdMode

CALLS_OF_A_LICENCE = 1000
"""Calls a day that each licence of an account gives to all its integrations."""
INTERVALS: Mapping[str, str] = {"campaigns": "interval", "amd": "amd_interval", "quota": "quota_interval"}
"""By the report's name, the key that says how often it is asked for."""
_DAY = 86_400.0


def calls_a_day(operation: Operation) -> Mapping[str, int]:
    """Return the most calls that each report takes in a day without failures, by the report's name, if it is on."""
    calls = {"campaigns": 1, "amd": _amd_calls(operation), "quota": 1}
    wanted = {report: interval(operation, report) for report, number in calls.items() if number}
    return {report: math.ceil(_DAY / seconds * calls[report]) for report, seconds in wanted.items() if seconds}


def interval(operation: Operation, report: str) -> float:
    """Return how many seconds apart a report is asked for; 0 is never."""
    seconds: float = getattr(operation, INTERVALS[report])
    return seconds


def licences(calls: int) -> int:
    """Return how many licences give so many calls a day."""
    return math.ceil(calls / CALLS_OF_A_LICENCE)


def _amd_calls(operation: Operation) -> int:
    if operation.amd is AmdMode.OFF:
        return 0
    return operation.amd_max_calls if operation.amd is AmdMode.EACH else 1
