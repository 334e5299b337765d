"""Names, numbers and ids taken out of an answer of the API; keys, shapes and all else stay as they came."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from unicodedata import category

from wolkvox_exporter.api.reports import agents

_PERSONAL = frozenset({"agentid", "agentname", "agentdni", "ip", "telephone", "customerid", "customername"})
"""Keys, less what is no letter, under which something about a person stands: not even digits of it are kept."""
_ENVELOPE = ("code", "error", "msg", "data")
_KEYS_OF_AGENTS = frozenset((*agents.FIELDS, "agent_id", "agent_name", "calls", "aht_time", "ocupation", *_ENVELOPE))
"""Keys that may stand in an answer about people; any other may be a person's name itself."""
_NUMBERS_OF_AGENTS = frozenset((*agents.NUMBERS, "calls", "aht_time", "ocupation", "code"))
"""Keys in it whose digits say nothing of who somebody is."""
# what the API itself says, in which nobody is named
_VOCABULARY = re.compile(
    r"tel(?=\d)|\b(?:started|stopped|strategy|autopilot|vagent|records were found|validate dates entered"
    r"|bad request|unauthorized|forbidden|not found"
    r"|please (?:validate token|enter the wolkvox-token)|token limit exceeded|some parameters are required"
    r"|the api you want to consult does not exist|exceeds the limit of simultaneous requests per token)\b",
    re.IGNORECASE,
)
_STATES = re.compile(r"\A\s*+(?:ready|talk|acw|ring|logout)\s*+\Z", re.IGNORECASE)
# matches from every quotation mark, also where none closes it: that it is the last is known at once
_STRING = re.compile(r'"((?:[^"\\]++|\\.)*+)("\s*+:|"|)', re.DOTALL)
_TAG = re.compile(r"<[/!]?[a-z][a-z0-9]*", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}|\\.", re.DOTALL)
_BARE_WORD = re.compile(r"\b(?:null|true|false)\b")
_LETTER = re.compile(r"\\u([0-9a-fA-F]{4})")
_STRUCTURE = re.compile(r"([][{},])")
_COUNT_OR_TIME = re.compile(r"\s*(?:\d[\d,]*(?:\.\d+)?\s?%?|\d+:\d\d:\d\d)?\s*", re.ASCII)


def without_names(body: bytes, *, about_people: bool = False) -> str:
    """Replace every letter that may belong to a name by x, X, ñ or Ñ, and every digit that may tell a person by 0.

    In an answer that is `about_people` nothing is kept but the API's own keys, and digits of counts and times.
    """
    text = body.decode(errors="replace")
    place = _Place(about_people=about_people)
    return "".join(place.masked(piece) for piece in _pieces(text))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the text: a key or another string, without its quotation marks, or what stands between strings."""

    text: str
    kind: str = "between"
    close: str = ""


def _pieces(text: str) -> Iterator[_Piece]:
    at = 0
    for string in _STRING.finditer(text):
        inside, close = string.groups()
        if not close:
            break
        yield _Piece(text[at : string.start()])
        # keys are the API's own words, but in a page that is no JSON nothing is
        yield _Piece(inside, "string" if close == '"' else "key", close)
        at = string.end()
    yield _Piece(text[at:])


class _Place:
    """Where in the document the text has come to: under which key, and whether that is about a person."""

    def __init__(self, *, about_people: bool) -> None:
        self._about_people = about_people
        self._key = ""
        self._depth = 0
        self._personal_at: int | None = None
        """How deep a key about a person stands: what is nested in its value is about that person as well."""

    def masked(self, piece: _Piece) -> str:
        """Take the next piece of the text, and return it as it may be kept."""
        if piece.kind == "key":
            return f'"{self._entered(piece.text)}{piece.close}'
        if piece.kind == "string":
            return f'"{self._value(piece.text, *self._kept(piece.text))}"'
        return self._between(piece.text)

    def _entered(self, key: str) -> str:
        self._key = key.casefold()
        if self._personal_at is None or self._depth <= self._personal_at:
            is_personal = re.sub(r"[^a-z]", "", self._key) in _PERSONAL
            self._personal_at = self._depth if is_personal else None
        is_known = not self._about_people or self._key in _KEYS_OF_AGENTS
        return key if is_known else _masked(key, keeps_digits=False)

    def _between(self, text: str) -> str:
        return "".join(self._structure(part) for part in _STRUCTURE.split(text))

    def _structure(self, part: str) -> str:
        if not _STRUCTURE.fullmatch(part):
            return self._value(part, _TAG, _BARE_WORD)
        # whatever follows a value is under no key
        self._key = ""
        self._depth += (part in "[{") - (part in "]}")
        if self._personal_at is not None and self._depth < self._personal_at:
            self._personal_at = None
        return part

    def _kept(self, text: str) -> Iterator[re.Pattern[str]]:
        """Return what may be kept of a string as it stands here."""
        if self._key == agents.STATUS and _STATES.search(text):
            yield _STATES
        if self._personal_at is None and not self._about_people:
            yield _VOCABULARY

    def _value(self, text: str, *kept: re.Pattern[str]) -> str:
        is_number = not self._about_people or (
            self._key in _NUMBERS_OF_AGENTS and _COUNT_OR_TIME.fullmatch(text) is not None
        )
        return _masked(text, *kept, keeps_digits=is_number and self._personal_at is None)


def _masked(text: str, *kept: re.Pattern[str], keeps_digits: bool) -> str:
    """Replace letters, perhaps digits, but for what matches one of `kept`."""
    pattern = re.compile("|".join(f"(?:{each.pattern})" for each in (*kept, _ESCAPE)), re.IGNORECASE | re.DOTALL)
    table = _LETTERS if keeps_digits else _ALL
    masked, at = [], 0
    for word in pattern.finditer(text):
        masked += [text[at : word.start()].translate(table), _LETTER.sub(table.escaped, word.group())]
        at = word.end()
    return "".join([*masked, text[at:].translate(table)])


class _Masks(dict[int, str]):
    """What stands for each character, by its code."""

    def __init__(self, *, digits: bool) -> None:
        super().__init__()
        self._digits = digits

    def __missing__(self, code: int) -> str:
        character = chr(code)
        plain, other = ("X", "Ñ") if character.isupper() else ("x", "ñ")
        if character.isalpha():
            self[code] = plain if character.isascii() else other
        else:
            self[code] = "0" if self._digits and character.isnumeric() else character
        return self[code]

    def escaped(self, found: re.Match[str]) -> str:
        """Return what stands for a character that is written by its code."""
        character = chr(int(found[1], 16))
        # half a pair may be of a letter
        mask = "ñ" if self._digits and category(character) == "Cs" else self[ord(character)]
        return found[0] if mask == character else f"\\u{ord(mask):04x}"


_LETTERS, _ALL = _Masks(digits=False), _Masks(digits=True)
