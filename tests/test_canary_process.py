"""The token shows nowhere around a process: its command line, environment, files, and what it says as it dies."""

import asyncio
import hashlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from support.canary import PATHS, assert_secret, debug_log, pages
from support.clock import ManualClock
from support.operations import TOKEN, operation, restarted, running
from support.outcomes import call_centre
from support.processes import PATIENCE, Program, config_file, direct, serving
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

AS_THE_UNIT_DOES = ("env", "PYTHONFAULTHANDLER=1")
AS_DEVELOPERS_DO = ("env", "PYTHONDEVMODE=1")
RENEWED = f"{TOKEN}-renewed"


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


@asynccontextmanager
async def centre(folder: Path) -> AsyncIterator[tuple[Simulator, Path]]:
    """Serve an operation, and write a configuration that polls it every second and keeps its state."""
    centre = Operation("ventas-co", (TOKEN,), [Campaign("4875", f"Ventas {TOKEN}", records=100, answer=20)])
    simulator = Simulator([centre], SystemClock())
    (folder / "state").mkdir()
    settings = {"interval": "1s", "amd_interval": "1s", "state": str(folder / "state")}
    async with simulator.serving() as base_url:
        yield simulator, config_file(folder, base_url, {"ventas-co": {"token": TOKEN}}, **settings)


async def shown(url: str) -> str:
    """Return every page."""
    texts = []
    async with aiohttp.ClientSession() as session:
        for path in PATHS:
            async with session.get(url + path) as response:
                texts.append(await response.text())
    return "\n".join(texts)


def around(exporter: Program, folder: Path) -> str:
    """Return what the system shows of the process to others, and the files that it has written."""
    texts = [Path(f"/proc/{exporter.pid}/{name}").read_text() for name in ("cmdline", "environ")]
    written = files(folder / "state")
    assert written
    return "\n".join([*texts, written])


def files(folder: Path) -> str:
    """Return names and content of all files in a folder."""
    return "\n".join(f"{path} {path.read_text()}" for path in folder.rglob("*") if path.is_file())


async def test_a_running_service_shows_no_token(tmp_path: Path) -> None:
    """If it runs as the unit runs it, then no page, state file, environment, command line or log line has the token."""
    async with centre(tmp_path) as (simulator, config), serving(config, *AS_THE_UNIT_DOES) as (exporter, url):
        await exporter.line("poll succeeded")
        simulator.inject(Fault.ECHO_TOKEN)
        await exporter.line("poll failed")
        seen = await shown(url) + around(exporter, tmp_path)
        assert await exporter.end(signal.SIGTERM) == 0
    assert simulator.calls[0].token == TOKEN
    assert_secret(seen + exporter.text)


async def test_a_reload_shows_no_token(tmp_path: Path) -> None:
    """If token and configuration change, and a bad configuration follows, then neither old nor new token shows."""
    async with centre(tmp_path) as (_, config), serving(config) as (exporter, url):
        await exporter.line("poll succeeded")
        (tmp_path / "token-0").write_text(RENEWED)
        config.write_text(config.read_text() + "stale_after: 4\n")
        exporter.send(signal.SIGHUP)
        await exporter.line("configuration reloaded")
        await exporter.line('"reason": "token"')
        config.write_text(f"operations: [{{name: a, token: {TOKEN}, server: {TOKEN}}}]")
        exporter.send(signal.SIGHUP)
        await exporter.line("configuration not reloaded")
        seen = await shown(url) + around(exporter, tmp_path)
        assert await exporter.end(signal.SIGTERM) == 0
    assert_secret(seen + exporter.text)


@pytest.mark.parametrize("prefix", [AS_THE_UNIT_DOES, AS_DEVELOPERS_DO], ids=["unit", "developer"])
async def test_a_crash_dump_shows_no_token(tmp_path: Path, prefix: tuple[str, ...]) -> None:
    """If it is aborted while a call is under way, then the dump says where it was, and not with which token."""
    async with centre(tmp_path) as (simulator, config), serving(config, *prefix) as (exporter, _):
        await exporter.line("poll succeeded")
        simulator.inject(Fault.STALL)
        async with asyncio.timeout(PATIENCE):
            await simulator.until(in_flight=1)
        assert await exporter.end(signal.SIGABRT) == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in exporter.text
    assert_secret(exporter.text)


async def test_what_developers_see_shows_no_token(tmp_path: Path) -> None:
    """If Python's development mode is on while calls fail, then what it adds to the log has no token."""
    async with centre(tmp_path) as (simulator, config), serving(config, *AS_DEVELOPERS_DO) as (exporter, _):
        for fault in (Fault.RESET, Fault.RESET_BODY, Fault.GARBAGE, Fault.ECHO_TOKEN, Fault.REDIRECT):
            simulator.inject(fault, times=2)
        await exporter.line('"reason": "redirect"')
        assert await exporter.end(signal.SIGTERM) == 0
    assert_secret(exporter.text)


class Broken(ManualClock):
    """A clock that fails once, as no clock does."""

    broken = False

    def time(self) -> float:
        """Fail, with the token in the error and in a local variable."""
        secret = TOKEN
        if self.broken:
            self.broken = False
            raise RuntimeError(f"a bug that repeats {secret}")
        return super().time()


@pytest.mark.parametrize("log_format", ["logfmt", "json"])
async def test_a_worker_that_dies_of_a_bug_shows_no_token(log_format: str, capfd: pytest.CaptureFixture[str]) -> None:
    """If a worker ends with an error that repeats the token, then the log says where it broke, and not the token."""
    clock = Broken()
    with debug_log(log_format):
        async with call_centre(clock).serving() as url, running(operation(url), clock=clock) as exporter:
            await clock.advance(299)
            clock.broken = True
            await clock.advance(10)
            seen = await pages(exporter)
    logged = capfd.readouterr().err
    assert "worker died" in logged
    assert "RuntimeError" in logged
    assert_secret(seen + logged)


async def test_what_is_kept_for_a_restart_holds_no_token(tmp_path: Path) -> None:
    """If the token is refused, then what is kept until after a restart has neither the token nor its digest."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url, restarted(tmp_path, operation(url), clock):
        simulator.inject(Fault.ECHO_TOKEN, times=2)
        simulator.inject(Fault.TOKEN_REFUSED)
        await clock.advance(301)
        await clock.advance(301)
    written = files(tmp_path)
    assert '"reason":"token"' in written
    assert_secret(written, hashlib.sha256(TOKEN.encode()).hexdigest())
