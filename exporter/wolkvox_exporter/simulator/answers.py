"""What wolkvox answers: a status and a body, written the way it writes them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus

from aiohttp import web

from wolkvox_exporter.api.fields import Fields

Row = Mapping[str, object]


@dataclass(frozen=True)
class Answer:
    """A complete answer, not yet sent; `rows` are the data in it, bare unless in the `envelope`."""

    status: int
    body: str
    content_type: str = "application/json"
    rows: Sequence[Row] = field(default=(), repr=False)
    envelope: bool = True

    def response(self) -> web.Response:
        """Make the HTTP response: chunked, UTF-8."""
        response = web.Response(status=self.status, text=self.body, content_type=self.content_type, charset="utf-8")
        response.enable_chunked_encoding()
        return response


def written(data: object) -> str:
    """Give `data` as the JSON text of the API: 4 spaces an indent, accents as they are."""
    return _indented(data, "\n")


def _indented(data: object, line: str) -> str:
    # what the library indents it writes in Python, which takes ten times as long for the rows of a large report
    inner = line + "    "
    if isinstance(data, list) and data:
        return f"[{inner}" + f",{inner}".join(_indented(value, inner) for value in data) + f"{line}]"
    if not isinstance(data, dict) or not data:
        return _writer(line)(data)
    if any(isinstance(value, dict | list) for value in data.values()):
        pairs = f",{inner}".join(f"{_writer(line)(key)}: {_indented(value, inner)}" for key, value in data.items())
    else:
        pairs = _writer(inner)(data)[1:-1]
    return f"{{{inner}{pairs}{line}}}"


@cache
def _writer(line: str) -> Callable[[object], str]:
    """Return what writes values that hold no further ones, each on a line of its own."""
    return json.JSONEncoder(ensure_ascii=False, separators=(f",{line}", ": ")).encode


def completed(row: Row, fields: Fields) -> dict[str, object]:
    """Give a row with those fields that are read and not simulated, as the documentation has them."""
    return {**row, **{key: field.example for key, field in fields.items() if key not in row}}


def report(rows: Sequence[Row], *, envelope: bool = True, code: object = "200") -> Answer:
    """Answer with `rows`, in the envelope or as a bare list."""
    message = f"{len(rows)} records were found"
    data = {"code": code, "error": None, "msg": message, "data": rows} if envelope else rows
    return Answer(HTTPStatus.OK, written(data), rows=rows, envelope=envelope)


def error(status: HTTPStatus, message: str) -> Answer:
    """Refuse with `status`, which the body repeats as text, and `message`."""
    return Answer(status, written({"code": str(status.value), "error": status.phrase, "msg": message}))


def page(status: HTTPStatus, title: str) -> Answer:
    """Answer with an HTML page, as what stands in front of the API does when it is unwell."""
    html = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body><h1>{title}</h1></body></html>\n"
    return Answer(status, html, "text/html")
