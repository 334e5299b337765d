"""What can go wrong on the way to the API: what is sent instead of an honest answer, and how it must be counted."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wolkvox_exporter.simulator import Fault as Known
from wolkvox_exporter.simulator.answers import report, written
from wolkvox_exporter.simulator.faults import REFUSALS, refusal

GOOD = ""
"""The reason of what is odd and yet an answer."""
HUGE = 80 * 2**20
"""Bytes of an answer that is too large, for a client that reads on and on."""
_BLOCK = b'{"campaign": "1 - HUGE - tel1 (100%)", "records": "1"},\n' * 8192
_NO_LINGER = struct.pack("ii", 1, 0)
_BARE = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


@dataclass(frozen=True)
class Visit:
    """A call in flight. `honest` is what the simulator answers, as it stands on the wire."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    honest: bytes


Act = Callable[[Visit], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """How a call fails: the reason that must be counted, the HTTP status that gets through, and what happens.

    The status is empty where it is that of the honest answer.
    """

    reason: str
    code: str
    act: Act


def http(status: str, body: bytes, *headers: str) -> bytes:
    """Return a complete answer."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _saying(reason: str, answer: bytes, code: str | None = None) -> Fault:
    async def act(visit: Visit) -> None:
        visit.writer.write(answer)
        await visit.writer.drain()

    return Fault(reason, answer[9:12].decode() if code is None else code, act)


def _refusing(known: Known, reason: str) -> Fault:
    status, _ = REFUSALS[known]
    return _saying(reason, http(f"{status.value} {status.phrase}", refusal(known).body.encode()))


def _json(reason: str, document: object) -> Fault:
    return _saying(reason, http("200 OK", written(document).encode()))


async def _hang_up(visit: Visit) -> None:
    connection: socket.socket = visit.writer.get_extra_info("socket")
    # closing without lingering is what makes the kernel send RST instead of FIN
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    visit.writer.transport.abort()


async def _close(_: Visit) -> None:
    pass


async def stall(visit: Visit) -> None:
    """Say nothing until the client gives up."""
    await visit.reader.read()


async def _half(visit: Visit) -> None:
    # never the end, which is what tells that an answer is complete
    visit.writer.write(visit.honest[: max(len(visit.honest) // 2, visit.honest.index(b"\r\n\r\n") + 4)])
    await visit.writer.drain()


async def _half_and_reset(visit: Visit) -> None:
    await _half(visit)
    await _hang_up(visit)


async def _half_and_close(visit: Visit) -> None:
    await _half(visit)


async def _half_and_stall(visit: Visit) -> None:
    await _half(visit)
    await stall(visit)


async def _drip(visit: Visit) -> None:
    size = len(visit.honest) // 5 + 1
    for start in range(0, len(visit.honest), size):
        # no pause after the last piece: the client is gone then, and may call again
        await asyncio.sleep(0.1)
        visit.writer.write(visit.honest[start : start + size])
        await visit.writer.drain()


async def _late(visit: Visit) -> None:
    await asyncio.sleep(0.5)
    visit.writer.write(visit.honest)
    await visit.writer.drain()


async def _huge(visit: Visit) -> None:
    visit.writer.write(_BARE.encode() + b"\r\n[\n")
    for _ in range(HUGE // len(_BLOCK)):
        visit.writer.write(_BLOCK)
        await visit.writer.drain()


_ENVELOPE = {"code": "200", "error": None, "msg": "1 records were found"}
_REFUSALS = {
    "bad request": _refusing(Known.BAD_REQUEST, "request"),
    "missing parameters": _refusing(Known.MISSING_PARAMETERS, "request"),
    "no token": _refusing(Known.NO_TOKEN, "token"),
    "token refused": _refusing(Known.TOKEN_REFUSED, "token"),
    "concurrency": _refusing(Known.CONCURRENCY, "concurrency"),
    "maintenance": _refusing(Known.MAINTENANCE, "maintenance"),
    "maintenance in a 503": _saying("maintenance", http("503 Service Unavailable", b"<h1>Mantenimiento</h1>")),
    "forbidden": _refusing(Known.FORBIDDEN, "forbidden"),
    "not found": _refusing(Known.NOT_FOUND, "http"),
}
_STATUSES = {
    status: _saying("http", http(status, b"<html><h1>unwell</h1></html>"))
    for status in ("405 Method Not Allowed", "418 I'm a teapot", "429 Too Many Requests", "500 Internal Server Error")
} | {
    "502 Bad Gateway": _saying("http", http("502 Bad Gateway", b"")),
    "204 No Content": _saying("http", b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
    "302 Found": _saying("redirect", http("302 Found", b"", "Location: /elsewhere/api/v2/real_time.php")),
    "308 Permanent Redirect": _saying("redirect", http("308 Permanent Redirect", b"", "Location: /elsewhere/")),
    "407 Proxy Authentication Required": _saying("http", http("407 Proxy Authentication Required", b"")),
}
_BODIES = {
    "HTML": _saying("invalid_body", http("200 OK", b"<!DOCTYPE html><title>wolkvox</title>")),
    "empty": _saying("invalid_body", http("200 OK", b"")),
    "Latin-1": _saying("invalid_body", http("200 OK", '[{"campaign": "4875 - AÑO"}]'.encode("latin-1"))),
    "gzip": _saying("invalid_body", http("200 OK", b"\x1f\x8b\x08", "Content-Encoding: gzip")),
    "cut JSON": _saying("invalid_body", http("200 OK", report([{"campaign": "4875 - A"}]).body.encode()[:-9])),
    "two documents": _saying("invalid_body", http("200 OK", b'[{"campaign": "1 - A"}][{"campaign": "2 - B"}]')),
    "deep": _saying("invalid_body", http("200 OK", b"[" * 100_000)),
    "null data": _json("unexpected_shape", {**_ENVELOPE, "data": None}),
    "renamed keys": _json("unexpected_shape", {**_ENVELOPE, "data": [{"name": "4875 - A"}]}),
    "text": _json("unexpected_shape", "maintenance"),
    "unknown code": _json("unexpected_shape", {"code": "ok", "data": []}),
    "token refused in a 200": _json("token", {"code": "403", "msg": "PLEASE VALIDATE TOKEN"}),
    "error in a 200": _json("http", {"code": "500", "msg": "database is away"}),
}
_CONNECTIONS = {
    "reset": Fault("connection", "none", _hang_up),
    "closed": Fault("connection", "none", _close),
    "reset within the body": Fault("connection", "", _half_and_reset),
    "closed within the body": Fault("connection", "", _half_and_close),
    "not HTTP": _saying("http", b"\x00\xfe\xffwolkvox? no.\r\n\r\n\x00", "none"),
}
QUICK: Mapping[str, Fault] = MappingProxyType({**_REFUSALS, **_STATUSES, **_BODIES, **_CONNECTIONS})
"""The faults that cost no waiting."""
SLOW: Mapping[str, Fault] = MappingProxyType(
    {
        "stall": Fault("timeout", "none", stall),
        "stall within the body": Fault("timeout", "", _half_and_stall),
        "late": Fault(GOOD, "", _late),
        "drip": Fault(GOOD, "", _drip),
    }
)
"""Silences, and answers that come late but in time."""
LARGE: Mapping[str, Fault] = MappingProxyType({"huge": Fault("too_large", "200", _huge)})
"""What must not be held in memory."""
REFUSED = _REFUSALS["token refused"]
EXHAUSTED = _refusing(Known.QUOTA_EXCEEDED, "quota")
STALL = SLOW["stall"]
