"""What is wrong with a configuration file, and where; no problem ever shows a value, which might be a secret."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from wolkvox_exporter.runtime.plain_error import PlainError

Location: TypeAlias = tuple[str | int, ...]
"""The keys and list positions that lead to a value."""

_PLAIN_KEY = re.compile(r"[a-z][a-z_]{0,30}", re.ASCII)


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One thing to put right, or, as a warning, to think about; `path` is empty where the whole file is meant."""

    file: str
    line: int
    path: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (f"{self.file}:{self.line}", self.path, self.text) if part)


class BadValue(ValueError):  # noqa: N818 - reads as what it says
    """The text cannot be used; the message says what would be right and never repeats the text."""


class ConfigError(PlainError):
    """A configuration that cannot be used, with all its problems in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def path_text(location: Location, known: Collection[str] = ()) -> str:
    """Write a location as `operations[0].name`, up to the first key that is none: it might be a misplaced secret.

    Keys are plain words, or `known` ones.
    """
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part in known or _PLAIN_KEY.fullmatch(part):
            path += f".{part}"
        else:
            break
    return path.removeprefix(".")
