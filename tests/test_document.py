"""Answers are decoded piece by piece: the same as at once, in little memory, and no further than is worth it."""

import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wolkvox_exporter.api.document import read
from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.reports import campaigns
from wolkvox_exporter.api.response import Answer

PIECE = 65_536
"""Bytes that are decoded at a time."""
AT_ONCE = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)
"""What the same text says to the decoder of the standard library."""
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=10,
)
DOCUMENTS = st.lists(VALUES, max_size=5) | st.dictionaries(st.sampled_from(["data", "code", "x"]), VALUES)
PARTS = st.sampled_from([*'[]{},:"\\ \n', '"data"', "12", "-", "1.5e", "null", "nul", "é", "[]", '"a":'])


def refused(body: bytes) -> ApiError:
    """Return the error that a campaigns report leads to."""
    with pytest.raises(ApiError) as caught:
        campaigns.read(Answer(200, body))
    return caught.value


def row(length: int) -> str:
    """Return a row of so many characters."""
    begin, end = '{"campaign": "4875 - A", "notes": "', '"}'
    return begin + "n" * (length - len(begin) - len(end)) + end


@given(DOCUMENTS, st.booleans(), st.data())
def test_where_a_piece_ends_changes_nothing(document: object, ascii_only: bool, data: st.DataObject) -> None:  # noqa: FBT001 - drawn by hypothesis
    """If a piece ends within a word, a number, a character or anywhere, then the document is what it is at once."""
    text = json.dumps(document, ensure_ascii=ascii_only)
    body = text.encode(errors="surrogatepass") if ascii_only else text.encode(errors="replace")
    cut = data.draw(st.integers(0, len(body)))
    padded = b" " * (PIECE - cut) + body + b" " * 20
    assert read(padded, "data", list) == AT_ONCE.decode(body.decode())


def complaint(text: str) -> str | None:
    """Return what is to be said of a text that the decoder of the standard library refuses, None where it does not."""
    try:
        AT_ONCE.decode(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return "something follows the answer's JSON"
        # of a comma too much, Python 3.13 names the comma and not what follows
        place = error.pos
        while error.msg.startswith("Illegal trailing comma") and text[place] not in "]}":
            place += 1
        return f"the answer's JSON breaks off or is damaged at character {place}"
    return None


@given(st.sampled_from("[{"), st.lists(PARTS), st.data())
def test_what_is_damaged_is_damaged_wherever_a_piece_ends(first: str, parts: list[str], data: st.DataObject) -> None:
    """If the decoder of the standard library refuses a text, then so does this one, and at the same place."""
    text = "".join([first, *parts]).strip()
    body = text.encode()
    padded = b" " * (PIECE - data.draw(st.integers(0, len(body)))) + body
    if expected := complaint(text):
        with pytest.raises(ApiError) as caught:
            read(padded, "data", list)
        assert caught.value.detail == expected
    else:
        assert read(padded, "data", list) == AT_ONCE.decode(text)


def test_of_two_lists_under_one_key_the_last_counts() -> None:
    """If a key stands twice, then its last value counts, as to every other reader of JSON, and the first is nowhere."""
    body = b'{"data": [{"campaign": "1 - A"}], "code": "500", "data": [{"campaign": "2 - B"}], "code": "200"}'
    assert [campaign.id for campaign in campaigns.read(Answer(200, body)).campaigns] == ["2"]


def test_as_many_rows_as_the_api_gives_are_read_and_no_more() -> None:
    """If an answer has 60,000 rows, then all are read; one more, and the rest is not even looked at."""
    rows = b'[{"campaign": "4875 - A"}' + b",{}" * 59_999
    assert campaigns.read(Answer(200, rows + b"]")).unread.counts["campaign"] == 59_999
    error = refused(rows + b",{}, and this is no JSON")
    assert (error.reason, error.detail, error.code) == (
        *(Reason.TOO_LARGE, "the answer has more than 60000 rows"),
        "200",
    )


@pytest.mark.parametrize("envelope", ["[{}]", '{{"data": [{}]}}', '{{"data": {}}}', "{}"])
def test_a_row_may_be_so_long_and_not_a_character_longer(envelope: str) -> None:
    """If a row has 65,536 characters, then it is read; with one more the answer is refused, wherever the row stands."""
    fits = 65_536 - (len('"data": ') if envelope == '{{"data": {}}}' else 0)
    bare = envelope == "{}"
    for length, is_read in ((fits - 100 if bare else fits, True), (fits + 100 if bare else fits + 1, False)):
        body = envelope.format(row(length)).encode()
        if is_read:
            assert [campaign.id for campaign in campaigns.read(Answer(200, body)).campaigns] == ["4875"]
        else:
            assert refused(body).reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "body",
    [
        b'[{"campaign": "4875 - ' + b"A" * 1_000_000,
        b"[" + b"9" * 1_000_000,
        b"[" + b"[]," * 300_000 + b"[]]",
        b'{"data": [{"campaign": "4875 - A"}], "x": "' + b"x" * 1_000_000,
        b"{" + b'"data": [], ' * 100_000,
        b"{" + b'"x": 1, ' * 100_000,
        b'{"' + b"x" * 1_000_000,
    ],
)
def test_an_answer_is_read_no_further_than_it_is_worth(body: bytes) -> None:
    """If a row, an envelope or the number of rows goes beyond all that is documented, then that is the reason."""
    error = refused(body)
    assert error.reason is Reason.TOO_LARGE
    assert "check server or base_url" in error.remedy


def test_a_large_answer_is_never_in_memory_as_a_whole() -> None:
    """If an answer of 10 MB is read, then reading takes a tenth of that, and rows come before its end is known."""
    rows = [f'{{"campaign": "{number} - A😀", "notes": [{"[]," * 300}0]}}' for number in range(12_000)]
    body = f"[{','.join(rows)}, and no more".encode()
    seen = 0

    def take(found: Iterator[object]) -> None:
        nonlocal seen
        for _ in found:
            seen += 1

    tracemalloc.start()
    try:
        with pytest.raises(ApiError) as caught:
            read(body, "data", take)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (seen, caught.value.reason) == (12_000, Reason.INVALID_BODY)
    assert len(body) > 10_000_000 > 10 * peak
