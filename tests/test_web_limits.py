"""Clients that mean no good, or do badly: whatever they send, they get an answer of the right kind within bounds."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from support.canary import debug_log
from support.certificates import Authority
from support.servers import HOST
from support.web import HEAD, TLS, curl, guarded, said, status
from wolkvox_exporter.web.toolkit import connection, listener

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
HEALTHY = re.compile(rb"HTTP/1\.1 200 OK\r\n.*\r\n\r\nhealthy\n", re.DOTALL)
SECURITY = {
    b"content-security-policy": b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
    b"server": b"wolkvox-exporter",
    b"x-content-type-options": b"nosniff",
}


def headers(answer: bytes) -> dict[bytes, bytes]:
    """Return the headers of an answer."""
    lines = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(b": ") for line in lines)}


def ending(request: bytes) -> bytes:
    """Return the request as the last one of its connection."""
    return request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Give a connection, and close it for good."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@asynccontextmanager
async def greedy(port: int) -> AsyncIterator[socket.socket]:
    """Ask for more than fits into any buffer, and take none of it."""
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.settimeout(0)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(caller, (HOST, port))
        asking = asyncio.create_task(loop.sock_sendall(caller, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 5000))
        try:
            yield caller
        finally:
            asking.cancel()
            with suppress(OSError, asyncio.CancelledError):
                await asking


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


@pytest.mark.parametrize("sent", [b"", b"G", HEAD, HEAD + b"A: b", b"\r\n"])
async def test_a_client_that_says_nothing_is_left(tmp_path: Path, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the head of a request does not come in time, then the connection is closed without an answer."""
    monkeypatch.setattr(connection, "HEAD_TIMEOUT", 0.3)
    async with guarded(tmp_path, "") as port:
        assert await said(port, sent, patience=5) == b""


async def test_bytes_that_trickle_gain_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the head of a request comes byte by byte, then the connection is closed all the same."""
    monkeypatch.setattr(connection, "HEAD_TIMEOUT", 0.3)
    async with guarded(tmp_path, "") as port, connected(port) as (reader, writer):
        writer.write(HEAD + b"A: ")
        with pytest.raises(ConnectionError):
            await _trickle(writer)
        assert reader.at_eof()


async def _trickle(writer: asyncio.StreamWriter) -> None:
    for _ in range(100):
        writer.write(b"b")
        await asyncio.sleep(0.05)
        await writer.drain()


async def test_an_idle_connection_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a connection is kept open without a request, then it is closed after a while, and not before."""
    monkeypatch.setattr(connection, "IDLE_TIMEOUT", 1.0)
    monkeypatch.setattr(connection, "HEAD_TIMEOUT", 0.3)
    async with guarded(tmp_path, "") as port, connected(port) as (reader, writer):
        for _ in range(2):
            writer.write(HEAD + b"\r\n")
            assert (await reader.readuntil(b"healthy\n")).startswith(b"HTTP/1.1 200 ")
            await asyncio.sleep(0.5)
        async with asyncio.timeout(5):
            assert await reader.read(-1) == b""


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the body that was announced does not come, then the answer comes all the same and the connection ends."""
    monkeypatch.setattr(connection, "BODY_TIMEOUT", 0.3)
    async with guarded(tmp_path, "") as port:
        answer = await said(port, HEAD + b"Content-Length: 100\r\n\r\nhalf", patience=5)
        chunked = await said(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel", patience=5)
    assert HEALTHY.match(answer)
    assert HEALTHY.match(chunked)


async def test_an_answer_that_is_not_taken_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a client does not take its answers, then the connection is broken after a while."""
    monkeypatch.setattr(connection, "SEND_TIMEOUT", 0.5)
    async with guarded(tmp_path, "", max_requests=1) as port, greedy(port) as caller:
        await _until(port, 503)
        await _until(port, 200)
        with pytest.raises(ConnectionError):
            await _take_all(caller)


async def _take_all(caller: socket.socket) -> None:
    while await asyncio.get_running_loop().sock_recv(caller, 65_536):
        pass


async def test_more_requests_than_are_answered_at_a_time_are_told_to_come_again(tmp_path: Path) -> None:
    """If as many requests are under way as may be, then others get 503 and when to come again; probes get through."""
    async with guarded(tmp_path, "", max_requests=2) as port:
        async with AsyncExitStack() as stack:
            for _ in range(2):
                await stack.enter_async_context(greedy(port))
            await _until(port, 503)
            answer = await said(port, ending(HEAD.replace(b"/-/healthy", b"/") + b"\r\n"))
            assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert await status(port, None, "/-/healthy") == 200
            assert headers(answer)[b"retry-after"] == b"1"
            assert headers(answer).items() >= SECURITY.items()
        await _until(port, 200)


async def test_there_may_be_any_number_of_requests(tmp_path: Path) -> None:
    """If the number of requests is 0, then there is no bound."""
    async with guarded(tmp_path, "", max_requests=0) as port, AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(greedy(port))
        assert [await status(port, None, "/metrics") for _ in range(3)] == [200] * 3


async def _until(port: int, wanted: int) -> None:
    async with asyncio.timeout(10):
        while await status(port, None, "/metrics") != wanted:  # noqa: ASYNC110 - it is in another program's place
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("web_config", ["", TLS], ids=["plain", "TLS"])
async def test_idle_connections_give_way(
    tmp_path: Path, web_config: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """If as many connections are open as may be, then the oldest idle one is closed for a new one, and that is told."""
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 3)
    authority = Authority(tmp_path)
    authority.write(tmp_path)
    with debug_log("logfmt"):
        async with guarded(tmp_path, web_config) as port, AsyncExitStack() as stack:
            idle = [await stack.enter_async_context(connected(port)) for _ in range(4)]
            assert [await _is_closed(reader) for reader, _ in idle] == [True, False, False, False]
            url = f"http{'s' if web_config else ''}://{HOST}:{port}/-/healthy"
            assert (await curl("--cacert", authority.file, url)).out == "healthy\n200"
            assert [await _is_closed(reader) for reader, _ in idle] == [True, True, False, False]
    assert capfd.readouterr().err.count('msg="too many connections"') == 1


async def _is_closed(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(0.2):
            return await reader.read(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


async def test_no_connection_is_made_beside_busy_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If all connections that may be are busy, then a new one is closed at once."""
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 3)
    async with guarded(tmp_path, "", max_requests=3) as port:
        async with AsyncExitStack() as stack, asyncio.timeout(10):
            for _ in range(3):
                await stack.enter_async_context(greedy(port))
            # a connection whose request has not come yet would count as idle, and give way
            await asyncio.sleep(0.5)
            assert await status(port) == 0
        await _until(port, 200)


async def test_handshakes_give_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If clients arrive at once and begin no handshake, then all but the last are closed, however early."""
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 1)
    Authority(tmp_path).write(tmp_path)
    async with guarded(tmp_path, TLS) as port:
        with ExitStack() as stack:
            callers = [stack.enter_context(socket.create_connection((HOST, port))) for _ in range(4)]
            for caller in callers:
                caller.settimeout(0)
            await asyncio.sleep(0.3)
            assert [_is_over(caller) for caller in callers] == [True, True, True, False]


def _is_over(caller: socket.socket) -> bool:
    try:
        return caller.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


async def test_a_handshake_that_stalls_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a client begins a handshake and stalls, then the connection is closed after a while."""
    monkeypatch.setattr(listener, "HANDSHAKE_TIMEOUT", 0.3)
    Authority(tmp_path).write(tmp_path)
    async with guarded(tmp_path, TLS) as port:
        assert await said(port, b"\x16\x03\x01", patience=5) == b""
