"""What polling an operation costs: calls a day, of which an account has licences × 1000."""  # noqa: RUF002 - as the vendor puts it

import math
from collections.abc import Mapping

from wolkvox_exporter.config.models import Operation
from wolkvox_exporter.config.values import AmdMode

CALLS_OF_A_LICENCE = 1000
"""Calls a day that each licence of an account gives to all its integrations."""
_DAY = 86_400.0


def calls_a_day(operation: Operation) -> Mapping[str, int]:
    """Return the most calls that each report takes in a day without failures, by the report's name, if it is on."""
    reports = {
        "campaigns": (operation.interval, 1),
        "amd": (operation.amd_interval, _amd_calls(operation)),
        "quota": (operation.quota_interval, 1),
    }
    return {
        name: math.ceil(_DAY / interval * calls) for name, (interval, calls) in reports.items() if interval and calls
    }


def licences(calls: int) -> int:
    """Return how many licences give so many calls a day."""
    return math.ceil(calls / CALLS_OF_A_LICENCE)


def _amd_calls(operation: Operation) -> int:
    if operation.amd is AmdMode.OFF:
        return 0
    return operation.amd_max_calls if operation.amd is AmdMode.EACH else 1
