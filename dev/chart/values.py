"""The chart's values as they stand in values.yaml: each with its comment and its default."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from docs.generate import ROOT

CHART = ROOT / "deploy" / "helm" / "wolkvox-exporter"


@dataclass(frozen=True)
class Value:
    """A value; one without a comment of its own belongs to the value around it."""

    path: tuple[str, ...]
    about: str
    default: Any

    @property
    def name(self) -> str:
        """The path as people write it."""
        return ".".join(self.path)


def values() -> list[Value]:
    """Return all values that have a comment, and the objects around them, in the order of the file."""
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    document = yaml.compose(text)
    if not isinstance(document, yaml.MappingNode):
        raise TypeError("values.yaml: this is no mapping")
    return list(_values(document, yaml.safe_load(text), text.splitlines(), ()))


def _values(
    node: yaml.MappingNode, defaults: dict[str, Any], lines: list[str], path: tuple[str, ...]
) -> Iterator[Value]:
    for key, child in node.value:
        about, default = _comment(lines, key.start_mark.line), defaults[key.value]
        inner: list[Value] = []
        if isinstance(child, yaml.MappingNode) and not child.flow_style:
            inner = list(_values(child, default, lines, (*path, key.value)))
        if about or inner:
            yield Value((*path, key.value), about, default)
        yield from inner


def _comment(lines: list[str], at: int) -> str:
    """Return the comment right above a line."""
    start = at
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return " ".join(line.strip().removeprefix("#").strip() for line in lines[start:at])
