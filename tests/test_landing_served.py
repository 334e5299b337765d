"""The page as it is served, beside all else."""

import asyncio
import threading
from pathlib import Path

import pytest

from support.web import ending, guarded, said, status
from wolkvox_exporter.web import landing
from wolkvox_exporter.web.landing import Overview

GET = ending(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


async def test_a_page_that_takes_long_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a page takes long to make, then metrics and probes are answered meanwhile, and it is made once for many."""
    begun, goes_on, made = threading.Event(), threading.Event(), []
    render = landing.render

    def slowly(overview: Overview) -> str:
        made.append(overview)
        begun.set()
        goes_on.wait(10)
        return render(overview)

    monkeypatch.setattr(landing, "render", slowly)
    async with guarded(tmp_path, "") as port:
        pages = [asyncio.create_task(said(port, GET)) for _ in range(5)]
        await asyncio.to_thread(begun.wait, 10)
        assert [await status(port, None, path) for path in ("/metrics", "/-/healthy", "/-/ready")] == [200] * 3
        assert not any(page.done() for page in pages)
        goes_on.set()
        assert [b"No operations are configured" in page for page in await asyncio.gather(*pages)] == [True] * 5
        assert len(made) == 1
        assert await status(port, None, "/") == 200
        assert len(made) == 2
