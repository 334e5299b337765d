"""What the reports have in common: their names, their fields and the account of what could not be read."""

from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from reprlib import Repr
from types import MappingProxyType
from typing import TypeVar

from wolkvox_exporter.api.values import Reader, Unreadable

Value = TypeVar("Value")
Readers = Mapping[str, Reader]
"""What is read out of one field: the name of each value and its reader."""
Fields = Mapping[str, Readers]
"""The numeric fields of a report by their key in the API."""

# of a value that may be anything: its beginning, and not too deep
_EXAMPLE = Repr()
_EXAMPLE.maxstring = 80


class ReportName(StrEnum):
    """The reports that are polled, in the order in which they are asked when several are due."""

    CAMPAIGNS = "campaigns"
    AMD = "amd"
    QUOTA = "quota"


class Unread:
    """How many values of each field of one answer could not be read, with an example of each."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def add(self, field: str, value: object) -> None:
        """Count one value of `field`."""
        self.counts[field] += 1
        if field not in self.examples:
            self.examples[field] = _EXAMPLE.repr(value)

    def merge(self, other: "Unread") -> None:
        """Add what another answer lacked."""
        self.counts.update(other.counts)
        self.examples = other.examples | self.examples

    def read(self, row: Mapping[str, object], key: str, reader: Callable[[object], Value]) -> Value | None:
        """Read one value of a row; None, and counted, if the key is absent or its text cannot be read."""
        if key not in row:
            self.add(key, "(no such key)")
            return None
        try:
            return reader(row[key])
        except Unreadable:
            self.add(key, row[key])
            return None

    def read_all(self, row: Mapping[str, object], fields: Fields) -> Mapping[str, float]:
        """Read all numeric fields of a row; what is blank or cannot be read is left out."""
        values: dict[str, float] = {}
        for key, readers in fields.items():
            values.update(self.read(row, key, partial(_read_field, readers)) or {})
        return MappingProxyType(values)


def _read_field(readers: Readers, value: object) -> dict[str, float]:
    read = {name: reader(value) for name, reader in readers.items()}
    return {name: number for name, number in read.items() if number is not None}
