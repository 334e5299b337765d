"""The edge between exporter and simulator: passes calls on, or lets them fail, and counts what it did."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from soak.faults import EXHAUSTED, GOOD, REFUSED, STALL, Fault, Visit
from soak.operations import Spec
from wolkvox_exporter.simulator.server import REPORTS

HOST = "127.0.0.1"


@dataclass
class Ledger:
    """What was asked and what was injected, by operation and report, and by reason or HTTP status where it matters."""

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    injected: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    codes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    overlaps: int = 0
    strays: int = 0
    """Calls where none belongs: redirects that were followed, unknown reports."""
    in_flight: list[tuple[str, asyncio.StreamReader]] = field(default_factory=list)
    """The tokens and connections of the calls under way."""

    def inject(self, operation: str, report: str, name: str, fault: Fault) -> None:
        """Note a fault that the exporter will meet."""
        self.faults[name] += 1
        if fault.reason != GOOD:
            self.injected[operation, report, fault.reason] += 1

    @contextmanager
    def stay(self, token: str, reader: asyncio.StreamReader) -> Iterator[None]:
        """Count a call as in flight meanwhile; one that the client gave up is none."""
        self.overlaps += any(token == other and not peer.at_eof() for other, peer in self.in_flight)
        self.in_flight.append((token, reader))
        try:
            yield
        finally:
            self.in_flight.remove((token, reader))


@dataclass
class Account:
    """An operation as the edge knows it: its part, the tokens it takes, and whether the day's calls are used up."""

    spec: Spec
    tokens: set[str]
    spent: bool = False


class Edge:
    """Serves all operations, each under a path of its own."""

    def __init__(self, accounts: list[Account], simulator_port: int, seed: int) -> None:
        self.accounts = {account.spec.name: account for account in accounts}
        self.ledger = Ledger()
        self.healed = False
        self.stalled = False
        self._simulator_port = simulator_port
        self._random = random.Random(seed)  # noqa: S311 - faults that can be repeated
        self._called = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection with one call."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a handler runs in one
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError, EOFError, asyncio.CancelledError):
            await self._answer((await reader.readuntil(b"\r\n\r\n")).decode(), reader, writer)
        writer.close()

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until_called(self, operation: str) -> None:
        """Return after the next call of an operation."""
        before = self.ledger.calls[operation, "campaigns"]
        while self.ledger.calls[operation, "campaigns"] == before:
            await self._called.wait()

    async def _answer(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = urlsplit(head.split(" ", 2)[1])
        _, name, *path = target.path.split("/")
        report = REPORTS.get((path[-1] if path else "", parse_qs(target.query).get("api", [""])[0]), "")
        account = self.accounts.get(name)
        if account is None or not report:
            self.ledger.strays += 1
            return
        token = _token(head)
        with self.ledger.stay(token, reader):
            fault_name, fault = self._draw(account, token)
            self._note(name, report)
            target_path = f"/{'/'.join(path)}?{target.query}"
            visit = Visit(reader, writer, await self._honest(account, target_path))
            code = (fault.code if fault else "") or visit.honest[9:12].decode()
            self.ledger.codes[name, report, code] += 1
            if fault is None:
                writer.write(visit.honest)
                await writer.drain()
            else:
                self.ledger.inject(name, report, fault_name, fault)
                await fault.act(visit)

    def _note(self, name: str, report: str) -> None:
        self.ledger.calls[name, report] += 1
        self._called.set()
        self._called = asyncio.Event()

    def _draw(self, account: Account, token: str) -> tuple[str, Fault | None]:
        """Return the fault of a call, if it shall fail."""
        if self.stalled:
            return "stall", STALL
        if token not in account.tokens:
            return "revoked token", REFUSED
        if account.spent:
            return "quota exhausted", EXHAUSTED
        if self.healed or not account.spec.menu or self._random.random() >= account.spec.share:
            return "", None
        name = self._random.choice(list(account.spec.menu))
        return name, account.spec.menu[name]

    async def _honest(self, account: Account, target: str) -> bytes:
        reader, writer = await asyncio.open_connection(HOST, self._simulator_port)
        lines = (f"GET {target} HTTP/1.1", f"Host: {HOST}", f"wolkvox-token: {account.spec.name}", "Connection: close")
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        try:
            return await reader.read()
        finally:
            writer.close()


def _token(head: str) -> str:
    found = re.search(r"^wolkvox-token: (\S+)", head, re.MULTILINE | re.IGNORECASE)
    return found.group(1) if found else ""
