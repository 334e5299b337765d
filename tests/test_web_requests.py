"""Requests of any kind, HTTP or not: each gets an answer of the right kind, with the headers of every answer."""

import re
from pathlib import Path

import pytest

from support.canary import debug_log
from support.web import HEAD, SECURITY, ending, guarded, headers, said, status
from wolkvox_exporter.web.toolkit import connection

NO_HTTP = {
    "nothing like it": b"hello\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 500,
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "zeros": b"\0" * 100,
    "no version": b"GET /\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an invented version": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "a blank in a name": HEAD + b"Na me: x\r\n\r\n",
    "a blank before the colon": HEAD + b"Name : x\r\n\r\n",
    "no colon": HEAD + b"Name\r\n\r\n",
    "a folded header": HEAD + b"A: b\r\n c\r\n\r\n",
    "a control character": HEAD + b"A: b\x00\r\n\r\n",
    "a long target": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a long header": HEAD + b"A: " + b"b" * 9000 + b"\r\n\r\n",
    "many headers": HEAD + b"".join(b"A%d: b\r\n" % number for number in range(100)) + b"\r\n",
    # ways in which a proxy and a server may see different requests in the same bytes
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "two lengths in one": HEAD + b"Content-Length: 1, 2\r\n\r\nx",
    "a signed length": HEAD + b"Content-Length: +1\r\n\r\nx",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\nx",
    "a length that is none": HEAD + b"Content-Length: 0x1\r\n\r\nx",
    "length and chunks": HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an invented coding": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a hidden coding": HEAD + b"Transfer-Encoding: xchunked\r\nContent-Length: 1\r\n\r\nx",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("request_", NO_HTTP.values(), ids=NO_HTTP)
async def test_what_is_no_http_is_answered_400_and_closed(
    tmp_path: Path, request_: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """If a request is malformed or ambiguous, then the answer is 400, the connection ends and no line is logged."""
    with debug_log("logfmt"):
        async with guarded(tmp_path, "") as port:
            answer = await said(port, request_ + HEAD + b"\r\n")
            assert await status(port) == 200
    assert re.match(rb"HTTP/1\.[01] 400 Bad Request\r\n", answer)
    assert answer.count(b"HTTP/1.") == 1
    assert headers(answer).items() >= SECURITY.items()
    assert not re.search("level=(warn|error)|Traceback", capfd.readouterr().err)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (NO_HTTP["a long target"], b"a line of the request has more than 8190 bytes"),
        (NO_HTTP["a long header"], b"a line of the request has more than 8190 bytes"),
        (HEAD + b"a" * 9000 + b": b\r\n\r\n", b"a line of the request has more than 8190 bytes"),
        (NO_HTTP["many headers"], b"the request has more than 64 headers"),
        (NO_HTTP["no colon"], b"this is not HTTP as it should be"),
        (NO_HTTP["two lengths"], b"this is not HTTP as it should be"),
    ],
    ids=lambda value: value.decode()[-20:].strip(),
)
async def test_a_400_says_what_is_wrong(tmp_path: Path, request_: bytes, reason: bytes) -> None:
    """If a request is longer than what is read, then the answer says so; only what is malformed is called that."""
    async with guarded(tmp_path, "") as port:
        answer = await said(port, request_)
    assert answer.partition(b"\r\n\r\n")[2] == b"400 Bad Request: " + reason + b"\n"


@pytest.mark.parametrize(
    ("request_", "first_line"),
    [
        (HEAD + b"\r\n", b"HTTP/1.1 200 OK"),
        (b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200 OK"),
        (b"GET /metrics HTTP/1.0\r\n\r\n", b"HTTP/1.0 200 OK"),
        (b"GET http://elsewhere.example/-/healthy HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200 OK"),
        (b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404 Not Found"),
        (b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404 Not Found"),
        (b"GET /%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404 Not Found"),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404 Not Found"),
        *(
            (b"%s /metrics HTTP/1.1\r\nHost: x\r\n\r\n" % method, b"HTTP/1.1 405 Method Not Allowed")
            for method in (b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"PROPFIND", b"PURGE")
        ),
        # of a body that there is not
        (HEAD + b"Content-Encoding: UTF-8\r\n\r\n", b"HTTP/1.1 200 OK"),
        (HEAD + b"Expect: magic\r\n\r\n", b"HTTP/1.1 200 OK"),
        (HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", b"HTTP/1.1 200 OK"),
        (HEAD + b"Content-Length: 70000\r\n\r\n", b"HTTP/1.1 413 "),
        (HEAD + b"Content-Length: 99999999999\r\n\r\n", b"HTTP/1.1 413 "),
        (HEAD + b"Content-Length: 5\r\n\r\nhello", b"HTTP/1.1 200 OK"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"HTTP/1.1 200 OK"),
        (HEAD + b"Upgrade: websocket\r\n\r\n", b"HTTP/1.1 200 OK"),
        (HEAD + b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n", b"HTTP/1.1 200 OK"),
    ],
)
async def test_every_request_has_its_answer(
    tmp_path: Path, request_: bytes, first_line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a request is HTTP, then it gets an answer of the right class, with the headers of every answer."""
    monkeypatch.setattr(connection, "BODY_TIMEOUT", 0.2)
    async with guarded(tmp_path, "") as port:
        answer = await said(port, ending(request_))
    # the words of some statuses differ between versions of Python
    assert answer.partition(b"\r\n")[0].startswith(first_line)
    assert headers(answer).items() >= SECURITY.items()
    assert (b"allow" in headers(answer)) == (b" 405 " in first_line)
    assert not re.search(rb"python|aiohttp", answer.partition(b"\r\n\r\n")[0], re.IGNORECASE)


async def test_headers_of_the_file_are_on_every_answer(tmp_path: Path) -> None:
    """If the file sets headers, then they replace the exporter's own, on errors too; an empty one does not."""
    file = """http_server_config:
  headers:
    Content-Security-Policy: "default-src 'self'"
    X-Frame-Options: deny
    X-XSS-Protection: 1
    X-Content-Type-Options: ""
"""
    expected = SECURITY | {
        b"content-security-policy": b"default-src 'self'",
        b"x-frame-options": b"deny",
        b"x-xss-protection": b"1",
    }
    async with guarded(tmp_path, file) as port:
        for path in (b"/-/healthy", b"/nowhere"):
            answer = await said(port, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert headers(answer).items() >= expected.items()


async def test_pipelined_requests_are_answered_in_order(tmp_path: Path) -> None:
    """If requests follow without waiting, then each is answered in its turn."""
    async with guarded(tmp_path, "") as port:
        answer = await said(
            port, HEAD + b"\r\n" + HEAD.replace(b"healthy", b"ready") + b"\r\n" + ending(HEAD + b"\r\n")
        )
    assert re.findall(rb"\r\n\r\n(\w+)\n", answer) == [b"healthy", b"ready", b"healthy"]
