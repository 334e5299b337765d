"""Connections that do not come about, or not to the right host: what the exporter makes of them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from support.certificates import Authority
from support.clock import ManualClock
from support.outcomes import Failure, assert_failed, call_centre, polled
from support.servers import breaking_handshakes, closed_port, full, silent
from wolkvox_exporter.simulator import Simulator

REFUSED = "no connection to the server (Connection refused)"
TOO_LATE = Failure("connection", "none", "no connection within the time allowed")
NO_HANDSHAKE = Failure("tls", "none", "no TLS handshake within the time allowed", remedy="the connection was made")
API = "/api/v2"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return a certificate authority that no system trusts."""
    return Authority(tmp_path)


def simulator() -> Simulator:
    """Return a simulated operation on a clock of its own."""
    return call_centre(ManualClock())


@pytest.mark.parametrize(
    ("address", "scheme", "seconds", "failure"),
    [
        (closed_port, "http", 30.0, Failure("connection", "none", REFUSED)),
        (closed_port, "https", 30.0, Failure("connection", "none", REFUSED)),
        (full, "http", 0.5, TOO_LATE),
        (silent, "https", 0.5, NO_HANDSHAKE),
        (silent, "http", 0.5, Failure("timeout", "none", "no answer within the time allowed")),
    ],
    ids=["refused", "refused, TLS", "dropped by a firewall", "no handshake", "accepted without an answer"],
)
async def test_a_connection_that_is_not_made_is_told_from_a_silent_server(
    address: Callable[[], AbstractContextManager[str]], scheme: str, seconds: float, failure: Failure
) -> None:
    """If no connection is made, then the remedy names the allow-list; if one is and nothing comes, then it does not."""
    with address() as place:
        async with polled(f"{scheme}://{place}{API}", timeout=seconds) as (exporter, _):
            await assert_failed(exporter, failure)


async def test_a_name_that_does_not_resolve_is_no_connection() -> None:
    """If the server's name is unknown, then the text says so and the remedy names DNS."""
    remedy = "check this host's DNS"
    failure = Failure("connection", "none", "the server's name cannot be resolved", remedy=remedy)
    async with polled(f"https://nonexistent.invalid{API}", timeout=30.0) as (exporter, _):
        await assert_failed(exporter, failure)


async def test_a_handshake_that_is_reset_is_no_connection() -> None:
    """If a firewall resets the connection in the handshake, then it is tried once more, and the text says where."""
    detail = "the connection was closed during the TLS handshake (Connection reset by peer)"
    failure = Failure("connection", "none", detail, requests=2, remedy="on the operation's allow-list in wolkvox")
    async with breaking_handshakes() as place, polled(f"https://{place}{API}", timeout=30.0) as (exporter, _):
        await assert_failed(exporter, failure)


@pytest.mark.parametrize(
    ("address", "scheme", "failure"),
    [(full, "http", TOO_LATE), (full, "https", TOO_LATE), (silent, "https", NO_HANDSHAKE)],
)
async def test_the_connect_time_out_is_short(
    address: Callable[[], AbstractContextManager[str]], scheme: str, failure: Failure
) -> None:
    """If a call may take 65 seconds, then a connection may still take only as long as the connect time-out."""
    with address() as place:
        async with polled(f"{scheme}://{place}{API}", timeout=65.0, connect_timeout=0.2) as (exporter, _):
            await assert_failed(exporter, failure)
