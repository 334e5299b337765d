"""The token taken out of whatever repeats it."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Self

SHORTEST_SECRET = 8
"""Characters of a token that is looked for: taking out anything shorter would tear holes into good answers."""
# JSON within JSON doubles the backslashes; without a bound, a long row of them would take for ever
_NESTED = 8
_MOST_UNITS = 2 + _NESTED
"""Spellings that may stand for one backslash; of other characters there is one, and as many backslashes before it."""
_ESCAPED_IN_JSON = frozenset('"/')
_LONGEST_SPELLING = len("&#0126;")
_REPLACEMENT = b"***"


@dataclass(frozen=True, slots=True, repr=False)
class Spellings:
    """All ways in which a token may be written, as a pattern, and the length of the longest, in bytes."""

    token: str
    pattern: re.Pattern[bytes] | None
    longest: int

    @classmethod
    def of(cls, token: str) -> Self:
        """Return those of a token; it takes a millisecond."""
        if len(token) < SHORTEST_SECRET:
            return cls(token, None, 0)
        return cls(token, re.compile(_any_spelling(token).encode()), len(token) * _MOST_UNITS * _LONGEST_SPELLING)


class Redaction:
    r"""Takes a token out of an answer that comes in pieces, in upper or lower case, however its characters are spelled.

    A text in JSON, HTML or an address may have spellings of its own for each of them: `"` is `\"`, `\u0022`, `&quot;`
    or `%22`. So what is decoded later cannot hold it either. What pieces give is what the whole would give. `latest`
    are the spellings of the token before, which is mostly the same.
    """

    def __init__(self, token: str, latest: Spellings | None = None) -> None:
        self.spellings = latest if latest and latest.token == token else Spellings.of(token)
        self._kept = b""

    def take(self, piece: bytes) -> bytes:
        """Return what is certain of the answer with its next piece, without the token."""
        return self._clean(self._kept + piece, self.spellings.longest)

    def rest(self) -> bytes:
        """Return the end of the answer after its last piece."""
        return self._clean(self._kept, 0)

    def _clean(self, text: bytes, margin: int) -> bytes:
        if self.spellings.pattern is None:
            return text
        # what begins before this stands here as a whole
        certain = max(0, len(text) - margin)
        clean, at = [], 0
        for found in self.spellings.pattern.finditer(text):
            if found.start() >= certain:
                break
            clean += [text[at : found.start()], _REPLACEMENT]
            at = found.end()
        end = max(at, certain)
        self._kept = text[end:]
        return b"".join([*clean, text[at:end]])


def _any_spelling(token: str) -> str:
    """Return a pattern in which no text can be read in two ways, or the search for one would take for ever."""
    nested = rf"\\{{0,{_NESTED}}}"
    units: list[str] = []
    for is_backslash, run in groupby(token, lambda character: character == "\\"):
        characters = list(run)
        if is_backslash:
            number = len(characters)
            units.append(f"{_any(_spellings(characters[0]))}{{{number},{number * _MOST_UNITS}}}")
        else:
            units.append(nested.join(map(_any_case, characters)))
    # a backslash of its own belongs to the character that it escapes
    first = r"\\?" if token[0] in _ESCAPED_IN_JSON else ""
    return first + "".join(units)


def _any_case(character: str) -> str:
    # not re.IGNORECASE: the search through a large answer would take three times as long
    return _any(spelling for each in {character.lower(), character.upper()} for spelling in _spellings(each))


def _any(spellings: Iterator[str]) -> str:
    # the longest first, or half of an escape would be left behind
    longest_first = sorted(set(spellings), key=lambda spelling: (-len(spelling), spelling))
    return f"(?:{'|'.join(map(re.escape, longest_first))})"


def _spellings(character: str) -> Iterator[str]:
    code = ord(character)
    yield from (character, html.escape(character), f"&#{code};", f"&#0{code};")
    for digits in (f"{code:02x}", f"{code:02X}"):
        yield from (rf"\u00{digits}", f"%{digits}", f"&#x{digits};")
