"""From an answer to its rows: JSON out of bytes, the API's own error codes, the three shapes of a good body."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from wolkvox_exporter.api import values
from wolkvox_exporter.api.errors import ApiError, Reason

_ENVELOPE = frozenset({"code", "error", "msg", "data"})
_GOOD_CODES = frozenset({"", "0", "200"})
_BYTE_ORDER_MARK = "\ufeff"
# where JSON begins behind noise; only the first place counts, or a piece of a damaged body could pass for the whole
_JSON_START = re.compile(r'\{\s*["}]|\[\s*[\]{]')
_NOISE_LENGTH = 8192
_QUOTED_LENGTH = 200
_MAINTENANCE = re.compile(
    r"maintenance|mantenimiento|back\s?-?up|backing up|respaldo|copia[s]? de seguridad", re.IGNORECASE
)
_MESSAGES: Mapping[int, tuple[tuple[re.Pattern[str], Reason], ...]] = {
    HTTPStatus.FORBIDDEN: (
        (re.compile(r"token limit exceeded", re.IGNORECASE), Reason.QUOTA),
        (re.compile(r"simultaneous requests", re.IGNORECASE), Reason.CONCURRENCY),
        (re.compile(r"validate token", re.IGNORECASE), Reason.TOKEN),
        (_MAINTENANCE, Reason.MAINTENANCE),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: ((_MAINTENANCE, Reason.MAINTENANCE),),
}
_STATUSES: Mapping[int, Reason] = {
    HTTPStatus.BAD_REQUEST: Reason.REQUEST,
    HTTPStatus.UNAUTHORIZED: Reason.TOKEN,
    HTTPStatus.FORBIDDEN: Reason.FORBIDDEN,
}
_HTTP_REMEDIES: Mapping[int, str] = {
    4: "check server or base_url; an operation without campaigns might be answered so, too; else ask wolkvox support",
    5: "wolkvox itself is failing; the next poll tries again; if it lasts, ask wolkvox support",
}
"""What to do by the first digit of a status that says no more."""
_NO_DATA = re.compile(r"validate dates", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a call: the HTTP status and the body, free of the token."""

    status: int
    body: bytes


class NoData(ApiError):  # noqa: N818 - not an error where a window may be empty
    """The 404 that says to validate the dates: nothing in the window."""


def rows(answer: Answer, *keys: str) -> list[object]:
    """Return the rows of a report whose rows carry one of `keys`; an empty list is an answer.

    Raises `ApiError` for everything else, and `NoData` for the 404 of an empty window.
    """
    if answer.status != HTTPStatus.OK:
        raise _refusal(answer.status, _message(answer.body), answer.status)
    document = _json(answer.body)
    found = _data(document, keys) if isinstance(document, dict) else document
    if not isinstance(found, list):
        raise unexpected_shape("the answer is neither a list nor an object with a list under `data`")
    if found and not any(isinstance(row, dict) and not row.keys().isdisjoint(keys) for row in found):
        raise unexpected_shape(f"none of the {len(found)} rows has the key `{'` or `'.join(keys)}`")
    return found


def _data(document: dict[str, object], keys: tuple[str, ...]) -> object:
    code = document.get("code")
    if code is not None and not (isinstance(code, str) and code.strip() in _GOOD_CODES):
        raise _refusal_in_body(code, _said(document))
    if document.keys().isdisjoint(_ENVELOPE) and not document.keys().isdisjoint(keys):
        return [document]
    data = document.get("data")
    if data is None:
        raise unexpected_shape("the envelope has no `data`")
    return [data] if isinstance(data, dict) else data


def _refusal_in_body(code: object, message: str) -> ApiError:
    if not isinstance(code, str) or not re.fullmatch(r"[1-5]\d\d", code.strip(), re.ASCII):
        return unexpected_shape("the envelope's `code` is none that is known")
    return _refusal(int(code), message, HTTPStatus.OK)


def _refusal(status: int, message: str, http_status: int) -> ApiError:
    reason = next((reason for words, reason in _MESSAGES.get(status, ()) if words.search(message)), None)
    detail = f"wolkvox answered {status}" + (f" in a body sent as {http_status}" if status != http_status else "")
    if words := " ".join(values.printable(message).split()):
        detail += f" ({words[:_QUOTED_LENGTH]})"
    if status == HTTPStatus.NOT_FOUND and _NO_DATA.search(message):
        return NoData(Reason.HTTP, detail, code=str(http_status))
    reason = reason or _STATUSES.get(status, Reason.HTTP)
    remedy = _HTTP_REMEDIES.get(status // 100, "") if reason is Reason.HTTP else ""
    return ApiError(reason, detail, remedy=remedy, code=str(http_status))


def _message(body: bytes) -> str:
    """Return the `msg` of an error body, or the text of a page without its mark-up."""
    try:
        document = _json(body)
    except ApiError:
        return re.sub(r"<[^<>]*>", " ", body[:_NOISE_LENGTH].decode(errors="replace"))
    return _said(document) if isinstance(document, dict) else ""


def _said(document: dict[str, object]) -> str:
    """Return the `msg` of a document, or nothing where it is no text."""
    message = document.get("msg")
    return message if isinstance(message, str) else ""


def _json(body: bytes) -> object:
    try:
        written = body.decode().removeprefix(_BYTE_ORDER_MARK).lstrip()
        noise = _JSON_START.search(written, 0, _NOISE_LENGTH) if not written.startswith(("[", "{")) else None
        document, end = _DECODER.raw_decode(written, noise.start() if noise else 0)
    except UnicodeDecodeError:
        raise _invalid("the answer is not UTF-8") from None
    except RecursionError:
        raise _invalid("the answer's JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _invalid(
            f"the answer's JSON breaks off or is damaged at character {error.pos}"
            if error.pos
            else "the answer is no JSON"
        ) from None
    if written[end:].strip():
        raise _invalid("something follows the answer's JSON")
    return document


# numbers stay the text they were: what may be read as a number is decided in one place, `values`
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)


def _invalid(detail: str) -> ApiError:
    return ApiError(Reason.INVALID_BODY, detail, code=str(int(HTTPStatus.OK)))


def unexpected_shape(detail: str) -> ApiError:
    """Return the error for JSON that is no report."""
    return ApiError(Reason.UNEXPECTED_SHAPE, detail, code=str(int(HTTPStatus.OK)))
