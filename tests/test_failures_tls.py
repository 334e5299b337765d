"""TLS that does not come about, or breaks: what was established is told, and what to do about it."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.certificates import LONG_AFTER, Authority
from support.clock import ManualClock
from support.outcomes import REMEDIES, Failure, assert_failed, call_centre, polled, words
from support.servers import HOST, breaking_handshakes
from wolkvox_exporter.simulator import Simulator


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return a certificate authority that no system trusts."""
    return Authority(tmp_path)


def simulator() -> Simulator:
    """Return a simulated operation on a clock of its own."""
    return call_centre(ManualClock())


def alert(description: int) -> bytes:
    """Return TLS' record for a fatal alert, RFC 8446 section 6."""
    return bytes([21, 3, 3, 0, 2, 2, description])


async def test_plain_http_behind_https_is_a_tls_failure() -> None:
    """If the server speaks no TLS, then that is told as a failure of TLS and nothing reaches the API."""
    calls = simulator()
    async with (
        calls.serving() as url,
        polled(url.replace("http:", "https:"), timeout=30.0) as (exporter, _),
    ):
        await assert_failed(exporter, Failure("tls", "none", "(wrong version number)", remedy="speaks no TLS"))
    assert calls.calls == []


CERTIFICATES: dict[str, tuple[Callable[[Authority], ssl.SSLContext], str, str]] = {
    "wrong name": (
        lambda authority: authority.server("wv0042.wolkvox.example"),
        "certificate is not valid for '127.0.0.1'",
        "this is another host's certificate",
    ),
    "expired": (
        lambda authority: authority.server(until=datetime(2021, 1, 1, tzinfo=UTC)),
        "certificate has expired",
        "check this host's clock",
    ),
    "not yet valid": (
        lambda authority: authority.server(since=datetime(2098, 1, 1, tzinfo=UTC), until=LONG_AFTER),
        "certificate is not yet valid",
        "check this host's clock",
    ),
    "weak key": (
        lambda authority: authority.weak(authority.file.parent),
        "certificate key too weak",
        "has to replace that certificate",
    ),
}


@pytest.mark.parametrize(("context", "detail", "remedy"), CERTIFICATES.values(), ids=CERTIFICATES)
async def test_a_certificate_that_does_not_fit_is_a_tls_failure(
    authority: Authority, context: Callable[[Authority], ssl.SSLContext], detail: str, remedy: str
) -> None:
    """If the certificate is another host's or expired, then the text says which and the token is not sent."""
    calls = simulator()
    async with (
        calls.serving(ssl_context=context(authority)) as url,
        polled(url, ca_file=authority.file, timeout=30.0) as (exporter, _),
    ):
        await assert_failed(exporter, Failure("tls", "none", detail, remedy=remedy))
        assert REMEDIES["tls"] not in await words(exporter)
    assert calls.calls == []


async def test_an_unknown_authority_is_a_tls_failure_until_ca_file_names_it(authority: Authority) -> None:
    """If a company's proxy inspects TLS, then polls fail with a remedy that names `ca_file`, and succeed with it."""
    calls = simulator()
    async with calls.serving(ssl_context=authority.server()) as url:
        async with polled(url, timeout=30.0) as (exporter, _):
            await assert_failed(exporter, Failure("tls", "none", "certificate verify failed"))
            assert calls.calls == []
        async with polled(url, ca_file=authority.file, timeout=30.0) as (exporter, _):
            samples = await exporter.samples()
            assert samples.value("wolkvox_up", report="campaigns") == 1
            assert samples.value("wolkvox_campaign_records") == 100


SERVER = "check server or base_url"
NO_TLS = "what answers there speaks no TLS"
CLOSED = "the connection was closed during the TLS handshake"
ANSWERS = {
    "plain HTTP": (b"HTTP/1.1 400 Bad Request\r\n\r\n", "tls", "no TLS connection (wrong version number)", NO_TLS),
    "another protocol": (b"SSH-2.0-OpenSSH_9.6\r\n", "tls", "no TLS connection (wrong version number)", NO_TLS),
    "version": (alert(70), "tls", "alert protocol version)", "have no TLS version in common"),
    "ciphers": (alert(40), "tls", "alert handshake failure)", "agree on no ciphers, or it wants a client certificate"),
    "name": (alert(112), "tls", "unrecognized name)", "no site of that name is served there"),
    "broken server": (alert(80), "tls", "alert internal error)", "ended TLS for that reason"),
    "inspecting proxy": (alert(49), "tls", "alert access denied)", "ended TLS for that reason"),
    "nothing": (b"", "connection", CLOSED, SERVER),
    "half": (
        bytes([22, 3, 3, 0, 64, 2, 0]),
        "connection",
        CLOSED,
        SERVER,
    ),
}


@pytest.mark.parametrize(("answer", "reason", "detail", "remedy"), ANSWERS.values(), ids=ANSWERS)
async def test_a_handshake_that_is_refused_says_with_which_words(
    answer: bytes, reason: str, detail: str, remedy: str
) -> None:
    """If a server answers TLS with something else or with an alert, then the text has that, and no other cause."""
    async with breaking_handshakes(answer) as place, polled(f"https://{place}", timeout=30.0) as (exporter, _):
        await assert_failed(exporter, Failure(reason, "none", detail, remedy=remedy))
        assert REMEDIES[reason] not in await words(exporter)


@asynccontextmanager
async def wanting_a_client_certificate(context: ssl.SSLContext) -> AsyncIterator[str]:
    """Serve TLS 1.3, in which the client's certificate is missed only when the client takes itself for connected."""
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = ssl.TLSVersion.TLSv1_3

    def serve() -> None:
        # the event loop's own TLS would close the connection before its alert is out
        accepted, _ = listener.accept()
        with context.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False) as connection:
            with suppress(ssl.SSLError):
                connection.do_handshake()
            # closed with something unread it would be reset
            while os.read(connection.fileno(), 65536):
                pass

    with socket.create_server((HOST, 0)) as listener:
        served = asyncio.create_task(asyncio.to_thread(serve))
        yield f"{HOST}:{listener.getsockname()[1]}"
        await served


async def test_a_client_certificate_that_is_wanted_is_named(authority: Authority) -> None:
    """If TLS breaks after the handshake, then OpenSSL's reason is told, and not what its number means elsewhere."""
    detail = "the TLS connection broke (tlsv13 alert certificate required)"
    async with (
        wanting_a_client_certificate(authority.server()) as place,
        polled(f"https://{place}", ca_file=authority.file, timeout=30.0) as (exporter, _),
    ):
        await assert_failed(exporter, Failure("tls", "none", detail, remedy="wolkvox wants none"))
        assert "Operation not permitted" not in await words(exporter)
