import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import yaml

from support.processes import (
    EXPORTER,
    PATIENCE,
    child_of,
    config_file,
    opened,
    program,
    require,
    run,
    serving,
)
from support.samples import Samples
from support.tools import tool
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

TOKEN = "canary-5f0c3b1d9e"
SIGNALS = [signal.SIGTERM, signal.SIGINT]
UNSHARE = ("unshare", "--fork", "--pid", "--kill-child")
BAD_CONFIG = """\
intervall: 5m
operations:
  - name: ventas-co
    server: "42"
    token_file: nowhere
  - name: ventas-co
    base_url: {base_url}
    token: secret-of-the-file
    time_zone: Bogota
"""


@asynccontextmanager
async def centre(folder: Path, **settings: str) -> AsyncIterator[tuple[Simulator, Path]]:
    """Serve a simulated operation, and write the configuration that polls it."""
    campaign = Campaign("4875", "Ventas", records=100, answer=20)
    simulator = Simulator([Operation("ventas-co", (TOKEN,), [campaign])], SystemClock())
    async with simulator.serving() as base_url:
        yield simulator, config_file(folder, base_url, {"ventas-co": {"token": TOKEN}}, **settings)


async def page(url: str) -> str:
    """Return what is shown at an address."""
    async with aiohttp.ClientSession(raise_for_status=True) as session, session.get(url) as response:
        return await response.text()


async def scraped(url: str, shows: Callable[[Samples], bool]) -> Samples:
    """Return a scrape as soon as it shows what is wanted; an error after a minute."""
    for _ in range(600):
        samples = Samples(await page(f"{url}/metrics"))
        if shows(samples):
            return samples
        await asyncio.sleep(0.1)
    raise AssertionError(samples.text)


def read(path: str) -> str:
    """Return what a file holds."""
    return Path(path).read_text()


def free_port() -> int:
    """Return a port that nobody uses at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.mark.parametrize("number", SIGNALS)
async def test_it_serves_until_a_signal_ends_it(tmp_path: Path, number: signal.Signals) -> None:
    """If the process gets SIGTERM or SIGINT, then it ends within 5 s, without a complaint and with exit code 0."""
    async with centre(tmp_path) as (simulator, config), serving(config) as (exporter, url):
        await exporter.line('"amd"')
        assert (await page(f"{url}/-/ready")) == "ready\n"
        await scraped(url, lambda samples: samples.values("wolkvox_up") == [1, 1])
        assert await exporter.end(number) == 0
    assert {call.report for call in simulator.calls} == {"campaigns", "amd"}
    assert exporter.text.count('"stopping"') == 1
    assert "Traceback" not in exporter.text


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_ends_it_while_the_api_keeps_it_waiting(tmp_path: Path, number: signal.Signals) -> None:
    """If the API does not answer, then a signal still ends the process within 5 s, with exit code 0."""
    async with centre(tmp_path) as (simulator, config):
        simulator.inject(Fault.STALL)
        async with serving(config) as (exporter, _), asyncio.timeout(PATIENCE):
            await simulator.until(in_flight=1)
            assert await exporter.end(number) == 0
    assert "Traceback" not in exporter.text


async def test_a_reload_that_is_asked_for_during_the_start_follows_it(tmp_path: Path) -> None:
    """If the process gets SIGHUP while it reads its configuration, then it starts all the same, and reads it again."""
    async with centre(tmp_path) as (_, config):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        flags = (f"--config.file={pipe}", "--web.listen-address=127.0.0.1:0", "--log.format=json")
        async with program(*EXPORTER, *flags) as exporter:
            with await opened(pipe) as first:
                exporter.send(signal.SIGHUP)
                first.write(config.read_text())
            await exporter.line('"listening"')
            with await opened(pipe) as second:
                second.write(config.read_text())
            reloaded = json.loads(await exporter.line('"configuration reloaded"'))
            assert await exporter.end(signal.SIGTERM) == 0
    assert reloaded["unchanged"] == "ventas-co"


@pytest.mark.parametrize("turns", range(4))
async def test_a_stop_is_not_lost_at_the_moment_of_a_change(turns: int) -> None:
    """If the process is stopped at the very moment when data change, then it ends and does not wait for ever."""
    clock, change = SystemClock(), asyncio.Event()
    sleeper = asyncio.create_task(clock.sleep_until(clock.monotonic() + PATIENCE, change))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    change.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    in_time = sleeper.cancel()
    await asyncio.wait({sleeper})
    assert sleeper.cancelled() == in_time


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_ends_it_as_the_first_process_of_a_container(tmp_path: Path, number: signal.Signals) -> None:
    """If it is process 1, which the kernel shields from signals nobody handles, then they end it all the same."""
    await require("no own PID namespace may be created here; run the tests as root", *UNSHARE, "true")
    async with centre(tmp_path) as (_, config), serving(config, *UNSHARE) as (outer, _):
        inner = child_of(outer)
        assert number_inside(inner) == 1
        assert await outer.end(number, inner) == 0


def number_inside(pid: int) -> int:
    """Return the id of a process as it sees it itself."""
    numbers = next(line for line in read(f"/proc/{pid}/status").splitlines() if line.startswith("NSpid:"))
    return int(numbers.split()[-1])


async def test_an_address_in_use_is_told_in_one_line_before_anything_is_asked(tmp_path: Path) -> None:
    """If another program has the address, then one line names the flag to change and no call of the quota is spent."""
    async with centre(tmp_path) as (simulator, config):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            ended = await run(*EXPORTER, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}")
    choice = "choose with --web.listen-address"
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == f"cannot listen on 127.0.0.1:{port} (Address already in use); {choice}\n"
    assert simulator.calls == []


@pytest.mark.parametrize("command", ["demo", "simulate"])
async def test_the_simulating_commands_tell_of_an_address_in_use_too(command: str) -> None:
    """If another program has the address of the demo or the simulator, then one line says so, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = await run(*EXPORTER, command, f"--web.listen-address=127.0.0.1:{port}")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"cannot listen on 127.0.0.1:{port} (Address already in use); ")
    assert ended.err.count("\n") == 1


async def test_all_errors_of_a_configuration_are_told_and_nothing_starts(tmp_path: Path) -> None:
    """If a configuration has several errors, then all are on stderr at once, and neither port nor API is touched."""
    async with centre(tmp_path) as (simulator, config):
        base_url = yaml.safe_load(config.read_text())["operations"][0]["base_url"]
        config.write_text(BAD_CONFIG.format(base_url=base_url))
        ended = await run(*EXPORTER, f"--config.file={config}", "--web.listen-address=127.0.0.1:0")
    assert (ended.code, ended.out) == (1, "")
    assert [line.removeprefix(f"{config}:").split(": ")[:2] for line in ended.err.splitlines()] == [
        ["1", "intervall"],
        ["4", "operations[0].server"],
        ["5", "operations[0].token_file"],
        ["6", "operations[1].name"],
        ["9", "operations[1].time_zone"],
    ]
    assert "secret-of-the-file" not in ended.err
    assert simulator.calls == []


async def test_a_token_from_a_file_shows_nowhere(tmp_path: Path) -> None:
    """If the token comes from a file, then neither the process list, its environment, pages nor log lines show it."""
    async with centre(tmp_path, interval="1s", amd_interval="1s") as (simulator, config):
        simulator.inject(Fault.ECHO_TOKEN, report="amd")
        async with serving(config) as (exporter, url):
            await exporter.line("poll failed")
            shown = [read(f"/proc/{exporter.pid}/{name}") for name in ("cmdline", "environ")]
            shown += [await page(url + path) for path in ("/", "/metrics")]
            assert await exporter.end(signal.SIGTERM) == 0
    assert simulator.calls[0].token == TOKEN
    assert all(shown)
    assert not any(TOKEN in text for text in [*shown, exporter.text])


async def test_the_demo_shows_campaigns_that_move(tmp_path: Path) -> None:
    """If one runs the demo, then it tells where to look and what Prometheus needs, and its figures move in a minute."""
    port = free_port()
    async with program(*EXPORTER, "demo", f"--web.listen-address=127.0.0.1:{port}", "--speed=600") as demo:
        await demo.line("Ctrl-C ends it.")
        assert f"http://127.0.0.1:{port}/ " in demo.text
        assert f"http://127.0.0.1:{port}/metrics " in demo.text
        await promtool_accepts(tmp_path, demo.out)
        url = f"http://127.0.0.1:{port}"
        first = dialled(await scraped(url, lambda samples: len(samples.values("wolkvox_campaigns")) == 3))
        await scraped(url, lambda samples: dialled(samples) > first > 0)
        # calls are answered by agents, who talk
        await scraped(url, lambda samples: max(samples.values("wolkvox_skill_answered_total"), default=0) > 0)
        await scraped(url, lambda samples: max(samples.values("wolkvox_agents", status="talk"), default=0) > 0)
        assert await demo.end(signal.SIGINT) == 0
    assert [line for line in demo.err if "level=info" not in line] == []


def dialled(samples: Samples) -> float:
    """Return how many records all campaigns have dialled."""
    return sum(samples.values("wolkvox_campaign_records_dialed"))


async def promtool_accepts(folder: Path, said: list[str]) -> None:
    """Let promtool check the lines for prometheus.yml as a reader would copy them."""
    lines = said[said.index("In prometheus.yml:") + 1 : said.index("Ctrl-C ends it.")]
    config = folder / "prometheus.yml"
    config.write_text("\n".join(["scrape_configs:", *lines]))
    checked = await run(tool("promtool"), "check", "config", config)
    assert (checked.code, checked.err) == (0, "")


@asynccontextmanager
async def simulating(folder: Path, *flags: str) -> AsyncIterator[Path]:
    """Run the simulator alone, and write the configuration it prints as a reader would copy it."""
    async with program(*EXPORTER, "simulate", *flags) as simulator:
        await simulator.line("# Ctrl-C ends it.")
        lines = simulator.out[simulator.out.index("operations:") : simulator.out.index("# Ctrl-C ends it.")]
        config = folder / "config.yaml"
        config.write_text("\n".join(lines))
        yield config
        assert await simulator.end(signal.SIGINT) == 0
    assert simulator.err == []


async def test_the_simulator_prints_a_configuration_that_works(tmp_path: Path) -> None:
    """If one copies what `simulate` prints into a file, then `check` accepts it and every poll of `once` succeeds."""
    async with simulating(tmp_path) as config:
        checked = await run(*EXPORTER, "check", f"--config.file={config}")
        polled = await run(*EXPORTER, "once", f"--config.file={config}")
    assert checked.code == 0
    summary, *operations, _ = checked.out.splitlines()
    assert summary == f"{config} is good: 3 operations, 216,000 calls a day"
    assert [line.split(":")[0].strip() for line in operations] == ["ventas-co", "cobranzas-mx", "servicio-cl"]
    assert polled.code == 0
    samples = Samples(polled.out)
    assert samples.values("wolkvox_up") == [1] * 15
    assert samples.value("wolkvox_campaigns", operation="ventas-co") == 6
    assert samples.value("wolkvox_skills", operation="ventas-co") == 2


async def test_a_simulated_fault_makes_once_fail_with_its_reason(tmp_path: Path) -> None:
    """If the simulator answers with HTML, then `once` exits with 1 and the exposition counts why for each report."""
    async with simulating(tmp_path, "--fault=html") as config:
        polled = await run(*EXPORTER, "once", f"--config.file={config}")
    assert polled.code == 1
    samples = Samples(polled.out)
    assert samples.values("wolkvox_up") == [0] * 15
    assert samples.values("wolkvox_poll_failures_total", reason="invalid_body") == [1] * 15
    assert sum(samples.values("wolkvox_poll_failures_total")) == 15
    assert "wolkvox_campaign_records" not in samples.names()


async def test_garbage_is_looked_for_once_the_program_is_read() -> None:
    """If the program has been read, then garbage is looked for, and not in what was read, which is none."""
    looks = "import gc, wolkvox_exporter.__main__ as program; print(gc.isenabled()); program.main(); "
    looks += "print(gc.isenabled(), gc.get_freeze_count() > 100_000)"
    looked = await run(sys.executable, "-c", looks, "once", "--config.file=/nowhere")
    assert looked.out == "False\nTrue True\n"


async def test_an_interrupt_ends_once_without_a_traceback(tmp_path: Path) -> None:
    """If one presses Ctrl-C while `once` waits for the API, then it ends as shells expect, and quietly."""
    async with centre(tmp_path) as (simulator, config):
        simulator.inject(Fault.STALL)
        async with program(*EXPORTER, "once", f"--config.file={config}") as once, asyncio.timeout(PATIENCE):
            await simulator.until(in_flight=1)
            assert await once.end(signal.SIGINT, within=PATIENCE) == 130
    assert once.text == ""
