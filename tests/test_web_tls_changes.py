"""TLS whose files change while it runs, with the clients that people use."""

import asyncio
import re
import ssl
from pathlib import Path

import pytest

from support.certificates import Authority
from support.clock import ManualClock
from support.prometheus import prometheus_by
from support.servers import HOST
from support.web import PASSWORD, TLS, USERS, curl, guarded, healthy, trusting, written
from wolkvox_exporter.web.toolkit import passwords
from wolkvox_exporter.web.toolkit.watcher import LOOK_EVERY

SCRAPING = """\
scrape_configs:
  - job_name: wolkvox
    scrape_interval: 1s
    scrape_timeout: 1s
    scheme: https
    tls_config: {ca_file: %s}
    basic_auth: {username: alice, password: %s}
    static_configs: [{targets: ["%s"]}]
"""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return the authority that the server's certificate in `tmp_path` is of."""
    made = Authority(tmp_path)
    made.write(tmp_path)
    return made


async def test_certificates_rotate_without_a_restart(tmp_path: Path, authority: Authority) -> None:
    """If the certificate's files are replaced, then a connection a second later gets the new one."""
    async with guarded(tmp_path, TLS, clock := ManualClock()) as port:
        before = await curl(*trusting(authority), healthy(port))
        other = Authority(tmp_path)
        other.write(tmp_path)
        clock.jump(LOOK_EVERY)
        after = await curl(*trusting(other), healthy(port))
    assert (before.out, after.out) == ("healthy\n200", "healthy\n200")


@pytest.mark.parametrize("content", ["", USERS, f"{TLS}  min_version: x\n"], ids=["emptied", "TLS gone", "mistake"])
async def test_a_file_that_turns_bad_ends_no_tls(tmp_path: Path, authority: Authority, content: str) -> None:
    """If TLS disappears from the file or it turns bad, then handshakes fail until it is repaired; nothing is plain."""
    async with guarded(tmp_path, TLS, clock := ManualClock()) as port:
        written(tmp_path, content)
        clock.jump(LOOK_EVERY)
        secured = await curl(*trusting(authority), healthy(port))
        plain = await curl(f"http://{HOST}:{port}/-/healthy")
        written(tmp_path, TLS)
        clock.jump(LOOK_EVERY)
        repaired = await curl(*trusting(authority), healthy(port))
    assert (secured.code, plain.out, repaired.out) == (35, "000", "healthy\n200")


async def test_an_open_connection_learns_of_a_bad_file(tmp_path: Path, authority: Authority) -> None:
    """If the file turns bad while a connection is open, then its next request is answered 500."""
    async with guarded(tmp_path, TLS, clock := ManualClock()) as port:
        context = ssl.create_default_context(cafile=authority.file)
        reader, writer = await asyncio.open_connection(HOST, port, ssl=context)
        statuses = []
        for content in (TLS, "junk", TLS):
            written(tmp_path, content)
            clock.jump(LOOK_EVERY)
            writer.write(b"GET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(re.findall(rb"Content-Length: (\d+)", head)[0]))
            statuses.append(head.split(b" ")[1])
        writer.close()
    assert statuses == [b"200", b"500", b"200"]


async def test_tls_added_later_waits_for_a_restart(tmp_path: Path, authority: Authority) -> None:
    """If TLS is added while it runs, then connections stay plain, as with Prometheus' other exporters."""
    assert authority
    async with guarded(tmp_path, USERS, clock := ManualClock()) as port:
        written(tmp_path, TLS + USERS)
        clock.jump(LOOK_EVERY)
        read = await curl("--user", f"alice:{PASSWORD}", f"http://{HOST}:{port}/-/healthy")
    assert read.out == "healthy\n200"


async def test_prometheus_scrapes_with_tls_and_password(tmp_path: Path, authority: Authority) -> None:
    """If Prometheus has the CA and the password, then it scrapes; after the password has changed it does not."""
    async with guarded(tmp_path, TLS + USERS) as port:
        config = tmp_path / "prometheus.yml"
        config.write_text(SCRAPING % (authority.file, PASSWORD, f"{HOST}:{port}"))
        async with prometheus_by(config) as server:
            await server.finds(lambda: {(): 1.0}, "max(wolkvox_exporter_build_info)")
            assert await server.query("up") == {(): 1.0}
            written(tmp_path, f"{TLS}basic_auth_users:\n  alice: {passwords.hashed(b'new', cost=4)}\n")
            await server.finds(lambda: {(): 0.0}, "up")
