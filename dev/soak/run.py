"""One soak: starts both sides, lets time pass, compares, ends, and tells what was found."""

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from soak import hostile, ledger, reloads
from soak.clients import SECRET, Scrapes
from soak.health import Health

ROOT = Path(__file__).parents[2]
GRACE = 5.0
"""Seconds within which the exporter ends, also while the API keeps it waiting."""
PROMISE = 1.0
"""Seconds within which a scrape is answered."""
_START = 30.0
_MOUNTED = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/nsswitch.conf && shift 2 && exec "$@"'
_UNSHARE = ("unshare", "--mount")


@dataclass
class Verdict:
    """What came of a soak: figures to look at, and what must not be."""

    figures: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Upstream:
    """The other side, as seen from here."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def told(self) -> Any:  # noqa: ANN401 - whatever it tells
        """Return its next line."""
        assert self._process.stdout  # noqa: S101 - it was asked for
        async with asyncio.timeout(120):
            line = await self._process.stdout.readline()
        return json.loads(line)

    async def ask(self, command: str) -> Any:  # noqa: ANN401 - the same
        """Return what it answers to a command."""
        assert self._process.stdin  # noqa: S101 - it was asked for
        self._process.stdin.write(f"{command}\n".encode())
        return await self.told()


@asynccontextmanager
async def process(*command: str | Path, log: Path | None = None) -> AsyncIterator[Process]:
    """Run a program of this repository meanwhile; its stderr goes to `log`."""
    environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    with (log or Path(os.devnull)).open("ab") as err:
        started = await asyncio.create_subprocess_exec(
            *map(str, command),
            stdin=PIPE,
            stdout=PIPE,
            stderr=err if log else None,
            cwd=ROOT,
            env=environment | {"PYTHONPATH": f"{ROOT / 'exporter'}{os.pathsep}{ROOT / 'dev'}"},
            limit=2**22,
        )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def may_mount() -> bool:
    """Return whether the exporter can have a hosts file of its own: as root, or where a kernel lets everybody."""
    with suppress(FileNotFoundError):
        async with process(*_UNSHARE, "true") as trying:
            return await trying.wait() == 0
    return False


def command(folder: Path, *, named: bool) -> list[str | Path]:
    """Return the exporter's command line."""
    flags = (f"--config.file={folder / 'config.yaml'}", "--web.listen-address=127.0.0.1:0", "--log.format=json")
    plain: list[str | Path] = [sys.executable, "-m", "soak.subject", folder / "tasks", *flags]
    if not named:
        return plain
    (folder / "nsswitch").write_text("hosts: files\n", encoding="ascii")
    return [*_UNSHARE, "sh", "-c", _MOUNTED, "sh", folder / "hosts", folder / "nsswitch", *plain]


async def soak(folder: Path, seconds: float, promise: float = PROMISE) -> Verdict:
    """Let `seconds` pass under random faults, and return what was found; the log stays in `folder`.

    A scrape may take `promise` seconds.
    """
    named, log = await may_mount(), folder / "exporter.log"
    async with AsyncExitStack() as stack:
        words = ("named" if named else "unnamed",)
        upstream = Upstream(
            await stack.enter_async_context(process(sys.executable, "-m", "soak.upstream", folder, *words))
        )
        await upstream.told()
        exporter = await stack.enter_async_context(process(*command(folder, named=named), log=log))
        port = await listening(log)
        health, scrapes = Health(exporter.pid, folder / "tasks"), Scrapes(f"http://127.0.0.1:{port}")
        await suffer(seconds, health, scrapes, port, folder / "config.yaml")
        verdict = Verdict({"seconds": seconds, "name service faults": named})
        await compare(verdict, upstream, f"http://127.0.0.1:{port}/metrics")
        await end(verdict, upstream, exporter)
        judge(verdict, health, scrapes, log.read_text(encoding="utf-8"), promise)
    return verdict


async def listening(log: Path) -> int:
    """Return the exporter's port as soon as it has one."""
    async with asyncio.timeout(_START):
        while True:
            if found := _port(log):
                return found
            await asyncio.sleep(0.1)


def _port(log: Path) -> int:
    lines = log.read_text(encoding="utf-8").splitlines()
    return next((int(json.loads(line)["port"]) for line in lines if '"listening"' in line), 0)


async def suffer(seconds: float, health: Health, scrapes: Scrapes, port: int, config: Path) -> None:
    """Let clients, good and bad, ask for a while, and configurations change."""
    await asyncio.sleep(3)
    works = [
        asyncio.create_task(work)
        for work in (
            health.run(max(0.5, seconds / 600)),
            scrapes.run(),
            hostile.run("127.0.0.1", port),
            reloads.run(health.pid, config, max(10.0, seconds / 100)),
        )
    ]
    done, _ = await asyncio.wait(works, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for work in works:
        work.cancel()
    await asyncio.wait(works)
    for work in done:
        work.result()


async def compare(verdict: Verdict, upstream: Upstream, url: str) -> None:
    """Compare what was counted with what was injected, once all of it has reached the exporter."""
    await upstream.ask("heal")
    before = await upstream.ask("counts")
    # the longest that a poll takes to find a closed door, with as much again for a busy machine
    await asyncio.sleep(6)
    async with aiohttp.ClientSession(raise_for_status=True) as session, session.get(url) as response:
        shown = ledger.read(await response.text())
    after = await upstream.ask("counts")
    verdict.problems += ledger.differences(shown, before, after) + ledger.misses(shown, before, after)
    verdict.problems += [f"{after[what]} calls {text}" for what, text in _NEVER.items() if after[what]]
    verdict.figures |= {
        "polls": sum(shown.polls.values()),
        "calls": sum(ledger.counted(after["calls"]).values()),
        "failures injected": sum(ledger.counted(after["injected"]).values()),
        "failures counted": sum(shown.failures.values()),
        "kinds of faults": len(after["faults"]),
        "reasons": sorted({reason for (_, _, reason), number in shown.failures.items() if number}),
    }


_NEVER = {"overlaps": "came while another of the same token was under way", "strays": "went where none belongs"}


async def end(verdict: Verdict, upstream: Upstream, exporter: Process) -> None:
    """End the exporter by SIGTERM while it waits for answers."""
    await upstream.ask("stall")
    began = time.monotonic()
    exporter.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(GRACE):
            code = await exporter.wait()
    except TimeoutError:
        verdict.problems.append(f"SIGTERM did not end the exporter within {GRACE:g} s")
        return
    verdict.figures["seconds to end"] = round(time.monotonic() - began, 2)
    if code:
        verdict.problems.append(f"the exporter ended with {code}")


def judge(verdict: Verdict, health: Health, scrapes: Scrapes, log: str, promise: float) -> None:
    """Judge what was seen all the while."""
    seconds = sorted(scrapes.tally.seconds)
    verdict.figures |= {
        "scrapes": len(seconds),
        "scrapes read by a parser": scrapes.tally.parsed,
        "median scrape, s": round(seconds[len(seconds) // 2], 4),
        "99th percentile, s": round(seconds[int(len(seconds) * 0.99)], 4),
        "slowest scrape, s": round(seconds[-1], 4),
        "held up itself, s": round(scrapes.tally.lag, 4),
        "first and last third": {name: [round(part, 2) for part in both] for name, both in health.thirds().items()},
    }
    verdict.problems += [f"{what} ({number} times)" for what, number in scrapes.tally.problems.items()]
    verdict.problems += health.grown()
    if seconds[-1] > promise:
        verdict.problems.append(f"a scrape took {seconds[-1]:.2f} s")
    verdict.figures |= {what: log.count(words) for what, words in _TOLD.items()}
    verdict.problems += [f"no {what} came about" for what, words in _TOLD.items() if words not in log]
    verdict.problems += [f"the log has {words!r}" for words in _UNSPEAKABLE if words in log]


_TOLD = {"reload": '"configuration reloaded"', "refused configuration": '"configuration not reloaded,'}
_UNSPEAKABLE: Sequence[str] = ("Traceback", "worker died", "was never", "Unclosed", SECRET)
