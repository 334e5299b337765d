"""How alerts compare with the thresholds, which are recorded for each operation."""

from wolkvox_exporter.assets.thresholds import THRESHOLDS

_RECORDS = {threshold.name: threshold.record for threshold in THRESHOLDS}


def threshold(operator: str, name: str) -> str:
    """Return the right-hand side of an operator whose left has at least job and operation; KeyError by a wrong name."""
    return f"{operator} on (job, operation) group_left () {_RECORDS[name]}"
