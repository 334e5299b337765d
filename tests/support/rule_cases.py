"""Cases of the rules as promtool takes them: with durations in the place of `<since>`."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from wolkvox_exporter.config import durations

SINCE = "<since>"
Case = dict[str, Any]


class _Texts(yaml.SafeLoader):
    """Takes every scalar for a text, as 0x20 is a series of zeros in a case; mappings are merged as ever."""


_Texts.yaml_implicit_resolvers = {"<": [("tag:yaml.org,2002:merge", re.compile("^<<$"))]}


def dated(file: Path) -> Case:
    """Return a file of cases in which every text says how long it has been so at its check; KeyError if none can."""
    document: Case = yaml.load(file.read_text(encoding="utf-8"), _Texts)  # noqa: S506 - a safe loader
    for case in document["tests"]:
        since = case.pop("since", None)
        if "alert_rule_test" in case:
            case["alert_rule_test"] = [_dated(check, since) for check in case["alert_rule_test"]]
    return document


def _dated(check: Case, since: str | None) -> Case:
    # anchors share what is expected
    own = deepcopy(check)
    begun, told = own.pop("since", since), own.pop("until", own["eval_time"])
    for alert in own.get("exp_alerts", []):
        said = alert["exp_annotations"]
        if SINCE in said["description"]:
            if begun is None:
                raise KeyError(f"{check['alertname']} at {check['eval_time']}: since when?")
            lasting = humanized(_seconds(told) - _seconds(begun))
            said["description"] = said["description"].replace(SINCE, lasting)
    return own


def _seconds(moment: str) -> int:
    return round(durations.parse(moment))


def humanized(seconds: int) -> str:
    """Write a duration as Prometheus' `humanizeDuration` does."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours}h {minutes}m {rest}s"
    if hours:
        return f"{hours}h {minutes}m {rest}s"
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"
