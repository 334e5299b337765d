"""Replies of the API kept for a report of a surprise: names replaced, keys, digits and shapes as they came."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wolkvox_exporter.api.client import Call
from wolkvox_exporter.api.reports import amd, campaigns, quota
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.cli.output import at_terminal, complain
from wolkvox_exporter.runtime import shortages
from wolkvox_exporter.runtime.logs import printable

# what the API itself says, in which nobody is named
_VOCABULARY = re.compile(
    r"tel(?=\d)|\b(?:started|stopped|strategy|autopilot|vagent|records were found|validate dates entered"
    r"|bad request|unauthorized|forbidden|not found"
    r"|please (?:validate token|enter the wolkvox-token)|token limit exceeded|some parameters are required"
    r"|the api you want to consult does not exist|exceeds the limit of simultaneous requests per token)\b",
    re.IGNORECASE,
)
# matches from every quotation mark, also where none closes it: that it is the last is known at once
_STRING = re.compile(r'"((?:[^"\\]++|\\.)*+)("\s*+:|"|)', re.DOTALL)
_TAG = re.compile(r"<[/!]?[a-z][a-z0-9]*", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}|\\.", re.DOTALL)
_BARE_WORD = re.compile(r"\b(?:null|true|false)\b")


def without_names(body: bytes) -> str:
    """Replace every letter that may belong to a name by x, X, ñ or Ñ."""
    text = body.decode(errors="replace")
    masked, at = [], 0
    for string in _STRING.finditer(text):
        inside, close = string.groups()
        if not close:
            break
        masked.append(_masked(text[at : string.start()], _TAG, _BARE_WORD))
        # keys are the API's own words, but in a page that is no JSON nothing is
        masked.append(string.group() if close != '"' else f'"{_masked(inside, _VOCABULARY, _ESCAPE)}"')
        at = string.end()
    return "".join([*masked, _masked(text[at:], _TAG, _BARE_WORD)])


def _masked(text: str, *kept: re.Pattern[str]) -> str:
    """Replace letters but for what matches one of `kept`."""
    pattern = re.compile("|".join(f"(?:{each.pattern})" for each in kept), re.IGNORECASE | re.DOTALL)
    masked, at = [], 0
    for word in pattern.finditer(text):
        masked += [text[at : word.start()].translate(_MASKS), word.group()]
        at = word.end()
    return "".join([*masked, text[at:].translate(_MASKS)])


class _Masks(dict[int, str]):
    """What stands for each character, by its code."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        plain, other = ("X", "Ñ") if character.isupper() else ("x", "ñ")
        self[code] = character if not character.isalpha() else plain if character.isascii() else other
        return self[code]


_MASKS = _Masks()


class RepliesError(Exception):
    """Replies cannot be kept."""

    def __init__(self, folder: Path, error: OSError) -> None:
        remedy = shortages.remedy(error) or "choose another folder"
        super().__init__(f"replies cannot be kept in {folder} ({error.strerror}); {remedy}")


def subject(call: Call) -> str:
    """Return what a call asks for, as people call it."""
    if call.parameters["api"] == amd.API:
        campaign = call.parameters["campaign_id"]
        return "AMD of all campaigns" if campaign == amd.ALL_CAMPAIGNS else f"AMD of campaign {campaign}"
    return next((name for name, each in _SINGLE.items() if each == call), call.parameters["api"])


_SINGLE = {"campaigns": campaigns.CALL, "the quota": quota.CALL}


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
            complain(printable(f"asking {self._operation} for {subject(call)} …"))

    def answered(self, call: Call, answer: Answer) -> None:
        """Keep a reply."""
        if self._folder is not None:
            self._replies += 1
            name = f"operation-{self._number}.{self._replies:02}.{call.parameters['api']}.{answer.status}.txt"
            with _writing_to(self._folder):
                (self._folder / name).write_text(without_names(answer.body), encoding="utf-8")


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
