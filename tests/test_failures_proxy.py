"""The way to the API through a proxy: from the configuration, from the environment, and when the proxy fails."""

import base64
from pathlib import Path

import pytest

from support.certificates import Authority
from support.clock import ManualClock
from support.operations import TOKEN
from support.outcomes import Failure, assert_failed, call_centre, polled
from support.servers import HOST, closed_port, forward, replying, reset, serving, silent

API = "https://wv0042.wolkvox.com/api/v2"
VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take out of the environment what would lead elsewhere."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


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
async def test_the_environments_proxy_is_honoured(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, name: str
) -> None:
    """If HTTPS_PROXY is set and `proxy_url` is not, then calls go through that proxy."""
    simulator = call_centre(ManualClock())
    async with serving(forward) as proxy, simulator.serving(ssl_context=authority.server()) as url:
        monkeypatch.setenv(name, proxy.url)
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
    with closed_port() as place:
        async with polled(API, proxy_url=f"http://{place}", timeout=30.0) as (exporter, _):
            await assert_failed(exporter, Failure("connection", "none", "the proxy cannot be reached"))


async def test_a_proxy_that_says_nothing_is_no_connection() -> None:
    """If the proxy accepts and never answers, then that is no connection either: wolkvox was never reached."""
    with silent() as place:
        async with polled(API, proxy_url=f"http://{place}", timeout=0.5) as (exporter, _):
            await assert_failed(exporter, Failure("connection", "none", "no connection within the time allowed"))


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"])
async def test_a_proxy_that_refuses_the_tunnel_is_no_connection(status: str) -> None:
    """If the proxy wants a password or cannot reach wolkvox, then the text says that the proxy refused."""
    async with (
        serving(replying(b"<p>no</p>", status)) as proxy,
        polled(API, proxy_url=proxy.url, timeout=30.0) as (exporter, _),
    ):
        await assert_failed(exporter, Failure("connection", "none", "the proxy refused to connect"))
        assert proxy.targets == ["CONNECT wv0042.wolkvox.com:443 HTTP/1.1"]


async def test_a_proxy_that_resets_is_tried_once_more() -> None:
    """If the proxy drops the connection, then it is asked twice at once and then at the interval."""
    async with serving(reset) as proxy, polled(API, proxy_url=proxy.url, timeout=30.0) as (exporter, clock):
        await assert_failed(exporter, Failure("connection", "none", "Connection reset by peer", requests=2))
        assert proxy.connections == 2
        await clock.advance(298)
        assert proxy.connections == 2
