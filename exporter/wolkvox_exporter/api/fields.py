"""What the reports have in common: their names, their fields and the account of what could not be read."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from reprlib import Repr
from types import MappingProxyType
from typing import TypeVar

from wolkvox_exporter.api.values import Reader, Unreadable

Value = TypeVar("Value")
_NO_SUCH_KEY = "(no such key)"
_ABOUT_PEOPLE = "(not shown, since it may be about a person)"
# of a value that may be anything: its beginning, and not too deep
_EXAMPLE = Repr()
_EXAMPLE.maxstring = 80


class ReportName(StrEnum):
    """The reports that are polled, in the order in which they are asked when several are due."""

    CAMPAIGNS = "campaigns"
    SKILLS = "skills"
    AGENTS = "agents"
    AMD = "amd"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a report, as the API documents it.

    `example` is how a value is written. `reader` reads the value that bears the field's name, `more` further ones by
    their names; without a reader it is text, which the report itself understands. An `optional` field is one that some
    servers do not have: where no row of an answer has it, nothing is missing.
    """

    example: str
    reader: Reader | None = None
    more: Mapping[str, Reader] = field(default_factory=lambda: MappingProxyType({}))
    optional: bool = False

    def readers(self, name: str) -> Mapping[str, Reader]:
        """Return what is read out of it under this name: the name of each value and its reader."""
        return {name: self.reader, **self.more} if self.reader else {}


Fields = Mapping[str, Field]
"""Fields of a report by their key in the API."""


class Unread:
    """How many values of each field of one answer could not be read, with an example of each.

    Of a report that is `about_people` no value is shown, since it may be a name that stands in the wrong place.
    """

    def __init__(self, *, about_people: bool = False) -> None:
        self._about_people = about_people
        self.rows = 0
        """Of the answer, those that could not be read among them."""
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self._present: set[str] = set()
        self._absent: Counter[str] = Counter()

    def add(self, field: str, value: object) -> None:
        """Count one value of `field`."""
        self.counts[field] += 1
        if field not in self.examples:
            is_shown = value is _NO_SUCH_KEY or not self._about_people
            self.examples[field] = _EXAMPLE.repr(value) if is_shown else _ABOUT_PEOPLE

    def merge(self, other: "Unread") -> None:
        """Add what another answer lacked."""
        self.counts.update(other.counts)
        self.examples = other.examples | self.examples

    def read(
        self, row: Mapping[str, object], key: str, reader: Callable[[object], Value], *, optional: bool = False
    ) -> Value | None:
        """Read one value of a row; None, and counted, if the key is absent or its text cannot be read.

        An optional key is counted where some rows of the answer have it and others do not.
        """
        if key not in row:
            self._miss(key, optional=optional)
            return None
        if optional:
            self._find(key)
        try:
            return reader(row[key])
        except Unreadable:
            self.add(key, row[key])
            return None

    def read_all(self, row: Mapping[str, object], fields: Fields) -> Mapping[str, float]:
        """Read all numeric fields of a row; what is blank or cannot be read is left out."""
        values: dict[str, float] = {}
        for key, each in fields.items():
            if each.more:
                reader = partial(_read_field, each.readers(key))
                values.update(self.read(row, key, reader, optional=each.optional) or {})
            elif each.reader:
                number = self.read(row, key, each.reader, optional=each.optional)
                if number is not None:
                    values[key] = number
        return MappingProxyType(values)

    def _miss(self, key: str, *, optional: bool) -> None:
        if optional and key not in self._present:
            self._absent[key] += 1
        else:
            self.add(key, _NO_SUCH_KEY)

    def _find(self, key: str) -> None:
        self._present.add(key)
        # the server has the field: the rows before lacked it
        for _ in range(self._absent.pop(key, 0)):
            self.add(key, _NO_SUCH_KEY)


def _read_field(readers: Mapping[str, Reader], value: object) -> dict[str, float]:
    read = {name: reader(value) for name, reader in readers.items()}
    return {name: number for name, number in read.items() if number is not None}
