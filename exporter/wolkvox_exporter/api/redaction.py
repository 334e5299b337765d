"""The token taken out of whatever repeats it."""

import html
import re
from collections.abc import Iterator
from functools import cache
from itertools import groupby

SHORTEST_SECRET = 8
"""Characters of a token that is looked for: taking out anything shorter would tear holes into good answers."""
# JSON within JSON doubles the backslashes; without a bound, a long row of them would take for ever
_NESTED = 8
_MOST_UNITS = 2 + _NESTED
"""Spellings that may stand for one backslash; of other characters there is one, and as many backslashes before it."""
_ESCAPED_IN_JSON = frozenset('"/')
_LONGEST_SPELLING = len("&#0126;")
_REPLACEMENT = b"***"


class Redaction:
    r"""Takes a token out of an answer that comes in pieces, in upper or lower case, however its characters are spelled.

    A text in JSON, HTML or an address may have spellings of its own for each of them: `"` is `\"`, `\u0022`, `&quot;`
    or `%22`. So what is decoded later cannot hold it either. What pieces give is what the whole would give.
    """

    def __init__(self, token: str) -> None:
        is_secret = len(token) >= SHORTEST_SECRET
        self._pattern = re.compile(_any_spelling(token).encode()) if is_secret else None
        self._longest = len(token) * _MOST_UNITS * _LONGEST_SPELLING if is_secret else 0
        self._kept = b""

    def take(self, piece: bytes) -> bytes:
        """Return what is certain of the answer with its next piece, without the token."""
        return self._clean(self._kept + piece, self._longest)

    def rest(self) -> bytes:
        """Return the end of the answer after its last piece."""
        return self._clean(self._kept, 0)

    def _clean(self, text: bytes, margin: int) -> bytes:
        if self._pattern is None:
            return text
        # what begins before this stands here as a whole
        certain = max(0, len(text) - margin)
        clean, at = [], 0
        for found in self._pattern.finditer(text):
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


@cache  # by character, so that no token is kept; without it each answer would take a millisecond more
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
