"""What the log says of clients that are turned away before they could send a request: they see a closed connection."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog

from support.certificates import Authority
from support.clock import ManualClock
from support.processes import run
from support.servers import HOST
from support.tools import tool
from support.web import TLS, curl, guarded, healthy, said, written
from wolkvox_exporter.web.toolkit import listener
from wolkvox_exporter.web.toolkit.watcher import LOOK_EVERY

REQUIRED = f"{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: client/ca.pem\n"
TRUSTING = ("--cacert", "ca.pem")
PRESENTING = (*TRUSTING, "--cert", "client/server.crt", "--key", "client/server.key")
# by file and client, what OpenSSL says on the server's side
REFUSED = {
    "no certificate": (REQUIRED, TRUSTING, "peer did not return a certificate"),
    "no certificate in TLS 1.2": (REQUIRED, (*TRUSTING, "--tls-max", "1.2"), "peer did not return a certificate"),
    "one of another authority": (
        REQUIRED,
        (*TRUSTING, "--cert", "server.crt", "--key", "server.key"),
        "certificate verify failed: self",
    ),
    "none of the names": (
        f"{REQUIRED}  client_allowed_sans: [two]\n",
        PRESENTING,
        "the client's certificate has none of client_allowed_sans",
    ),
    "no trust in the server": (TLS, (), "tlsv1 alert unknown ca"),
    "too old a TLS": (f"{TLS}  min_version: TLS13\n", (*TRUSTING, "--tls-max", "1.2"), "unsupported protocol"),
    "no common suite": (
        f"{TLS}  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n  max_version: TLS12\n",
        TRUSTING,
        "no shared cipher",
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the server's certificate and CA, and in `client` a client's."""
    Authority(tmp_path).write(tmp_path)
    (tmp_path / "client").mkdir()
    Authority(tmp_path / "client").write(tmp_path / "client", "one")
    return tmp_path


async def refused(folder: Path, port: int, flags: Sequence[str]) -> None:
    """Let curl try in vain, with files of the folder."""
    words = [word if word.startswith("-") or word[:1].isdigit() else str(folder / word) for word in flags]
    assert (await curl(*words, healthy(port))).out == "000"


def lines(told: Sequence[Mapping[str, Any]], level: str = "info") -> list[dict[str, object]]:
    """Return the log's lines about refused connections, less what is the same in all."""
    same = {"event": "no TLS connection", "log_level": level}
    kept = [line for line in told if line.items() >= same.items()]
    return [{key: value for key, value in line.items() if key not in same} for line in kept]


@pytest.mark.parametrize(("config", "client", "reason"), REFUSED.values(), ids=REFUSED)
async def test_the_log_says_why_a_client_is_turned_away(
    folder: Path, config: str, client: tuple[str, ...], reason: str
) -> None:
    """If a client has no certificate, an old TLS or the like, then a line says which client, and why."""
    with structlog.testing.capture_logs() as told:
        async with guarded(folder, config) as port:
            await refused(folder, port, client)
    (line,) = lines(told)
    assert str(line.pop("reason")).startswith(reason)
    assert line == {"client": HOST}


async def test_a_client_below_tls_1_2_is_told_of(folder: Path) -> None:
    """If a client speaks TLS 1.1 at most, then a line says that its version is none that is served."""
    with structlog.testing.capture_logs() as told:
        async with guarded(folder, TLS) as port:
            where = f"{HOST}:{port}"
            await run(tool("openssl"), "s_client", "-connect", where, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert lines(told) == [{"client": HOST, "reason": "unsupported protocol"}]


async def test_a_client_without_tls_is_told_of(folder: Path) -> None:
    """If a client sends HTTP where TLS is wanted, then a line says so, and nothing of what it sent."""
    with structlog.testing.capture_logs() as told:
        async with guarded(folder, TLS) as port:
            assert await said(port, b"GET /canary HTTP/1.1\r\nHost: x\r\n\r\n") == b""
    assert lines(told) == [{"client": HOST, "reason": "http request"}]
    assert "canary" not in str(told)


async def test_a_bad_file_is_the_reason_that_is_told(folder: Path) -> None:
    """If nobody can come in because the file has turned bad, then that is the reason, and not the client."""
    with structlog.testing.capture_logs() as told:
        async with guarded(folder, TLS, clock := ManualClock()) as port:
            written(folder, "junk")
            clock.jump(LOOK_EVERY)
            await refused(folder, port, TRUSTING)
    assert lines(told) == [{"client": HOST, "reason": "the web configuration file cannot be used"}]


async def test_many_who_are_turned_away_are_one_line_a_minute(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If many clients are turned away, then the log has one line a minute, and counts those without one."""
    with structlog.testing.capture_logs() as told:
        async with guarded(folder, REQUIRED) as port:
            for _ in range(4):
                await refused(folder, port, TRUSTING)
            reason = "peer did not return a certificate"
            assert lines(told) == [{"client": HOST, "reason": reason}]
            assert lines(told, "debug") == [{"client": HOST, "reason": reason}] * 3
            # as if a minute had passed
            monkeypatch.setattr(listener, "_LOG_AGAIN", 0.0)
            await refused(folder, port, TRUSTING)
            await refused(folder, port, TRUSTING)
    assert lines(told)[1:] == [{"client": HOST, "reason": reason, "unlogged": 3}, {"client": HOST, "reason": reason}]


async def test_who_only_looks_whether_the_port_is_open_is_no_line(folder: Path) -> None:
    """If a probe connects and closes, as load balancers and Kubernetes do, then the log does not tell of it."""
    with structlog.testing.capture_logs() as told:
        async with guarded(folder, TLS) as port:
            for _ in range(3):
                _, writer = await asyncio.open_connection(HOST, port)
                writer.close()
                await writer.wait_closed()
            assert (await curl("--cacert", folder / "ca.pem", healthy(port))).out == "healthy\n200"
    assert lines(told) == []
