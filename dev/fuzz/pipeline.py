"""The running pipeline: real HTTP from a server that says anything, to client, worker, snapshot and finished bytes."""

import asyncio
import io
from collections.abc import Callable, Coroutine
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import SecretStr

from fuzz.queues import OWN
from fuzz.replies import TOKEN, Reply
from support.clock import ManualClock
from wolkvox_exporter.api.client import Client
from wolkvox_exporter.config import AgentsMode, AmdMode, LiteralToken, Operation, SkillsMode
from wolkvox_exporter.metrics import ExporterStatus
from wolkvox_exporter.metrics.encoder import Exposition, Format
from wolkvox_exporter.polling import resume, token_gate
from wolkvox_exporter.polling.account import Account
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.polling.worker import Worker
from wolkvox_exporter.runtime import logs
from wolkvox_exporter.simulator.server import REPORTS

_BODILESS = {204, 304}
_HALF_PAST_MIDNIGHT = "2026-11-23T00:30:00-05:00"
_TAKES = 0.75
"""Seconds of the manual clock in which a call is answered: all five, and one more, before the first retry is due."""
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Poll:
    """What one round of polls published, in both formats; `asked` are the reports that were asked for."""

    asked: frozenset[str]
    text: str
    openmetrics: str
    log: str


@dataclass
class _Server:
    """Answers each report with what is laid out for it, while time passes on `clock`."""

    clock: ManualClock = field(default_factory=ManualClock)
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = head.split(" ", 2)[1]
        path, _, query = target.partition("?")
        api = next(part.removeprefix("api=") for part in query.split("&") if part.startswith("api="))
        report = REPORTS[path.rsplit("/", 1)[1], api]
        self.asked.append(report)
        self.clock.jump(_TAKES)
        writer.write(_written(self.replies[report]))
        writer.close()


def _written(reply: Reply) -> bytes:
    body = b"" if reply.status in _BODILESS else reply.body
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    lines += [] if reply.status in _BODILESS else [f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "Connection: close"]).encode() + b"\r\n\r\n" + body


async def _stays(account: Account, _fingerprint: str) -> None:
    """Move an operation to the worker of another token, which never comes."""
    raise AssertionError(account.name)


class Pipeline:
    """One client and one server, kept for many runs; each run has a worker of its own."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._server = _Server()
        self._log = io.StringIO()
        with redirect_stderr(self._log):
            logs.configure("debug", "logfmt")
        self._listener, self._client = self._do(self._open())

    def close(self) -> None:
        """Give everything back."""
        self._do(self._shut())
        self._runner.close()

    async def _open(self) -> tuple[asyncio.Server, Client]:
        listener = await asyncio.start_server(self._server.serve, "127.0.0.1", 0)
        self._url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/api/v2"
        return listener, Client(self._url)

    async def _shut(self) -> None:
        self._listener.close()
        await self._client.close()

    def _do(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return self._runner.run(work)

    def polls(self, rounds: list[dict[str, Reply]]) -> list[Poll]:
        """Return what was published after each round of answers."""
        return self._do(self._polls(rounds))

    async def _polls(self, rounds: list[dict[str, Reply]]) -> list[Poll]:
        clock, exposition = ManualClock(_HALF_PAST_MIDNIGHT), Exposition(ExporterStatus("1", "3", True, 0.0))  # noqa: FBT003 - loaded
        self._server.clock = clock
        worker = self._worker(clock, exposition.update)
        found = []
        for replies in rounds:
            found.append(await self._round(worker, replies, exposition, clock))
            # an hour and a bit: whatever was refused is asked for again
            clock.jump(3700.0)
        return found

    def _worker(self, clock: ManualClock, publish: Callable[[Snapshot], None]) -> Worker:
        operation = Operation(
            name="fuzz",
            base_url=self._url,
            token=LiteralToken(SecretStr(TOKEN)),
            skills=SkillsMode.ALL,
            service_level_seconds=OWN,
            agents=AgentsMode.BY_STATUS,
            amd=AmdMode.ALL,
            stale_after=1000,
            quota_reserve=0.0,
        )
        worker = Worker(token_gate.fingerprint(TOKEN), clock, _stays)
        worker.add(Account(operation, self._client, resume.initial(operation, clock.monotonic()), publish, None))
        return worker

    async def _round(
        self, worker: Worker, replies: dict[str, Reply], exposition: Exposition, clock: ManualClock
    ) -> Poll:
        self._server.replies, self._server.asked = replies, []
        self._log.seek(0)
        self._log.truncate()
        await worker.finish()
        pages = exposition.pages(clock.monotonic()).by_format
        # in place of the metrics of the process, which come last
        text, openmetrics = pages[Format.TEXT].plain(b"").decode(), pages[Format.OPENMETRICS].plain(b"# EOF\n").decode()
        return Poll(frozenset(self._server.asked), text, openmetrics, self._log.getvalue())
