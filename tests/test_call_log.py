"""The line that the log has for each call at debug level, and what no line of it has."""

import json
import re
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from support.canary import assert_secret
from support.clock import ManualClock
from support.operations import TOKEN, operation, running
from support.outcomes import call_centre, polled
from support.processes import EXPORTER, config_file, program
from support.servers import closed_port, replying, serving
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

PASSWORD = "canary-proxy-77ab1c"


def calls(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the lines about calls."""
    return [line for line in lines if line.get("event", line.get("msg")) == "call ended"]


async def test_each_call_has_a_line_with_what_it_cost() -> None:
    """If calls are made, then each has a line: operation, report, host, status, bytes, rows and milliseconds."""
    clock = ManualClock()
    simulator = call_centre(clock)
    further = {"skills": "all", "agents": "by_status"}
    with capture_logs() as logs:
        async with simulator.serving() as url, running(operation(url, quota_interval=900.0, **further), clock=clock):
            await clock.advance(1)
    host = url.removeprefix("http://").partition("/")[0]
    lines = calls(logs)
    assert [line["report"] for line in lines] == [call.report for call in simulator.calls]
    assert {line["report"] for line in lines} == set(ReportName)
    for line in lines:
        known = {key: line[key] for key in ("log_level", "operation", "host", "status", "rows")}
        # this one has neither skills nor agents
        rows = 0 if line["report"] in further else 1
        assert known == {"log_level": "debug", "operation": "ventas-co", "host": host, "status": "200", "rows": rows}
        assert line["bytes"] > 50
        assert line["milliseconds"] >= 0
        assert "reason" not in line


async def test_the_figures_are_those_of_the_answer() -> None:
    """If an answer has a number of rows and bytes, bad rows among them, then its line has these."""
    rows = [{"campaign": f"{number} - A"} for number in range(1, 8)]
    body = json.dumps([*rows, "no row", {}]).encode()
    with capture_logs() as logs:
        async with serving(replying(body)) as server, polled(server.url):
            pass
    (line,) = calls(logs)
    assert (line["bytes"], line["rows"], line["status"]) == (len(body), 9, "200")


async def test_a_refused_call_has_its_reason() -> None:
    """If wolkvox refuses a call, then its line has the status and why."""
    body = b'{"msg": "PLEASE VALIDATE TOKEN"}'
    with capture_logs() as logs:
        async with serving(replying(body, "403 Forbidden")) as server, polled(server.url):
            pass
    (line,) = calls(logs)
    assert (line["status"], line["bytes"], line["reason"]) == ("403", len(body), "token")
    assert line["error"] == "wolkvox answered 403 (PLEASE VALIDATE TOKEN)"
    assert "rows" not in line


async def test_a_call_without_an_answer_has_its_reason() -> None:
    """If no connection is made, then its line says so, without a status or figures that there are not."""
    with capture_logs() as logs, closed_port() as place:
        async with polled(f"http://{place}"):
            pass
    (line,) = calls(logs)
    assert (line["host"], line["status"], line["reason"]) == (place, "none", "connection")
    assert line["error"] == "no connection to the server (Connection refused)"
    assert not {"bytes", "rows"} & line.keys()


@asynccontextmanager
async def centre(folder: Path, **keys: str) -> AsyncIterator[tuple[Simulator, Path]]:
    """Serve an operation whose answers repeat the token, and write a configuration that polls it every second."""
    campaign = Campaign("4875", f"Ventas {TOKEN}", records=100, answer=20)
    simulator = Simulator([Operation("ventas-co", (TOKEN,), [campaign])], SystemClock())
    intervals = {"interval": "1s", "amd_interval": "1s", "timeout": "2s"}
    async with simulator.serving() as url:
        yield simulator, config_file(folder, url, {"ventas-co": {"token": TOKEN, **keys}}, **intervals)


FAULTS = {
    Fault.ECHO_TOKEN: "(THE TOKEN *** IS NOT ALLOWED HERE)",
    Fault.RESET: "(Connection reset by peer)",
    Fault.GARBAGE: "the answer is not HTTP",
    Fault.REDIRECT: "wolkvox answered 302, a redirect",
    Fault.HTML: "the answer is no JSON",
    Fault.STALL: "no answer within the time allowed",
}


@pytest.mark.parametrize("log_format", ["logfmt", "json"])
async def test_no_line_of_any_library_has_the_token(tmp_path: Path, log_format: str) -> None:
    """If a process logs all that it can, through many faults, then the token is in no line, whoever wrote it."""
    flags = ("--web.listen-address=127.0.0.1:0", "--log.level=debug", f"--log.format={log_format}")
    command = ("env", "PYTHONASYNCIODEBUG=1", *EXPORTER, *flags)
    async with centre(tmp_path) as (simulator, config), program(*command, f"--config.file={config}") as exporter:
        await exporter.line("call ended")
        for fault, words in FAULTS.items():
            simulator.heal()
            simulator.inject(fault)
            await exporter.line(words)
        assert await exporter.end(signal.SIGTERM) == 0
    assert {call.token for call in simulator.calls} == {TOKEN}
    assert exporter.text.count("call ended") > len(FAULTS)
    assert_secret(exporter.text)
    # nor do asyncio and aiohttp speak of what they send
    assert not re.search(r"wolkvox-token|authorization|using selector|<Client", exporter.text, re.IGNORECASE)


async def test_no_line_has_the_proxys_password(tmp_path: Path) -> None:
    """If a proxy with a password refuses, then the lines at debug level have neither the password nor its address."""
    async with serving(replying(b"", f"407 {PASSWORD}")) as proxy:
        address = proxy.url.replace("//", f"//user:{PASSWORD}@")
        async with centre(tmp_path, proxy_url=address) as (_, config):
            flags = (f"--config.file={config}", "--web.listen-address=127.0.0.1:0", "--log.level=debug")
            async with program(*EXPORTER, *flags) as exporter:
                await exporter.line("the proxy refused to connect (407)")
                assert await exporter.end(signal.SIGTERM) == 0
    assert_secret(exporter.text, PASSWORD)
