"""From an answer to its report: the API's own error codes, and the three shapes of a good body."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic, TypeVar, cast

from wolkvox_exporter.api import document, values
from wolkvox_exporter.api.document import too_large
from wolkvox_exporter.api.errors import ApiError, Reason

Report = TypeVar("Report")
MOST_ROWS = 60_000
"""Rows of an answer: the API gives no more."""
MOST_TEXT = 6_000_000
"""Characters of all names in an answer, a hundred for each row that it may have: all become labels."""
_ENVELOPE = frozenset({"code", "error", "msg", "data"})
_GOOD_CODES = frozenset({"", "0", "200"})
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


def read(
    answer: Answer, reader: Callable[[Iterator[object]], Report], *keys: str, about_people: bool = False
) -> Report:
    """Return what `reader` makes of the rows of a report whose rows carry one of `keys`; no rows are an answer, too.

    It gets them one by one, while the rest of the answer is still unread: of what it returns nothing is used where the
    whole turns out to be none. Raises `ApiError` then, and `NoData` for the 404 of an empty window. The error repeats
    nothing of an answer that may be `about_people`.
    """
    if answer.status != HTTPStatus.OK:
        raise _refusal(answer.status, _message(answer.body), answer.status, quotes=not about_people)

    def take(elements: Iterator[object]) -> _Rows[Report]:
        return _Rows(elements, reader, keys)

    whole = document.read(answer.body, "data", take)
    found = _data(whole, keys, quotes=not about_people) if isinstance(whole, dict) else whole
    if isinstance(found, dict):
        found = take(iter([found]))
    if not isinstance(found, _Rows):
        raise unexpected_shape("the answer is neither a list nor an object with a list under `data`")
    if found.number and not found.has_key:
        raise unexpected_shape(f"none of the {found.number} rows has the key `{'` or `'.join(keys)}`")
    return cast("Report", found.report)


class _Rows(Generic[Report]):
    """The rows of a list: how many there are, whether one of them has a key of the report, and what is made of them."""

    def __init__(
        self, elements: Iterator[object], reader: Callable[[Iterator[object]], Report], keys: tuple[str, ...]
    ) -> None:
        self.number = 0
        self.has_key = False
        rows = self._counted(elements, keys)
        self.report = reader(rows)
        # those that the reader has no use for count as well
        for _ in rows:
            pass

    def _counted(self, elements: Iterator[object], keys: tuple[str, ...]) -> Iterator[object]:
        for row in elements:
            self.number += 1
            if self.number > MOST_ROWS:
                raise too_large(f"the answer has more than {MOST_ROWS} rows")
            self.has_key = self.has_key or (isinstance(row, dict) and not row.keys().isdisjoint(keys))
            yield row


def _data(envelope: dict[str, object], keys: tuple[str, ...], *, quotes: bool) -> object:
    """Return what stands in an object in the place of a report: a list that was read, one row, or something else."""
    code = envelope.get("code")
    if code is not None and not (isinstance(code, str) and code.strip() in _GOOD_CODES):
        raise _refusal_in_body(code, _said(envelope), quotes=quotes)
    if envelope.keys().isdisjoint(_ENVELOPE) and not envelope.keys().isdisjoint(keys):
        return envelope
    data = envelope.get("data")
    if data is None:
        raise unexpected_shape("the envelope has no `data`")
    return data


def _refusal_in_body(code: object, message: str, *, quotes: bool) -> ApiError:
    if not isinstance(code, str) or not re.fullmatch(r"[1-5]\d\d", code.strip(), re.ASCII):
        return unexpected_shape("the envelope's `code` is none that is known")
    return _refusal(int(code), message, HTTPStatus.OK, quotes=quotes)


def _refusal(status: int, message: str, http_status: int, *, quotes: bool) -> ApiError:
    reason = next((reason for words, reason in _MESSAGES.get(status, ()) if words.search(message)), None)
    detail = f"wolkvox answered {status}" + (f" in a body sent as {http_status}" if status != http_status else "")
    if quotes and (words := " ".join(values.printable(message).split())):
        detail += f" ({words[:_QUOTED_LENGTH]})"
    if status == HTTPStatus.NOT_FOUND and _NO_DATA.search(message):
        return NoData(Reason.HTTP, detail, code=str(http_status))
    reason = reason or _STATUSES.get(status, Reason.HTTP)
    remedy = _HTTP_REMEDIES.get(status // 100, "") if reason is Reason.HTTP else ""
    return ApiError(reason, detail, remedy=remedy, code=str(http_status))


def _message(body: bytes) -> str:
    """Return the `msg` of an error body, or the text of a page without its mark-up."""
    try:
        found = document.read(body, "data", list)
    except ApiError:
        return re.sub(r"<[^<>]*>", " ", body[: document.NOISE_LENGTH].decode(errors="replace"))
    return _said(found) if isinstance(found, dict) else ""


def _said(envelope: dict[str, object]) -> str:
    """Return the `msg` of an envelope, or nothing where it is no text."""
    message = envelope.get("msg")
    return message if isinstance(message, str) else ""


def unexpected_shape(detail: str) -> ApiError:
    """Return the error for JSON that is no report."""
    return ApiError(Reason.UNEXPECTED_SHAPE, detail, code=str(int(HTTPStatus.OK)))
