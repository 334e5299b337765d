"""The page as it is served, beside all else."""

import asyncio
import json
import signal
import threading
from pathlib import Path

import pytest

from support.processes import config_file, run, serving
from support.tools import tool
from support.web import ending, guarded, said, status
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Operation, Simulator
from wolkvox_exporter.web import landing
from wolkvox_exporter.web.landing import Overview

PLACE = "where-the-token-is-kept"
GET = ending(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


async def test_where_a_token_is_kept_is_in_the_log_alone(tmp_path: Path) -> None:
    """If a token file is gone or its token refused, then the log has its place, and no page or metric has it."""
    simulator = Simulator([Operation("uno", ("a-token",), [Campaign("1", "A", records=1)])], SystemClock())
    simulator.revoke("a-token")
    async with simulator.serving() as base_url:
        config = config_file(tmp_path, base_url, {"uno": {"token": "a-token"}}, interval="1s", amd_interval="1s")
        file = (tmp_path / "token-0").rename(tmp_path / PLACE)
        config.write_text(config.read_text(encoding="utf-8").replace("token-0", PLACE), encoding="utf-8")
        async with serving(config) as (exporter, url):
            refused = json.loads(await exporter.line("poll failed"))
            file.unlink()
            gone = json.loads(await exporter.line("no token: there is no such file"))
            shown = [(await run(tool("curl"), "--silent", url + path)).out for path in ("/", "/metrics")]
            assert await exporter.end(signal.SIGTERM) == 0
    assert [each["source"] for each in (refused, gone)] == [f"file {file}"] * 2
    assert "there is no such file; it must exist and hold the token" in shown[0]
    assert [PLACE in page for page in shown] == [False] * 2


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
