"""Says once that a field cannot be read, and once that it can again."""

from collections.abc import Mapping
from typing import Protocol

from wolkvox_exporter.api.fields import Unread


class _Log(Protocol):
    def warning(self, event: str, **values: object) -> None: ...
    def info(self, event: str, **values: object) -> None: ...


class Readability:
    """The fields of one report of one operation that cannot be read at the moment."""

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._unreadable: Mapping[str, int] = {}

    def note(self, unread: Unread) -> None:
        """Log what has changed since the last good poll."""
        for name in unread.counts.keys() - self._unreadable.keys():
            count, example = unread.counts[name], unread.examples[name]
            self._log.warning("field cannot be read", field=name, values=count, example=example, remedy=_REMEDY)
        for name in self._unreadable.keys() - unread.counts.keys():
            self._log.info("field can be read again", field=name)
        self._unreadable = unread.counts


_REMEDY = "these samples are left out, all others are published; if the API changed, report a bug with the example"
