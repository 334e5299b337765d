"""What the states say of limits: how many calls wolkvox allowed."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from wolkvox_exporter import storage
from wolkvox_exporter.api.reports import quota
from wolkvox_exporter.config import Operation
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.runtime.concurrency import NoThreadError, waited_for

_PATIENCE = 2.0
"""Seconds for which a state is waited for: its disk may hang, and it is not what was asked to be checked."""


def last_seen(folder: Path, operations: tuple[Operation, ...]) -> Mapping[str, float]:
    """Return the calls that wolkvox allowed in a day when an exporter last asked, by operation, where a state says."""
    try:
        return waited_for(partial(_limits, folder, operations), _PATIENCE, folder)
    except (TimeoutError, NoThreadError):
        return {}


def _limits(folder: Path, operations: tuple[Operation, ...]) -> Mapping[str, float]:
    clock = SystemClock()
    states = {operation.name: storage.peek(folder, operation, clock) for operation in operations}
    calls = {name: state.spending.calls for name, state in states.items() if state}
    return {name: found[quota.LIMIT] for name, found in calls.items() if quota.LIMIT in found}
