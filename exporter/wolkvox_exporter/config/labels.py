"""The labels that users give to operations, for joining them to other metrics: what is a name, and what a value."""

import re

from wolkvox_exporter.config.problems import BadValue
from wolkvox_exporter.config.values import label_value

MOST = 20
"""Labels at one place."""
NAME = "[a-zA-Z_][a-zA-Z0-9_]*"
LONGEST_NAME = 100
LONGEST_VALUE = 200
"""Characters, which is enough for a name of anything and keeps every series that is joined small."""
# of those that are published
_OF_METRICS = (
    *("operation", "report", "reason", "code", "field"),
    *("campaign", "campaign_id", "skill", "skill_name", "result", "phone"),
    *("threshold_seconds", "status", "direction", "activity"),
    *("version", "python_version", "implementation", "major", "minor", "patchlevel"),
)
_OF_RULES = ("state",)
_OF_TARGETS = ("job", "instance", "namespace", "service", "pod", "container", "endpoint", "node")
_OF_ALERTS = ("alertname", "alertstate", "severity", "area", "schedule")
RESERVED = frozenset((*_OF_METRICS, *_OF_RULES, *_OF_TARGETS, *_OF_ALERTS, "le", "quantile"))
"""Names that a join would overwrite, or that Prometheus would rename."""
RESERVED_PREFIXES = ("__", "exported_")
_NAME = re.compile(NAME)


def name(text: str) -> str:
    """Read the name of a label."""
    if not _NAME.fullmatch(text) or len(text) > LONGEST_NAME:
        raise BadValue(
            f"the name of a label has at most {LONGEST_NAME} characters, only a-z, A-Z, 0-9 and _, and no digit in "
            "front; write pais rather than país"
        )
    if text in RESERVED or text.startswith(RESERVED_PREFIXES):
        raise BadValue("this name is one that metrics, alerts or Prometheus itself have labels of; write another")
    return text


def value(text: str) -> str:
    """Read the value of a label."""
    return label_value(text, "the value of a label", LONGEST_VALUE)


def few(labels: object) -> object:
    """Check that there are not too many."""
    if isinstance(labels, dict) and len(labels) > MOST:
        raise BadValue(f"there are more than {MOST} labels; write fewer")
    return labels
