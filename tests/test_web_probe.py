"""The health check of the container image, against exporters behind all kinds of web configuration."""

import json
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

import pytest

from docs.generate import ROOT
from support.certificates import Authority
from support.clock import ManualClock
from support.processes import child_of, config_file, program, require, run
from support.servers import HOST, closed_port, silent
from support.web import TLS, USERS, guarded, written
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.cli import PORT, healthcheck
from wolkvox_exporter.config import Config
from wolkvox_exporter.runtime.concurrency import in_thread
from wolkvox_exporter.web.toolkit.address import parse_address
from wolkvox_exporter.web.toolkit.watcher import LOOK_EVERY

Place: TypeAlias = Callable[[], AbstractContextManager[str]]

REQUIRED = f"{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n"


def check() -> list[str]:
    """Return the image's health check, run by this Python."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (written_there,) = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", dockerfile, re.MULTILINE)
    return [sys.executable, *json.loads(written_there)[1:]]


async def probed(port: int) -> int:
    """Run the health check against a port, and return its exit code."""
    return (await run(*check(), f"--web.listen-address={HOST}:{port}", cwd=ROOT)).code


@pytest.mark.parametrize(
    "web_config", ["", USERS, TLS, TLS + USERS, REQUIRED, "rate_limit: {interval: 1s, burst: 0}\n"]
)
async def test_an_exporter_that_answers_is_healthy(tmp_path: Path, web_config: str) -> None:
    """If the exporter is at work, then the check finds it healthy, whatever it asks of clients."""
    Authority(tmp_path).write(tmp_path)
    async with guarded(tmp_path, web_config) as port:
        assert await probed(port) == 0


@pytest.mark.parametrize("web_config", [USERS, TLS])
async def test_a_closed_door_is_not_healthy(tmp_path: Path, web_config: str) -> None:
    """If the web configuration file has turned bad, so that nobody is let in, then the check tells."""
    Authority(tmp_path).write(tmp_path)
    async with guarded(tmp_path, web_config, clock := ManualClock()) as port:
        written(tmp_path, "junk")
        clock.jump(LOOK_EVERY)
        assert await probed(port) == 1


@pytest.mark.parametrize("state", [closed_port, silent])
async def test_an_exporter_that_does_not_answer_is_not_healthy(state: Place) -> None:
    """If nothing listens, or what listens says nothing, then the check tells."""
    with state() as address:
        assert await probed(int(address.rpartition(":")[2])) == 1


def processes(folder: Path, *command_lines: Sequence[str]) -> Path:
    """Return a folder such as /proc with these processes, from 1 up."""
    (folder / "sys").mkdir()
    for number, words in enumerate(command_lines, 1):
        (folder / str(number)).mkdir()
        (folder / str(number) / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in words))
    # one that has ended meanwhile
    (folder / "9").mkdir()
    return folder


COMMAND = ("/opt/wolkvox-exporter/bin/python", "/opt/wolkvox-exporter/bin/wolkvox-exporter")
ITSELF = ("/opt/wolkvox-exporter/bin/python", "-m", "wolkvox_exporter.cli.healthcheck")
WRITTEN = {
    "as one word": ("--config.file=c.yaml", "--web.listen-address={}"),
    "as two words": ("--web.listen-address", "{}", "--config.file", "c.yaml"),
    "before a command": ("--web.listen-address={}", "demo"),
    "beside others": ("--web.listen-address=192.0.2.7:9", "--log.level", "debug", "--web.listen-address={}"),
}
LISTENING = {
    "127.0.0.1:0": "127.0.0.1:{}",
    "[::1]:0": "[::1]:{}",
    ":0": ":{}",
    "[::]:0": "[::]:{}",
    "0.0.0.0:0": "0.0.0.0:{}",
    "localhost:0": "localhost:{}",
}


@pytest.mark.parametrize("listens", LISTENING)
async def test_the_address_in_use_is_asked(tmp_path: Path, listens: str) -> None:
    """If the exporter is told to answer elsewhere, then it is asked there, every address by way of this machine's."""
    flags = ("--config.file=c.yaml", "--web.listen-address={}")
    async with Exporter(Config((), ())).running(Listen([parse_address(listens)])) as [(_, port), *_]:
        asked = [word.format(LISTENING[listens].format(port)) for word in (*COMMAND, *flags)]
        assert await in_thread("check", healthcheck.main, [], processes(tmp_path, asked, ITSELF)) == 0


@pytest.mark.parametrize("flags", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize(
    "before",
    [(), ("/sbin/docker-init", "--"), ("/usr/bin/tini", "-g", "--"), ("setpriv", "--nnp")],
    ids=lambda words: "-".join(words[:1]) or "alone",
)
def test_the_flags_are_found_however_it_was_started(
    tmp_path: Path, flags: tuple[str, ...], before: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """If the address stands in any place of its command line, behind an init process too, then it is the one asked."""
    with closed_port() as address:
        words = (word.format(address) for word in (*before, *COMMAND, *flags))
        assert healthcheck.main([], processes(tmp_path, tuple(words), ITSELF)) == 1
    assert f"{address}: [Errno 111] Connection refused" in capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    "others", [[], [("/pause",)], [("sh", "-c", "sleep 1; wolkvox-exporter --web.listen-address=:1 && :")]]
)
@pytest.mark.parametrize("exporter", [(*COMMAND, "--config.file=/etc/wolkvox-exporter"), ()])
def test_the_default_is_asked_where_no_address_is_given(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    others: list[tuple[str, ...]],
    exporter: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """If its command line has no address, or cannot be found, then the default port is asked, by IPv4 and by IPv6."""
    with closed_port() as address:
        port = address.rpartition(":")[2]
        # somebody may have an exporter at the real one
        monkeypatch.setattr(healthcheck, "PORT", int(port))
        assert healthcheck.main([], processes(tmp_path, *others, exporter, ITSELF)) == 1
    asked = [line.partition(": ")[0] for line in capsys.readouterr().err.splitlines()]
    assert asked == [f"127.0.0.1:{port}", f"[::1]:{port}"]


async def test_it_finds_the_exporter_of_its_container(tmp_path: Path) -> None:
    """If it runs beside the exporter in a container, then it finds where that answers, and tells when it does not."""
    container = ("unshare", "--fork", "--pid", "--kill-child", "--mount-proc")
    await require("no own PID namespace may be created here; run the tests as root", *container, "true")
    config = config_file(tmp_path, f"http://{HOST}:1", {"a": {"token": "x"}})
    script = tmp_path / "wolkvox-exporter"
    script.write_text("import runpy\nrunpy.run_module('wolkvox_exporter', run_name='__main__')\n")
    flags = (f"--config.file={config}", "--web.listen-address=[::1]:18513")
    async with program(*container, sys.executable, script, *flags) as exporter:
        await exporter.line("listening")
        inside = ("nsenter", "--pid", "--mount", "--target", str(child_of(exporter)))
        assert (await run(*inside, *check())).code == 0
        assert (await run(*inside, *check(), "--web.listen-address=[::1]:18514")).code == 1


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (["10842"], 1, "unrecognized arguments: 10842"),
        (["--port=1"], 1, "unrecognized arguments: --port=1"),
        (["--web.listen-address=::1:80"], 1, "an IPv6 address stands in brackets"),
    ],
)
async def test_what_it_cannot_read_it_says(given: list[str], code: int, words: str) -> None:
    """If the health check is given what it does not know, then it says so rather than ask somewhere else."""
    checked = await run(*check(), *given)
    assert (checked.code, checked.out) == (code, "")
    assert words in checked.err
    assert "Traceback" not in checked.err


async def test_it_imports_no_more_than_it_needs() -> None:
    """If the health check runs, twice a minute, then it does not load the exporter: neither aiohttp nor pydantic."""
    loaded = "import sys, wolkvox_exporter.cli.healthcheck; print(*sys.modules, sep='\\n')"
    modules = (await run(sys.executable, "-c", loaded)).out.splitlines()
    assert "wolkvox_exporter.web.toolkit.address" in modules
    assert {"aiohttp", "pydantic", "structlog", "asyncio"}.isdisjoint(modules)


def test_the_image_exposes_the_default_port() -> None:
    """If the image says which port it has, then that is the one that is taken unless told otherwise."""
    assert f"EXPOSE {PORT}\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
