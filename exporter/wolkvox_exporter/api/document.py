"""JSON out of bytes, decoded in pieces: never all of an answer in memory, and never long in one step.

All threads share the interpreter's lock, which the decoder keeps from beginning to end: were an answer decoded at once,
the event loop would wait for it. The rows of a list are decoded one by one instead. Otherwise this is as strict as the
decoder of the standard library: of a key that stands twice the last value counts, and nothing may follow the document.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus

from wolkvox_exporter.api.errors import ApiError, Reason

LONGEST_VALUE = 64 * 1024
"""Characters of a row, or of all that an envelope says beside its rows; a row as documented has some five hundred."""
NOISE_LENGTH = 8192
"""Characters in which JSON begins, where a warning of PHP's precedes it say."""
# where JSON begins behind noise; only the first place counts, or a piece of a damaged body could pass for the whole
_JSON_START = re.compile(r'\{\s*["}]|\[\s*[\]{]')
_NO_SPACE = re.compile(r"[^ \t\n\r]")
_NO_BLANK = re.compile(r"\S")
_PIECE = 64 * 1024
"""Bytes that are decoded at a time, or more where a value needs more."""
_LONGEST_WORD = len("-Infinity")
# what an error is about may go on behind the text so far: a string, or a word or number at its very end
_CUT_OFF = re.compile(rf'(?:"(?:[^"\\]|\\.)*+\\?|[^"]{{0,{_LONGEST_WORD}}})\Z', re.DOTALL)
# numbers stay the text they were: what may be read as a number is decided in one place, `values`
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)

Take = Callable[[Iterator[object]], object]


def read(body: bytes, key: str, take: Take) -> object:
    """Return the document in a body, and in the place of its rows what `take` makes of them.

    Rows are the values of a list at the top, or of one under `key` in an object; `take` has to exhaust them. Raises
    `ApiError` where the body is no JSON, and with the reason `too_large` where a value exceeds `LONGEST_VALUE`.
    """
    follows: str | None = None
    document: object = None
    try:
        text = _Text(body)
        text.skip_noise()
        document = _document(text, key, take)
        follows = text.peek(_NO_BLANK)
    except UnicodeDecodeError:
        follows = None
    # raised outside the handler: the decoder's error has the whole answer
    if follows is None:
        raise _invalid("the answer is not UTF-8")
    if follows:
        raise _invalid("something follows the answer's JSON")
    return document


class _Text:
    """The text of a body from where it is read, decoded as far as was needed."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._taken = len(codecs.BOM_UTF8) if body.startswith(codecs.BOM_UTF8) else 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._before = 0
        """Characters of the document before the text; its first is the first that is not blank."""

    @property
    def position(self) -> int:
        """How many characters of the document were read."""
        return self._before + self._at

    def skip_noise(self) -> None:
        """Go to where JSON begins."""
        first = self.peek(_NO_BLANK)
        self._before = -self._at
        if first in ("[", "{"):
            return
        while len(self._text) - self._at < NOISE_LENGTH and self._more():
            pass
        if start := _JSON_START.search(self._text, self._at, self._at + NOISE_LENGTH):
            self._at = start.start()

    def peek(self, wanted: re.Pattern[str] = _NO_SPACE) -> str:
        """Go to the next character that is no white space and return it, or nothing at the end."""
        while True:
            found = wanted.search(self._text, self._at)
            self._at = found.start() if found else len(self._text)
            if found or not self._more():
                return found.group() if found else ""

    def skip(self) -> None:
        """Pass over one character, and go to the next that is no white space."""
        self._at += 1
        self.peek()

    def value(self) -> object:
        """Decode the value that begins here."""
        while True:
            found, end, failure = self._decoded()
            if failure:
                raise failure
            if end - self._at > LONGEST_VALUE:
                raise too_large(f"a row of the answer is longer than {LONGEST_VALUE} characters")
            # a number at the very end may go on
            if self._is_all or end < len(self._text) - _LONGEST_WORD:
                self._at = end
                return found
            self._more()

    def _decoded(self) -> tuple[object, int, ApiError | None]:
        """Return the value that begins here, where it ends, and what is wrong with it: raised elsewhere.

        The decoder's own error has all of the text.
        """
        try:
            return *_DECODER.raw_decode(self._text, self._at), None
        except json.JSONDecodeError as error:
            may_go_on = not self._is_all and _CUT_OFF.match(self._text, error.pos)
            return None, len(self._text), None if may_go_on else self._damaged_at(error.pos)
        except RecursionError:
            return None, 0, _invalid("the answer's JSON is nested too deeply")

    def damaged(self) -> ApiError:
        """Return the error for a document that cannot go on as it does here."""
        return self._damaged_at(self._at)

    def _damaged_at(self, at: int) -> ApiError:
        position = self._before + at
        if not position:
            return _invalid("the answer is no JSON")
        return _invalid(f"the answer's JSON breaks off or is damaged at character {position}")

    @property
    def _is_all(self) -> bool:
        return self._taken >= len(self._body)

    def _more(self) -> bool:
        """Decode as much again as is left to be read, a piece at least; False at the end."""
        if self._is_all:
            return False
        left = self._text[self._at :]
        piece = self._body[self._taken : self._taken + max(_PIECE, len(left))]
        self._taken += len(piece)
        self._before += self._at
        self._at = 0
        self._text = left + self._decoder.decode(piece, self._is_all)
        return True


def _document(text: _Text, key: str, take: Take) -> object:
    match text.peek():
        case "[":
            return take(_rows(text))
        case "{":
            return _object(text, key, take)
    return text.value()


def _rows(text: _Text) -> Iterator[object]:
    for _ in _items(text, "]"):
        yield text.value()


def _object(text: _Text, key: str, take: Take) -> dict[str, object]:
    members: dict[str, object] = {}
    size = 0
    for _ in _items(text, "}"):
        began = text.position
        name = _name(text)
        size += text.position - began
        if name == key and text.peek() == "[":
            members[name] = take(_rows(text))
        else:
            began = text.position
            members[name] = text.value()
            size += text.position - began
        if size > LONGEST_VALUE:
            raise too_large(f"the answer has more than {LONGEST_VALUE} characters beside its rows")
    return members


def _name(text: _Text) -> str:
    name = text.value() if text.peek() == '"' else None
    if not isinstance(name, str) or text.peek() != ":":
        raise text.damaged()
    text.skip()
    return name


def _items(text: _Text, end: str) -> Iterator[None]:
    """Stop at each item behind an opening bracket; each has to be read before the next."""
    text.skip()
    if text.peek() == end:
        text.skip()
        return
    while True:
        yield
        following = text.peek()
        if following not in (",", end):
            raise text.damaged()
        text.skip()
        if following == end:
            return


def _invalid(detail: str) -> ApiError:
    return ApiError(Reason.INVALID_BODY, detail, code=str(int(HTTPStatus.OK)))


def too_large(detail: str) -> ApiError:
    """Return the error for an answer with more in it than is read."""
    return ApiError(Reason.TOO_LARGE, detail, code=str(int(HTTPStatus.OK)))
