"""A YAML file as nested texts, with the line of each.

YAML reads `0042` as 34, `off` and `no` as false and `1:30` as 90. Nobody who writes a server or a name means that, so
values stay the text as written and the models decide what it is.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import yaml
from yaml.reader import ReaderError

from wolkvox_exporter.config.problems import ConfigError, Location, Problem, path_text
from wolkvox_exporter.runtime import files, shortages

Data: TypeAlias = "str | list[Data] | dict[str, Data] | None"
"""What stands in a file; None where something is already reported as wrong."""

_MAX_BYTES = 1_048_576
_MAX_DEPTH = 20
# aliases multiply what little text says; this bounds what comes of it
_MAX_VALUES = 100_000
_TOO_DEEP = "the values are nested too deeply; see the examples that `wolkvox-exporter assets DIR` writes"
_EMPTY = (
    "the file is empty; write at least one operation, as in config.example.yaml, "
    "which `wolkvox-exporter assets DIR` writes"
)
_NO_TAGS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}
_QUOTE = re.compile("['\"]")
_SOMETHING = "something cannot stand here; check indentation, and quote values that start with & * ! % @ or `"
_Entries: TypeAlias = dict[str, tuple[yaml.Node, yaml.Node]]

_UNCLOSED = "found unexpected end of stream"
_SYNTAX = {
    "could not find expected ':'": "a key has no colon after it, or a quote before it is not closed",
    "mapping values are not allowed here": "a colon stands where no key can be; check indentation and quotes",
    "found character": "a value starts with a tab, @, ` or %; indent with spaces and quote such values",
    "expected <block end>": "the line does not fit the ones before it; check indentation, dashes and quotes",
    "expected ',' or": "a bracket or brace is not closed, or a comma is missing",
    _UNCLOSED: "a quote is opened and never closed",
    "found undefined tag handle": "a tag (!…) means nothing here; quote the value if it is part of it",
    "found undefined alias": "an alias (*name) has no anchor (&name) before it; quote the value if none is meant",
    "second occurrence": "an anchor (&name) is defined twice; give it another name",
    "found unknown escape character": "a backslash in double quotes starts no known escape; use single quotes",
    "but found another document": "a second document starts here; remove the --- line",
}


@dataclass(slots=True)
class Document:
    """The content of a file; each location that is written has a line, and `digest` is that of its bytes.

    `known` are keys that problems may show although they are no plain words.
    """

    file: str
    known: Collection[str] = ()
    data: Data = None
    digest: str = ""
    lines: dict[Location, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, location: Location, text: str, line: int | None = None) -> Problem:
        """Make a problem of what is wrong at a location, or at the nearest one above it that is written."""
        written = location
        while written and written not in self.lines:
            written = written[:-1]
        return Problem(self.file, line or self.lines.get(written, 1), path_text(location, self.known), text)


def read(path: Path, *, may_be_empty: bool = False, may_be_pipe: bool = True, known: Collection[str] = ()) -> Document:
    """Read a file; what can be read of it is returned, with its problems, `ConfigError` if that is nothing.

    Of keys that are no plain words problems show the `known` ones.
    """
    document = Document(str(path), known=known)
    text = _text(path, document, may_be_pipe=may_be_pipe)
    failure = text if isinstance(text, Problem) else _build(text, document, may_be_empty=may_be_empty)
    # raised here and not while handling its cause, which quotes the file and would hang on as context
    if failure:
        raise ConfigError((failure,))
    return document


def _text(path: Path, document: Document, *, may_be_pipe: bool) -> str | Problem:
    try:
        if not may_be_pipe:
            files.require_regular(path)
        content = files.read(path, _MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            return document.problem((), "the file is larger than 1 MiB; is it the right one?")
        document.digest = files.digest(content)
        return content.decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or "unknown reason"
        remedy = shortages.remedy(error) or "give the path of a readable file"
        return document.problem((), f"the file cannot be read ({reason}); {remedy}")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return document.problem((), "the file is not in UTF-8; save it in that encoding", line)


def _build(text: str, document: Document, *, may_be_empty: bool) -> Problem | None:
    try:
        node = _compose(text)
        if node is None or _is_blank(node):
            if may_be_empty:
                document.data = {}
                return None
            return document.problem((), _EMPTY)
        document.data = _Builder(document).value(node, ())
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return document.problem((), "a character has no place in YAML; remove control characters", line)
    except yaml.MarkedYAMLError as error:
        # a quote that is never closed is found at the end, and stands where the text begins
        unclosed = (error.problem or "").startswith(_UNCLOSED)
        mark = error.context_mark if unclosed else error.problem_mark
        line = mark.line + 1 if mark else 1
        return document.problem((), _syntax(error), line)
    return None


class _Refused(yaml.MarkedYAMLError):
    """Proper YAML, but more than a configuration needs."""

    def __init__(self, problem: str, mark: yaml.Mark) -> None:
        super().__init__(problem=problem, problem_mark=mark)


class _Loader(yaml.BaseLoader):
    """Composes nodes without reading a type into any text, and not deeper than Python's stack allows."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _Refused(_TOO_DEEP, self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    except (ValueError, OverflowError):
        # PyYAML lets these escape for numbers that exceed what Python can hold
        raise _Refused(
            "the number of an escape or of a % directive is too large; remove it", loader.get_mark()
        ) from None
    finally:
        loader.dispose()


class _Builder:
    """Turns nodes into data."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._values_left = _MAX_VALUES
        self._around: list[yaml.Node] = []

    def value(self, node: yaml.Node, at: Location) -> Data:
        """Return the data of a node and note the lines and problems of all that is in it."""
        self._document.lines.setdefault(at, _line(node))
        with self._inside(node):
            if node.tag not in _NO_TAGS:
                self._wrong(at, "a tag (!…) means nothing here; remove it, or quote the value if it is part of it")
            elif isinstance(node, yaml.MappingNode):
                return self._mapping(node, at)
            elif isinstance(node, yaml.SequenceNode):
                return [self.value(item, (*at, index)) for index, item in enumerate(node.value)]
            elif _is_blank(node):
                self._wrong(at, "nothing is written here; write a value or remove the key")
            else:
                return str(node.value)
        return None

    def _mapping(self, node: yaml.MappingNode, at: Location) -> Data:
        entries = self._entries(node, at)
        self._document.lines.update({(*at, key): _line(key_node) for key, (key_node, _) in entries.items()})
        return {key: self.value(value, (*at, key)) for key, (_, value) in entries.items()}

    def _entries(self, node: yaml.MappingNode, at: Location) -> _Entries:
        own: _Entries = {}
        merged: _Entries = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._wrong(at, "a key must be a plain word; quote what starts with [ or {", _line(key))
            elif key.value == "<<" and key.style is None:
                self._merge(value, at, merged)
            elif key.value in own:
                first = _line(own[key.value][0])
                self._wrong((*at, key.value), f"the key is already written in line {first}; remove one", _line(key))
            else:
                own[key.value] = (key, value)
        return merged | own

    def _merge(self, node: yaml.Node, at: Location, merged: _Entries) -> None:
        with self._inside(node):
            if isinstance(node, yaml.MappingNode):
                # as YAML has it, the first of several wins
                for key, entry in self._entries(node, at).items():
                    merged.setdefault(key, entry)
            elif isinstance(node, yaml.SequenceNode):
                for part in node.value:
                    self._merge(part, at, merged)
            else:
                self._wrong(at, "<< takes over the keys of an alias; write <<: *name", _line(node))

    def _wrong(self, at: Location, text: str, line: int | None = None) -> None:
        self._document.problems.append(self._document.problem(at, text, line))

    @contextmanager
    def _inside(self, node: yaml.Node) -> Iterator[None]:
        self._values_left -= 1 if isinstance(node, yaml.ScalarNode) else 1 + len(node.value)
        if self._values_left < 0:
            raise _Refused(
                "the file, with its aliases written out, holds too many values; write fewer", node.start_mark
            )
        if any(node is outer for outer in self._around):
            raise _Refused("an alias stands inside its own anchor; write the value out", node.start_mark)
        if len(self._around) > _MAX_DEPTH:
            raise _Refused(_TOO_DEEP, node.start_mark)
        self._around.append(node)
        try:
            yield
        finally:
            self._around.pop()


def _syntax(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "it cannot be read"
    if isinstance(error, _Refused):
        return problem
    meanings = (meaning for start, meaning in _SYNTAX.items() if problem.startswith(start))
    # PyYAML quotes what it found, which might be a secret
    otherwise = _SOMETHING if _QUOTE.search(problem) else problem
    return f"this is not YAML: {next(meanings, otherwise)}"


def _is_blank(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.value and node.style is None


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
