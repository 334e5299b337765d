"""Programs as people run them: started, listened to, and ended by their id whatever happens."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pytest
import yaml

from docs.generate import ROOT
from support.tools import unavailable

EXPORTER = (sys.executable, "-m", "wolkvox_exporter")
"""The command under test."""
PATIENCE = 30.0
"""Seconds that a test waits for what a program is bound to do."""
GRACE = 5.0
"""Seconds within which a program that was asked to end has ended."""
_LONGEST_LINE = 2**20
_IMPORTABLE = os.pathsep.join(str(ROOT / folder) for folder in ("exporter", "dev", "tests", "."))


def environment() -> dict[str, str]:
    """Return the environment of programs: no proxy between them and this machine, every warning an error."""
    kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    # of the `make` that runs the tests: one that is tested has nothing to do with its jobs
    kept.pop("MAKEFLAGS", None)
    # what is compiled anew at each start takes a fifth of it
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    # Prometheus' programs live too shortly to look for garbage as often as they do: a quarter of their work
    return kept | {"PYTHONPATH": _IMPORTABLE, "PYTHONWARNINGS": "error", "GOGC": "400"}


def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of this process's way, too."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@dataclass(frozen=True)
class Finished:
    """A program that has ended."""

    code: int
    out: str
    err: str


class Program:
    """A program that runs; `out` and `err` are the lines it has written so far."""

    def __init__(self, process: Process) -> None:
        self.pid = process.pid
        self.out: list[str] = []
        self.err: list[str] = []
        self._process = process
        self._news = asyncio.Event()
        self._streams = 2
        assert process.stdout is not None
        assert process.stderr is not None
        self._reading = asyncio.gather(self._read(process.stdout, self.out), self._read(process.stderr, self.err))

    @property
    def text(self) -> str:
        """All that it has written."""
        return "\n".join([*self.out, *self.err])

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    @property
    def processor_seconds(self) -> float:
        """How long it has had a processor."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    async def works(self, seconds: float) -> None:
        """Return once it has had a processor for so many seconds more; an error if it has nothing to do."""
        since = self.processor_seconds
        async with asyncio.timeout(PATIENCE):
            while self.processor_seconds < since + seconds:  # noqa: ASYNC110 - the kernel has no event for it
                await asyncio.sleep(0.02)

    async def _read(self, stream: asyncio.StreamReader, lines: list[str]) -> None:
        async for line in stream:
            lines.append(line.decode().removesuffix("\n"))
            self._news.set()
        self._streams -= 1
        self._news.set()

    async def line(self, words: str) -> str:
        """Return the first line with these words, as soon as there is one; an error if the program ends before."""
        async with asyncio.timeout(PATIENCE):
            while (found := self._find(words)) is None:
                assert self._streams, f"ended without a line with {words!r}:\n{self.text}"
                self._news.clear()
                await self._news.wait()
        return found

    def _find(self, words: str) -> str | None:
        return next((line for line in (*self.out, *self.err) if words in line), None)

    def send(self, number: signal.Signals) -> None:
        """Send a signal that does not end it."""
        self._process.send_signal(number)

    async def end(self, number: signal.Signals, pid: int | None = None, within: float = GRACE) -> int:
        """Send a signal, to `pid` if it is not the program's own, and return the exit code.

        It is an error if that takes longer than `within` seconds; a program that still starts has more to do by then.
        """
        os.kill(pid or self.pid, number)
        async with asyncio.timeout(within):
            code = await self._process.wait()
        await self._reading
        return code

    async def close(self) -> None:
        """End it by force if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading


def child_of(parent: Program) -> int:
    """Return the id of the only child of a program."""
    (child,) = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text(encoding="ascii").split()
    return int(child)


@asynccontextmanager
async def program(*arguments: str | Path) -> AsyncIterator[Program]:
    """Run a program meanwhile."""
    process = await asyncio.create_subprocess_exec(
        *map(str, arguments), stdout=PIPE, stderr=PIPE, env=environment(), limit=_LONGEST_LINE
    )
    running = Program(process)
    try:
        yield running
    finally:
        await running.close()


async def run(
    *arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None, patience: float = PATIENCE
) -> Finished:
    """Run a program to its end, which takes at most `patience` seconds."""
    process = await asyncio.create_subprocess_exec(
        *map(str, arguments), stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=cwd, env=environment()
    )
    try:
        async with asyncio.timeout(patience):
            out, err = await process.communicate(stdin)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Finished(await process.wait(), out.decode(), err.decode())


async def opened(pipe: Path) -> TextIO:
    """Return a pipe to write to, as soon as somebody reads it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(OSError):
                return os.fdopen(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK), "w")
            await asyncio.sleep(0.01)


async def require(missing: str, *command: str | Path) -> None:
    """Skip the test, with what is missing, where this command fails; fail on a CI machine."""
    try:
        allowed = (await run(*command)).code == 0
    except FileNotFoundError:
        allowed = False
    if not allowed:
        unavailable(missing)


@asynccontextmanager
async def serving(config: Path, *prefix: str, flags: tuple[str, ...] = ()) -> AsyncIterator[tuple[Program, str]]:
    """Run the exporter meanwhile, behind the words of `prefix`; gives the program and its address."""
    flags += (f"--config.file={config}", "--web.listen-address=127.0.0.1:0", "--log.format=json", "--log.level=debug")
    async with program(*prefix, *EXPORTER, *flags) as running:
        listening = json.loads(await running.line('"listening"'))
        yield running, f"http://127.0.0.1:{listening['port']}"


def config_file(folder: Path, base_url: str, operations: dict[str, dict[str, str]], **settings: str) -> Path:
    """Write a configuration and its token files; `operations` has the keys of each, the token itself under `token`.

    Unless told otherwise it polls the two reports that most tests are about.
    """
    settings = {"quota_interval": "0", **settings}
    rows = []
    for number, (name, keys) in enumerate(operations.items()):
        (folder / f"token-{number}").write_text(f"{keys['token']}\n")
        rows.append({"name": name, "base_url": base_url, "amd": "all", **keys, "token_file": f"token-{number}"})
        del rows[-1]["token"]
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump({**settings, "operations": rows}, allow_unicode=True), encoding="utf-8")
    return config
