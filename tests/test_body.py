"""Which answers are reports, and what the others mean."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wolkvox_exporter.api.errors import REMEDIES, ApiError, Reason
from wolkvox_exporter.api.response import Answer, NoData
from wolkvox_exporter.api.response import read as read_rows

ROW = {"campaign": "4875 - A", "dial": "1"}


def read(document: object, status: int = 200) -> list[object]:
    """Return the rows of an answer whose body is this as JSON."""
    return read_rows(Answer(status, json.dumps(document, indent=4, ensure_ascii=False).encode()), list, "campaign")


def refused(body: bytes, status: int = 200) -> ApiError:
    """Return the error that an answer leads to."""
    with pytest.raises(ApiError) as caught:
        read_rows(Answer(status, body), list, "campaign")
    return caught.value


@pytest.mark.parametrize(
    "document",
    [
        [ROW],
        {"code": "200", "error": None, "msg": "1 records were found", "data": [ROW]},
        {"code": "0", "data": [ROW]},
        {"code": "", "data": [ROW]},
        {"data": [ROW]},
        {"code": 200, "data": ROW},
        ROW,
    ],
)
def test_list_envelope_and_single_object_are_reports(document: object) -> None:
    """If the rows come bare, in an envelope, or alone, then they are the same rows."""
    assert read(document) == [ROW]


@pytest.mark.parametrize("document", [[], {"code": "200", "data": []}])
def test_an_empty_list_is_an_answer(document: object) -> None:
    """If there are no rows, then that is what the API said."""
    assert read(document) == []


def test_one_good_row_makes_a_report() -> None:
    """If only one of several rows has the key, then the rows are left for the reader to judge."""
    assert len(read([None, 5, {"x": "y"}, ROW])) == 4


@pytest.mark.parametrize(
    "document",
    [
        {"code": "200", "data": None},
        {"code": "200"},
        {},
        {"data": "text"},
        {"data": {}},
        {"data": {"0": ROW}},
        [{}],
        [{"campaing": "4875 - A"}],
        [None],
        ["text"],
        [1, 2],
        5,
        "text",
        None,
        {"code": True, "data": [ROW]},
        {"code": "999", "data": [ROW]},
        {"code": "OK", "data": [ROW]},
    ],
)
def test_json_of_another_shape_is_no_report(document: object) -> None:
    """If the JSON is anything else, then the poll has failed and nothing is published of it."""
    assert refused(json.dumps(document).encode()).reason is Reason.UNEXPECTED_SHAPE


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"<html>[1]</html>",
        b'[{"campaign": "4875 - A"}, {"campaign": "4876',
        b'[{"campaign": "4875 - A"}, {"campaign": "4876 - B"}',
        b'Warning: x\n[{"campaign": "4875 - A"}, {"campaign": "4876 - B"}',
        b'Warning: x\n{"data": [{"campaign": "4875 - A"}',
        b'[{"campaign": "4875 - A"}] trailing',
        b'[{"campaign": "4875 - A"}]]',
        b'[{"campaign": "\xff"}]',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\x00\x01",
    ],
)
def test_what_is_no_json_is_no_report(body: bytes) -> None:
    """If the body is damaged, cut off, or no JSON at all, then no piece of it passes for the whole."""
    assert refused(body).reason is Reason.INVALID_BODY


@pytest.mark.parametrize(
    "noise",
    [
        b"\xef\xbb\xbf",
        b"\n\n ",
        b"<br />\n<b>Warning</b>: Undefined array key 7 in /var/www/x.php on line <b>3</b><br />\n",
        b"\xef\xbb\xbfNotice: Trying to access [campaign] on null\n",
    ],
)
def test_noise_before_the_json_is_passed_over(noise: bytes) -> None:
    """If a byte-order mark or a PHP warning precedes the JSON, then the report is read all the same."""
    assert read_rows(Answer(200, noise + json.dumps([ROW]).encode()), list, "campaign") == [ROW]


@pytest.mark.parametrize(
    ("status", "message", "reason"),
    [
        (400, "THE API YOU WANT TO CONSULT DOES NOT EXIST", Reason.REQUEST),
        (400, "SOME PARAMETERS ARE REQUIRED", Reason.REQUEST),
        (401, "PLEASE ENTER THE WOLKVOX-TOKEN", Reason.TOKEN),
        (403, "PLEASE VALIDATE TOKEN", Reason.TOKEN),
        (403, "Please validate token", Reason.TOKEN),
        (403, "TOKEN LIMIT EXCEEDED", Reason.QUOTA),
        (403, "EXCEEDS THE LIMIT OF SIMULTANEOUS REQUESTS PER TOKEN (2)", Reason.CONCURRENCY),
        (403, "The platform is under maintenance", Reason.MAINTENANCE),
        (403, "Plataforma en MANTENIMIENTO", Reason.MAINTENANCE),
        (403, "Backup in progress", Reason.MAINTENANCE),
        (403, "we are backing up", Reason.MAINTENANCE),
        (403, "Copia de seguridad en curso", Reason.MAINTENANCE),
        (403, "Respaldo diario", Reason.MAINTENANCE),
        (503, "en mantenimiento", Reason.MAINTENANCE),
        (403, "NO", Reason.FORBIDDEN),
        (403, "", Reason.FORBIDDEN),
        (404, "nothing here", Reason.HTTP),
        (500, "oops", Reason.HTTP),
        (503, "oops", Reason.HTTP),
    ],
)
@pytest.mark.parametrize("sent_as", [None, 200])
def test_refusals_are_told_apart_by_status_and_message(
    status: int, message: str, reason: Reason, sent_as: int | None
) -> None:
    """If the API refuses, then status and message say why, also where the error hides in a body sent as 200."""
    body = json.dumps({"code": str(status), "error": "x", "msg": message}).encode()
    error = refused(body, sent_as or status)
    assert (error.reason, error.code) == (reason, str(sent_as or status))
    assert error.remedy in str(error)
    assert reason is Reason.HTTP or error.remedy == REMEDIES[reason]
    assert message[:200] in error.detail


def test_a_page_instead_of_a_message_is_read_as_text() -> None:
    """If a refusal comes as HTML, then its words count and its mark-up is not shown."""
    error = refused(b"<html><body><h1>Backup</h1>window</body></html>", 403)
    assert (error.reason, error.detail) == (Reason.MAINTENANCE, "wolkvox answered 403 (Backup window)")


def test_words_that_nothing_can_carry_are_replaced() -> None:
    """If a message spells half a surrogate pair, then what is said of the error can be shown and written down."""
    error = refused(rb'{"code": "500", "msg": "ca\ud800da"}', 500)
    assert error.detail == "wolkvox answered 500 (ca?da)"


@pytest.mark.parametrize(
    "message", ["null", "true", "[]", '["VALIDATE TOKEN"]', '{"es": "VALIDATE TOKEN"}', '""', '" "']
)
@pytest.mark.parametrize("sent_as", [403, 200])
def test_a_message_that_is_no_text_says_nothing(message: str, sent_as: int) -> None:
    """If `msg` is null or anything but text, then the error quotes nothing, and takes nothing out of it."""
    error = refused(f'{{"code": "403", "msg": {message}}}'.encode(), sent_as)
    assert error.reason is Reason.FORBIDDEN
    assert error.detail == "wolkvox answered 403" + (" in a body sent as 200" if sent_as == 200 else "")


def test_a_message_that_is_a_number_is_quoted() -> None:
    """If `msg` is a number, then its digits are quoted as any text."""
    assert refused(b'{"code": "500", "msg": 17}', 500).detail == "wolkvox answered 500 (17)"


@pytest.mark.parametrize("status", [404, 200])
def test_no_data_in_a_window_is_told_from_other_errors(status: int) -> None:
    """If a 404 says to validate the dates, then the caller can take it for an empty window."""
    body = b'{"code": "404","error": "Not Found","msg": "Validate dates entered"}'
    assert isinstance(refused(body, status), NoData)


def test_every_reason_has_a_remedy() -> None:
    """If a poll fails, whyever, then there is a sentence on what to do."""
    assert set(REMEDIES) == set(Reason)
    assert all(len(remedy) > 30 for remedy in REMEDIES.values())


@given(st.binary(max_size=200), st.integers(100, 599))
def test_any_bytes_are_rows_or_an_error(body: bytes, status: int) -> None:
    """Whatever comes back, it is a report or an error with a reason."""
    with suppress(ApiError):
        assert isinstance(read_rows(Answer(status, body), list, "campaign"), list)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["code", "msg", "data", "campaign", "x"]), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_rows_or_an_error(document: object) -> None:
    """Whatever JSON comes back, rows are only returned where one of them has the key or there is none."""
    with suppress(ApiError):
        found = read_rows(Answer(200, json.dumps(document).encode()), list, "campaign")
        assert not found or any(isinstance(row, dict) and "campaign" in row for row in found)
