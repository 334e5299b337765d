"""Rules as vmalert reads them and VictoriaMetrics evaluates them."""

import re
from collections.abc import Mapping
from dataclasses import replace

from mixin.promql import WHOLE_HOUR
from mixin.rules import Alert, Group, Record

_CHANGES = re.compile(r"\bchanges\(")
_INCREASE = re.compile(r"(\bincrease\([^\[\]]*)\[61m\]\)" + re.escape(WHOLE_HOUR))


def fitting(groups: Mapping[str, tuple[Group, ...]]) -> dict[str, tuple[Group, ...]]:
    """Return the same groups, by file, so that they mean there what they mean to Prometheus."""
    return {
        file: tuple(replace(group, rules=tuple(map(_fitting, group.rules))) for group in content)
        for file, content in groups.items()
    }


def _fitting(rule: Record | Alert) -> Record | Alert:
    expression = expressed(rule.expression)
    if isinstance(rule, Record):
        return replace(rule, expression=expression)
    # refused before 1.92
    return replace(rule, expression=expression, keep_firing=None)


def expressed(expression: str) -> str:
    """Return what finds there what `expression` finds in Prometheus.

    An increase is counted from the last sample before the range, so that an hour is whole without a further minute; and
    so are changes, of which the first sample of a series would be one.
    """
    return _CHANGES.sub("changes_prometheus(", _INCREASE.sub(r"\1[1h])", expression))
