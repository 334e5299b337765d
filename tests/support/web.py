"""Exporters behind a web configuration file, and clients of all kinds."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from support.certificates import Authority
from support.processes import PATIENCE, Finished, run
from support.servers import HOST
from support.tools import tool
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.config import Config
from wolkvox_exporter.runtime.clock import Clock

ALICE = "$2b$04$51GGslKkJkRhjMj6QvSW2.G6c9teqOaYAw.zBo769DRtqOrCyHdtm"
"""The hash of `PASSWORD`, at the lowest cost."""
PASSWORD = "canary-of-alice"
TLS = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
USERS = f"basic_auth_users:\n  alice: {ALICE}\n"
HEAD = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n"
SECURITY = {
    b"content-security-policy": b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
    b"server": b"wolkvox-exporter",
    b"x-content-type-options": b"nosniff",
}
"""The headers of every answer that keep browsers and others from making the most of it."""


@asynccontextmanager
async def guarded(
    folder: Path, web_config: str, clock: Clock | None = None, max_requests: int = 40
) -> AsyncIterator[int]:
    """Run an exporter of nothing behind this web configuration; gives its port."""
    listen = Listen([(HOST, 0)], web_config_file=written(folder, web_config), max_requests=max_requests)
    async with Exporter(Config((), ()), clock).running(listen) as [(_, port)]:
        yield port


def written(folder: Path, web_config: str) -> Path:
    """Write the file in one go, as an editor or an orchestrator does."""
    path, new = folder / "web.yaml", folder / "web.new"
    new.write_text(web_config, encoding="utf-8")
    return new.replace(path)


def basic(user: str | bytes, password: str | bytes) -> str:
    """Return an `Authorization` header."""
    parts = [part.encode() if isinstance(part, str) else part for part in (user, password)]
    return f"Basic {base64.b64encode(b':'.join(parts)).decode()}"


async def curl(*arguments: str | Path) -> Finished:
    """Run curl, which writes the status behind the body."""
    return await run(
        tool("curl"), "--silent", "--show-error", "--max-time", "10", "--write-out", "%{http_code}", *arguments
    )


async def said(port: int, request: bytes, *, patience: float = PATIENCE) -> bytes:
    """Send bytes and return all that comes until the connection is closed; an error if it is not."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        async with asyncio.timeout(patience):
            writer.write(request)
            return await _rest(reader)
    finally:
        writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(-1)
    except ConnectionError:
        return b""


async def status(port: int, authorization: str | None = None, path: str = "/-/healthy") -> int:
    """Return the status of a request with this header, 0 if the connection is closed without an answer."""
    header = f"Authorization: {authorization}\r\n" if authorization is not None else ""
    answer = await said(port, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n".encode())
    return int(answer.split(b" ")[1]) if answer else 0


def headers(answer: bytes) -> dict[bytes, bytes]:
    """Return the headers of an answer."""
    lines = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(b": ") for line in lines)}


def ending(request: bytes) -> bytes:
    """Return the request as the last one of its connection."""
    return request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)


def trusting(authority: Authority, *flags: str | Path) -> tuple[str | Path, ...]:
    """Return flags of curl."""
    return ("--cacert", authority.file, *flags)


def healthy(port: int) -> str:
    """Return an address."""
    return f"https://{HOST}:{port}/-/healthy"
