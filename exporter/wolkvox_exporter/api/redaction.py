"""The token blotted out of whatever repeats it."""

import html
import re
from collections.abc import Iterator

SHORTEST_SECRET = 8
"""Characters of a token that is looked for: blotting out anything shorter would tear holes into good answers."""
# JSON within JSON doubles the backslashes; without a bound, a long row of them would take for ever
_NESTED = r"\\{0,7}"
_ESCAPED_IN_JSON = frozenset('"\\/')


def without(token: str, body: bytes) -> bytes:
    r"""Return an answer without the token, in upper or lower case, however its characters are spelled.

    A text in JSON, HTML or an address may have spellings of its own for each of them: `"` is `\"`, `\u0022`, `&quot;`
    or `%22`. So what is decoded later cannot hold it either.
    """
    if len(token) < SHORTEST_SECRET:
        return body
    return re.sub(_NESTED.join(map(_any_spelling, token)).encode(), b"***", body)


def _any_spelling(character: str) -> str:
    # not re.IGNORECASE: the search through a large answer would take three times as long
    cases = {character.lower(), character.upper()}
    spellings = {spelling for each in cases for spelling in _spellings(each)}
    # the longest first, or half of an escape would be left behind
    return f"(?:{'|'.join(re.escape(spelling) for spelling in sorted(spellings, key=len, reverse=True))})"


def _spellings(character: str) -> Iterator[str]:
    code = ord(character)
    yield from (character, html.escape(character), f"&#{code};", f"&#0{code};")
    for digits in (f"{code:02x}", f"{code:02X}"):
        yield from (rf"\u00{digits}", f"%{digits}", f"&#x{digits};")
    if character in _ESCAPED_IN_JSON:
        yield f"\\{character}"
