"""Replies of the API kept for a report of a surprise: names replaced, keys, digits and shapes as they came."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wolkvox_exporter.api.client import Call
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.cli.masking import without_names
from wolkvox_exporter.cli.output import at_terminal, complain
from wolkvox_exporter.runtime import shortages
from wolkvox_exporter.runtime.plain_error import PlainError
from wolkvox_exporter.runtime.printing import printable


class RepliesError(PlainError):
    """Replies cannot be kept."""

    def __init__(self, folder: Path, error: OSError) -> None:
        remedy = shortages.remedy(error) or "choose another folder"
        super().__init__(f"replies cannot be kept in {folder} ({error.strerror}); {remedy}")


class Recorder:
    """Sees the calls of one operation: names them to a person at a terminal, and keeps the replies, if in a folder.

    Raises `RepliesError` where a reply cannot be written.
    """

    def __init__(self, operation: str, number: int, folder: Path | None) -> None:
        self._operation = operation
        self._number = number
        self._folder = folder
        self._replies = 0

    def asking(self, call: Call) -> None:
        """Say that a call is about to be made."""
        if at_terminal():
            complain(printable(f"asking {self._operation} for {call.subject} …"))

    def answered(self, call: Call, answer: Answer) -> None:
        """Keep a reply."""
        if self._folder is not None:
            self._replies += 1
            name = f"operation-{self._number}.{self._replies:02}.{call.parameters['api']}.{answer.status}.txt"
            with _writing_to(self._folder):
                (self._folder / name).write_text(
                    without_names(answer.body, about_people=call.about_people), encoding="utf-8"
                )


def make(folder: Path) -> None:
    """Make the folder for replies if it is missing; raises `RepliesError`."""
    with _writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def _writing_to(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RepliesError(folder, error) from None
