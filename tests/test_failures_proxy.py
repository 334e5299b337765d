"""The way to the API through a proxy: from the configuration, from the environment, and when the proxy fails."""

import asyncio
import base64
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from support.certificates import Authority
from support.clock import ManualClock
from support.operations import TOKEN
from support.outcomes import REMEDIES, Failure, assert_failed, call_centre, polled, words
from support.processes import direct
from support.servers import (
    HOST,
    Handler,
    closed_port,
    forward,
    full,
    hang_up,
    replying,
    reset,
    serving,
    silent,
    writing,
)

API = "https://wv0042.wolkvox.com/api/v2"
PROXY = "check the proxy (proxy_url, or HTTPS_PROXY in the environment)"
ALLOW_LIST = REMEDIES["connection"]


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return a certificate authority that no system trusts."""
    return Authority(tmp_path)


async def test_proxy_url_leads_through_a_tunnel(authority: Authority) -> None:
    """If `proxy_url` is set, then the call goes through a tunnel of that proxy, which never sees the token."""
    simulator = call_centre(ManualClock())
    async with serving(forward) as proxy, simulator.serving(ssl_context=authority.server()) as url:
        settings = {"proxy_url": proxy.url.replace("//", "//user:pass@"), "ca_file": authority.file, "timeout": 30.0}
        async with polled(url, **settings) as (exporter, _):
            assert (await exporter.samples()).value("wolkvox_up", report="campaigns") == 1
        address = url.removeprefix("https://").removesuffix("/api/v2")
        assert proxy.targets == [f"CONNECT {address} HTTP/1.1"]
        assert f"Proxy-Authorization: Basic {base64.b64encode(b'user:pass').decode()}" in proxy.heads[0]
        assert TOKEN not in proxy.heads[0]
    assert [call.status for call in simulator.calls] == [200]


async def test_proxy_url_is_used_for_plain_http_too() -> None:
    """If `proxy_url` is set for an address with http, then the proxy is asked for the whole address."""
    simulator = call_centre(ManualClock())
    async with serving(forward) as proxy, simulator.serving() as url:
        async with polled(url, proxy_url=proxy.url, timeout=30.0) as (exporter, _):
            assert (await exporter.samples()).value("wolkvox_up", report="campaigns") == 1
        assert proxy.targets == [f"GET {url}/real_time.php?api=campaigns HTTP/1.1"]


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("scheme", ["http://", "HTTP://", ""])
async def test_the_environments_proxy_is_honoured(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, name: str, scheme: str
) -> None:
    """If HTTPS_PROXY is set and `proxy_url` is not, then calls go through that proxy, as host and port, too."""
    simulator = call_centre(ManualClock())
    async with serving(forward) as proxy, simulator.serving(ssl_context=authority.server()) as url:
        monkeypatch.setenv(name, proxy.url.replace("http://", scheme))
        async with polled(url, ca_file=authority.file, timeout=30.0) as (exporter, _):
            assert (await exporter.samples()).value("wolkvox_up", report="campaigns") == 1
        address = url.removeprefix("https://").removesuffix("/api/v2")
        assert proxy.targets == [f"CONNECT {address} HTTP/1.1"]


async def test_no_proxy_is_respected(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """If NO_PROXY names the host, then HTTPS_PROXY is left out."""
    simulator = call_centre(ManualClock())
    async with serving(forward) as proxy, simulator.serving(ssl_context=authority.server()) as url:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", HOST)
        async with polled(url, ca_file=authority.file, timeout=30.0) as (exporter, _):
            assert (await exporter.samples()).value("wolkvox_up", report="campaigns") == 1
        assert proxy.connections == 0


async def test_proxy_url_stands_above_the_environment(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """If both are set, then `proxy_url` is used, whatever the environment says."""
    simulator = call_centre(ManualClock())
    async with (
        serving(forward) as proxy,
        serving(reset) as other,
        simulator.serving(ssl_context=authority.server()) as url,
    ):
        monkeypatch.setenv("HTTPS_PROXY", other.url)
        monkeypatch.setenv("NO_PROXY", HOST)
        async with polled(url, proxy_url=proxy.url, ca_file=authority.file, timeout=30.0) as (exporter, _):
            assert (await exporter.samples()).value("wolkvox_up", report="campaigns") == 1
        assert (proxy.connections, other.connections) == (1, 0)


async def test_a_proxy_that_refuses_connections_is_no_connection() -> None:
    """If the proxy is down, then the text says that it is the proxy."""
    failure = Failure("connection", "none", "the proxy cannot be reached (Connection refused)", remedy=PROXY)
    with closed_port() as place:
        async with polled(API, proxy_url=f"http://{place}", timeout=30.0) as (exporter, _):
            await assert_failed(exporter, failure)


async def test_a_proxy_whose_name_is_unknown_is_named() -> None:
    """If the proxy's name does not resolve, then nobody looks for a mistake in the server's."""
    remedy = "then the spelling of the proxy's name"
    failure = Failure("connection", "none", "the proxy's name cannot be resolved", remedy=remedy)
    async with polled(API, proxy_url="http://nonexistent.invalid:3128", timeout=30.0) as (exporter, _):
        await assert_failed(exporter, failure)


@pytest.mark.parametrize(
    ("address", "detail"),
    [
        (silent, "no answer of the proxy to CONNECT within the time allowed"),
        (full, "no connection to the proxy within the time allowed"),
    ],
    ids=["accepts and is silent", "behind a firewall"],
)
async def test_a_proxy_that_says_nothing_is_no_connection(
    address: Callable[[], AbstractContextManager[str]], detail: str
) -> None:
    """If the proxy accepts and never answers, then that is no connection either: wolkvox was never reached."""
    with address() as place:
        async with polled(API, proxy_url=f"http://{place}", timeout=30.0, connect_timeout=0.3) as (exporter, _):
            await assert_failed(exporter, Failure("connection", "none", detail, remedy=PROXY))
            page = await words(exporter)
    assert "raise connect_timeout" in page
    assert ALLOW_LIST not in page


def after(seconds: float, handle: Handler) -> Handler:
    """Return a handler that takes its time first."""

    async def slow(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await handle(head, reader, writer)

    return slow


async def tunnel_to_nowhere(_: str, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept CONNECT, and let nothing through."""
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.Event().wait()


async def test_a_slow_proxy_is_reached_within_the_connect_time_out(authority: Authority) -> None:
    """If a proxy takes its time for a tunnel, then the call is made, and fails where that exceeds the time allowed."""
    simulator = call_centre(ManualClock())
    failure = Failure("connection", "none", "no answer of the proxy to CONNECT", remedy=PROXY)
    async with serving(after(0.6, forward)) as proxy, simulator.serving(ssl_context=authority.server()) as url:
        settings = {"proxy_url": proxy.url, "ca_file": authority.file, "timeout": 60.0}
        async with polled(url, connect_timeout=20.0, **settings) as (exporter, _):
            assert (await exporter.samples()).value("wolkvox_up", report="campaigns") == 1
        async with polled(url, connect_timeout=0.3, **settings) as (exporter, _):
            await assert_failed(exporter, failure)
    assert len(simulator.calls) == 1


@pytest.mark.parametrize(
    ("seconds", "failure"),
    [
        (0.0, Failure("tls", "none", "no TLS handshake within the time allowed", remedy="the connection was made")),
        (1.5, Failure("connection", "none", "of which the proxy's answer to CONNECT took", remedy=PROXY)),
    ],
)
async def test_a_tunnel_through_which_nothing_comes_is_told_from_a_slow_proxy(seconds: float, failure: Failure) -> None:
    """If TLS is not there in time, then the text says so, and what took most of the time before."""
    async with (
        serving(after(seconds, tunnel_to_nowhere)) as proxy,
        polled(API, proxy_url=proxy.url, timeout=30.0, connect_timeout=2.4) as (exporter, _),
    ):
        await assert_failed(exporter, failure)


REFUSALS = {
    "407 Proxy Authentication Required": "write the proxy's user and password into proxy_url",
    "403 Forbidden": "let the proxy allow connections",
    "405 Method Not Allowed": "this is no proxy that makes connections for others",
    "400 Bad Request": PROXY,
    "502 Bad Gateway": "did not get through to the operation's server",
}


@pytest.mark.parametrize(("status", "remedy"), REFUSALS.items())
async def test_a_proxy_that_refuses_the_tunnel_is_no_connection(status: str, remedy: str) -> None:
    """If the proxy wants a password or cannot reach wolkvox, then the text says that the proxy refused."""
    failure = Failure("connection", "none", f"the proxy refused to connect ({status[:3]})", remedy=remedy)
    async with (
        serving(replying(b"<p>no</p>", status)) as proxy,
        polled(API, proxy_url=proxy.url, timeout=30.0) as (exporter, _),
    ):
        await assert_failed(exporter, failure)
        assert proxy.targets == ["CONNECT wv0042.wolkvox.com:443 HTTP/1.1"]


async def test_a_proxy_that_resets_is_tried_once_more() -> None:
    """If the proxy drops the connection, then it is asked twice at once and then at the interval."""
    detail = "the proxy closed the connection without an answer to CONNECT (Connection reset by peer)"
    failure = Failure("connection", "none", detail, requests=2, remedy=PROXY)
    async with serving(reset) as proxy, polled(API, proxy_url=proxy.url, timeout=30.0) as (exporter, clock):
        await assert_failed(exporter, failure)
        assert proxy.connections == 2
        await clock.advance(298)
        assert proxy.connections == 2


async def dropping(_: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Make a tunnel, and reset it as soon as something comes."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await reader.read(65536)
    hang_up(writer)


async def test_a_tunnel_that_is_reset_is_told_as_what_it_is() -> None:
    """If the proxy makes the tunnel and something beyond resets it, then the text says that this was within TLS."""
    detail = "the connection was closed during the TLS handshake (Connection reset by peer)"
    failure = Failure("connection", "none", detail, requests=2, remedy="inspecting proxy on the way, gave no reason")
    async with serving(dropping) as proxy, polled(API, proxy_url=proxy.url, timeout=30.0) as (exporter, _):
        await assert_failed(exporter, failure)


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (b"\x05\xff\r\n", "the proxy's answer to CONNECT is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", "the proxy's answer to CONNECT is no valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 9000 + b"\r\n\r\n", "the proxy's answer to CONNECT has a longer line"),
    ],
    ids=["SOCKS", "no header", "long header"],
)
async def test_a_proxy_that_speaks_otherwise_is_no_connection(answer: bytes, detail: str) -> None:
    """If what is taken for a proxy does not speak HTTP, then that is told of the proxy and not of wolkvox."""
    async with (
        serving(writing(answer)) as proxy,
        polled(API, proxy_url=proxy.url, timeout=30.0) as (exporter, _),
    ):
        await assert_failed(exporter, Failure("connection", "none", detail, remedy=PROXY))


async def test_a_server_that_answers_407_is_no_proxy() -> None:
    """If there is no proxy, then none is blamed for a 407."""
    failure = Failure("http", "407", "wolkvox answered 407", remedy="check server or base_url")
    async with (
        serving(replying(b"", "407 Proxy Authentication Required")) as server,
        polled(server.url) as (exporter, _),
    ):
        await assert_failed(exporter, failure)
