"""Clients that mean no good, or do badly: whatever they send, they get an answer of the right kind within bounds."""

import asyncio
import re
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from support.canary import debug_log
from support.certificates import Authority
from support.processes import PATIENCE
from support.reloading import until
from support.servers import HOST
from support.web import HEAD, SECURITY, TLS, curl, ending, guarded, headers, said, status
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.config import Config
from wolkvox_exporter.web.toolkit import connection, listener

HEALTHY = re.compile(rb"HTTP/1\.1 200 OK\r\n.*\r\n\r\nhealthy\n", re.DOTALL)


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
        # reset or ended, depending on how much of what it had asked was read
        async with asyncio.timeout(5):
            with suppress(ConnectionError):
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


@pytest.mark.parametrize("method", [b"POST", b"PUT"])
async def test_what_is_never_refused_takes_no_place(method: bytes) -> None:
    """If more reloads wait than requests may be under way, then metrics, page and probes are answered all the same."""
    asked, goes_on = threading.Event(), threading.Event()

    def load() -> Config:
        asked.set()
        goes_on.wait()
        return Config((), ())

    reload = ending(method + b" /-/reload HTTP/1.1\r\nHost: x\r\n\r\n")
    listen = Listen([(HOST, 0)], lifecycle=True, max_requests=2)
    async with Exporter(Config((), ()), load=load).running(listen) as [(_, port)], AsyncExitStack() as stack:
        stack.callback(goes_on.set)
        waiting = [asyncio.create_task(said(port, reload)) for _ in range(3)]
        await asyncio.to_thread(asked.wait, 10)
        assert [await status(port, None, path) for path in ("/metrics", "/", "/-/healthy", "/-/ready")] == [200] * 4
        assert not any(answer.done() for answer in waiting)
        goes_on.set()
        assert [answer.endswith(b"\r\n\r\nreloaded\n") for answer in await asyncio.gather(*waiting)] == [True] * 3


async def test_a_path_beside_the_probes_is_no_probe(tmp_path: Path) -> None:
    """If a path only looks like that of a probe, then it is refused as all others are."""
    async with guarded(tmp_path, "", max_requests=1) as port, greedy(port):
        await _until(port, 503)
        assert [await status(port, None, f"/-/{name}") for name in ("nowhere", "healthy/", "HEALTHY")] == [503] * 3
        assert await status(port, None, "/-/%68ealthy") == 200


async def test_there_may_be_any_number_of_requests(tmp_path: Path) -> None:
    """If the number of requests is 0, then there is no bound."""
    async with guarded(tmp_path, "", max_requests=0) as port, AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(greedy(port))
        assert [await status(port, None, "/metrics") for _ in range(3)] == [200] * 3


async def _until(port: int, wanted: int) -> None:
    async with asyncio.timeout(PATIENCE):
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
            await until(lambda: all(_is_over(caller) for caller in callers[:3]))
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
