"""What is written of settings: rules that record them, and an example of the file with every threshold."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from textwrap import fill, indent

from wolkvox_exporter.assets.settings import Settings, written
from wolkvox_exporter.assets.thresholds import THRESHOLDS, Threshold, of_operations

PATH = PurePosixPath("prometheus", "rules", "wolkvox-settings.rules.yml")
"""Where the rules are; the bundled ones read what they record, and take their own defaults where there is nothing."""
HEADER = "# Made by `wolkvox-exporter assets --settings.file=FILE`; change that file, and write them anew.\n"
"""The first line of the rules, by which they are known as nobody's own work."""
_WIDTH = 118
_LAST_OF_FOUR_DIGITS = 0xFFFF
_EXAMPLE = """\
# From where on alerts speak, for `wolkvox-exporter assets DIR --settings.file=FILE`: rules for Prometheus are made of
# it. Every threshold stands here with its default; take away the `#` where yours differs. A new version of the exporter
# changes nothing of what you have set.
"""
_OPERATIONS = """
# Some for single operations, by their names as in the configuration; what is not set here is as above.
#operations:
#  "Ventas (CO) + MX":
"""


def rules(settings: Settings) -> str:
    """Return a file of rules that record each threshold that is set, for the operations for which it is."""
    groups = "".join(_rule(each, expression) for each in THRESHOLDS if (expression := _expression(each, settings)))
    if not groups:
        return f"{HEADER}groups: []\n"
    return f"{HEADER}groups:\n  - name: wolkvox-settings.rules\n    rules:\n{groups}"


def example() -> str:
    """Return a settings file that sets nothing, and shows what could be."""
    first = THRESHOLDS[0]
    own = f"#    {first.name}: {written(first, first.default)}\n"
    return f"{_EXAMPLE}#thresholds:\n{''.join(map(_shown, THRESHOLDS))}{_OPERATIONS}{own}"


def unit(threshold: Threshold) -> str:
    """Return in what a threshold is measured, for people."""
    if threshold.in_seconds:
        return "duration"
    return "ratio" if threshold.is_ratio else "number"


def _shown(threshold: Threshold) -> str:
    about = indent(fill(f"{threshold.about} ({unit(threshold)})", _WIDTH - 4), "  # ")
    return f"{about}\n#  {threshold.name}: {written(threshold, threshold.default)}\n"


def _rule(threshold: Threshold, expression: str) -> str:
    return f"      - record: {threshold.setting}\n        expr: |\n{indent(expression, ' ' * 10)}\n"


def _expression(threshold: Threshold, settings: Settings) -> str:
    return "\nor\n".join(_alternatives(threshold, settings))


def _alternatives(threshold: Threshold, settings: Settings) -> Iterator[str]:
    """Yield what records a threshold; of several for one operation the first counts."""
    for operation, own in settings.own.items():
        if threshold.name in own:
            yield of_operations(own[threshold.name], f"{{operation={_quoted(operation)}}}")
    if threshold.name in settings.general:
        yield of_operations(settings.general[threshold.name])


def _quoted(text: str) -> str:
    """Write a text as PromQL does; what cannot be printed would be no YAML either, and vmalert fills in `%{…}`."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%{", f"{_escape(ord('%'))}{{")
    return f'"{"".join(each if each.isprintable() else _escape(ord(each)) for each in escaped)}"'


def _escape(character: int) -> str:
    return f"\\u{character:04x}" if character <= _LAST_OF_FOUR_DIGITS else f"\\U{character:08x}"
