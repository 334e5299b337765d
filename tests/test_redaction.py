"""The token is taken out of an answer, however it is spelled and wherever the answer is cut into pieces."""

from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.growth import LINEAR, growth
from wolkvox_exporter.api.redaction import Redaction

CANARY = "canary-9d"
TOKENS = ("canary-9d41c07be2", "////////////", r"a\\\\\\\\b1234", r"\"\"\"\"\/", "&amp;&amp;&amp;", "%25%25%25")


def cleaned(token: str, body: bytes) -> bytes:
    """Return an answer without a token."""
    redaction = Redaction(token)
    return redaction.take(body) + redaction.rest()


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("piece", [b"\\", rb"\\\\\\\/", rb"\"", b"&amp;", b"%25", rb"\u005c", b"c", rb"\c\a\n"])
def test_a_token_of_any_kind_is_looked_for_once(token: str, piece: bytes) -> None:
    """If an answer is made of beginnings of the token, however spelled, then the search is linear in its length."""
    beginning = token[:-1].encode()
    for made_of in (piece, beginning + piece):
        assert growth(partial(cleaned, token), made_of, 10_000, before=b"", after=b"") < LINEAR


@given(st.lists(st.sampled_from([*CANARY, "cana", CANARY, CANARY.upper(), "\\", r"\u0063", "&#97;", "x"])), st.data())
def test_where_an_answer_is_cut_into_pieces_changes_nothing(parts: list[str], data: st.DataObject) -> None:
    """If a token is spelled across the border of two pieces, then what is left is what is left of the whole."""
    body = "".join(parts).encode()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(body)))))
    redaction = Redaction(CANARY)
    pieces = [body[start:end] for start, end in pairwise([0, *cuts, len(body)])]
    cleaned_pieces = b"".join([*map(redaction.take, pieces), redaction.rest()])
    assert cleaned_pieces == cleaned(CANARY, body)
    assert CANARY.encode() not in cleaned_pieces.lower()
