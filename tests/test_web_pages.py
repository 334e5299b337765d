"""Pages in browsers: whatever page somebody looks at, it can change nothing here, and programs can."""

from pathlib import Path

import pytest

from support.clock import ManualClock
from support.reloading import centre
from support.web import PASSWORD, USERS, basic, curl, ending, guarded, said

OWN = "http://127.0.0.1:10842"
FROM_A_PAGE = {
    "another site": ("Origin: http://evil.example",),
    "another site of today": ("Origin: http://evil.example", "Sec-Fetch-Site: cross-site"),
    "another port of this host": (f"Origin: {OWN[:-1]}3", "Sec-Fetch-Site: same-site"),
    "a name made to lead here": ("Host: evil.example:10842", "Origin: http://evil.example:10842"),
    "a name made to lead here, of today": ("Host: evil.example:10842", "Sec-Fetch-Site: same-origin"),
    "a sandbox": ("Origin: null",),
    "an empty origin": ("Origin;",),
    "no origin": ("Sec-Fetch-Site: cross-site",),
    "a proxy's second header": ("Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site"),
    "a value of tomorrow": ("Sec-Fetch-Site: other",),
}
FROM_A_PROGRAM = {
    "curl": (),
    "Prometheus' config-reloader": ("User-Agent: Go-http-client/1.1", "Content-Length: 0", "Accept-Encoding: gzip"),
    "Node.js": ("User-Agent: node", "Sec-Fetch-Mode: cors", "Accept-Language: *"),
    "through a proxy": ("Host: wolkvox.example.com", "X-Forwarded-For: 192.0.2.1", "Via: 1.1 proxy"),
    "what no page had a part in": ("Sec-Fetch-Site: none",),
}


def with_headers(lines: tuple[str, ...]) -> list[str]:
    """Return the flags of curl for these headers."""
    return [part for line in lines for part in ("--header", line)]


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("lines", FROM_A_PAGE.values(), ids=FROM_A_PAGE)
async def test_no_page_reloads(tmp_path: Path, lines: tuple[str, ...], method: str) -> None:
    """If a page sends the request, of another site or of this host by any name, then it is refused and nothing read."""
    async with centre(tmp_path, ManualClock(), "stays") as (exporter, file):
        file.write("stays", "comes")
        answer = await curl("--request", method, *with_headers(lines), f"{exporter.url}/-/reload")
        assert len(exporter.exporter.accounts) == 1
    assert answer.out.startswith("403 Forbidden: a page in a browser sent this")
    assert answer.out.endswith("such as curl\n403")


@pytest.mark.parametrize("lines", FROM_A_PROGRAM.values(), ids=FROM_A_PROGRAM)
async def test_programs_reload(tmp_path: Path, lines: tuple[str, ...]) -> None:
    """If a program sends the request, then the configuration is reloaded."""
    async with centre(tmp_path, ManualClock(), "stays") as (exporter, file):
        file.write("stays", "comes")
        answer = await curl("--request", "POST", *with_headers(lines), f"{exporter.url}/-/reload")
        assert len(exporter.exporter.accounts) == 2
    assert answer.out == "reloaded\n200"


@pytest.mark.parametrize("lines", FROM_A_PAGE.values(), ids=FROM_A_PAGE)
async def test_pages_may_read(tmp_path: Path, lines: tuple[str, ...]) -> None:
    """If a page only leads here, by a link say, then it is answered."""
    async with centre(tmp_path, ManualClock(), "stays") as (exporter, _):
        for path in ("/", "/metrics", "/-/healthy"):
            assert (await curl(*with_headers(lines), f"{exporter.url}{path}")).out.endswith("200")


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"PATCH"])
async def test_no_page_changes_anything(tmp_path: Path, method: bytes) -> None:
    """If a page sends any request that could change something, then it is refused, wherever to, and not before 401."""
    for path in (b"/metrics", b"/-/reload", b"/nowhere"):
        request = ending(method + b" " + path + b" HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\n\r\n")
        async with guarded(tmp_path, USERS) as port:
            assert (await said(port, request)).startswith(b"HTTP/1.1 401 ")
            user = f"\r\nAuthorization: {basic('alice', PASSWORD)}\r\nOrigin".encode()
            assert (await said(port, request.replace(b"\r\nOrigin", user))).startswith(b"HTTP/1.1 403 ")
