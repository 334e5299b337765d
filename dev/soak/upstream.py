"""The other side of a soak, as a process of its own: simulator, edge, and the faults that need more than one call.

The first argument is a folder, in which it writes the exporter's configuration. Commands come on stdin, one a line, and
each is answered by a line of JSON on stdout.
"""

import asyncio
import json
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import yaml

from soak.edge import HOST, Account, Edge
from soak.operations import DOOR_INTERVAL, HOST_NAME, INTERVAL, NAME_INTERVAL, OPERATIONS
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Operation, Simulator, demo_operations

SEED = 2026
ROTATION = 20.0
"""Seconds between two changes of a token."""
SPENT_AFTER = 15.0
"""Seconds after which an operation's calls of the day are used up; it is then asked once an hour."""


class Upstream:
    """What is failing, and what was counted."""

    def __init__(self, folder: Path, edge: Edge) -> None:
        self._folder = folder
        self._edge = edge
        self._troubles: list[asyncio.Task[None]] = []
        self._untrusted: Counter[str] = Counter()
        self._healing = asyncio.Event()

    def start(self, *troubles: Awaitable[None]) -> None:
        """Let things go wrong meanwhile."""
        self._troubles = [asyncio.ensure_future(self._run(trouble)) for trouble in troubles]

    async def _run(self, trouble: Awaitable[None]) -> None:
        await trouble

    async def pause(self, seconds: float) -> None:
        """Wait, but not where all is to be well soon."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._healing.wait()

    @property
    def healing(self) -> bool:
        """Whether nothing new shall go wrong."""
        return self._healing.is_set()

    async def heal(self) -> str:
        """Let nothing go wrong from now on, and return when what is under way has gone wrong."""
        self._edge.healed = True
        self._healing.set()
        await asyncio.gather(*self._troubles)
        while self._edge.ledger.in_flight:  # noqa: ASYNC110 - seconds at most, at the end
            await asyncio.sleep(0.05)
        return json.dumps("healed")

    async def stall(self) -> str:
        """Answer no more, and return when a call is waiting."""
        self._edge.stalled = True
        while not self._edge.ledger.in_flight:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.05)
        return json.dumps("stalled")

    async def counts(self) -> str:
        """Return the ledger."""
        ledger = self._edge.ledger
        injected = ledger.injected + Counter({("untrusted", "campaigns", "tls"): self._untrusted["connections"]})
        return json.dumps(
            {
                "calls": [[*key, number] for key, number in ledger.calls.items()],
                "injected": [[*key, number] for key, number in injected.items()],
                "codes": [[*key, number] for key, number in ledger.codes.items()],
                "faults": dict(ledger.faults),
                "overlaps": ledger.overlaps,
                "strays": ledger.strays,
            }
        )

    async def door(self, port: int) -> None:
        """Close an operation's port now and then for as long as one poll needs to find it closed."""
        server = await asyncio.start_server(self._edge.serve, HOST, port)
        while not self.healing:
            await self._edge.until_called("door")
            await asyncio.sleep(DOOR_INTERVAL / 2)
            if self.healing:
                break
            server.close()
            self._edge.ledger.injected["door", "campaigns", "connection"] += 1
            await asyncio.sleep(DOOR_INTERVAL)
            server = await asyncio.start_server(self._edge.serve, HOST, port)

    async def name(self) -> None:
        """Let a name be unknown now and then for as long as one poll needs to ask for it."""
        hosts = self._folder / "hosts"
        while not self.healing:
            await self._edge.until_called("name")
            await self.pause(NAME_INTERVAL / 2)
            if self.healing:
                break
            hosts.write_text("", encoding="ascii")
            self._edge.ledger.injected["name", "campaigns", "connection"] += 1
            await asyncio.sleep(NAME_INTERVAL)
            write_hosts(hosts)

    async def rotation(self) -> None:
        """Change a token now and then: the old one is refused a little before its file has the new one."""
        account, number = self._edge.accounts["rotating"], 0
        while not self.healing:
            await self.pause(ROTATION)
            number += 1
            account.tokens = {f"soak-canary-rotated-{number}"}
            await asyncio.sleep(1.5 * INTERVAL)
            write_token(self._folder, "rotating", *account.tokens)

    async def exhaustion(self) -> None:
        """Let an operation's quota be used up."""
        await self.pause(SPENT_AFTER)
        self._edge.accounts["spent"].spent = True

    async def untrusted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a TLS handshake and answer with what is none."""
        self._untrusted["connections"] += 1
        with suppress(OSError, EOFError, asyncio.CancelledError):
            await reader.read(1024)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()
        writer.close()


def write_token(folder: Path, name: str, token: str) -> None:
    """Replace a token's file as a secret store does: nobody ever sees half of it."""
    (folder / "new").write_text(f"{token}\n", encoding="ascii")
    (folder / "new").rename(folder / name)


def write_hosts(path: Path) -> None:
    """Let the name be known; written in place, since the file is mounted."""
    path.write_text(f"{HOST} {HOST_NAME} localhost\n", encoding="ascii")


def write_config(folder: Path, addresses: dict[str, str], *, named: bool) -> None:
    """Write what the exporter needs; without a hosts file of its own there is no operation with a `name`."""
    rows = []
    for spec in OPERATIONS:
        if spec.name == "name" and not named:
            continue
        write_token(folder, spec.name, spec.secret)
        rows.append({"name": spec.name, "base_url": addresses[spec.name], "token_file": spec.name, **spec.keys})
    settings = {"interval": f"{INTERVAL}s", "amd_interval": f"{INTERVAL}s", "quota_interval": f"{5 * INTERVAL}s"}
    (folder / "state").mkdir()
    document = {
        **settings,
        "timeout": "15s",
        "state": str(folder / "state"),
        "operations": [{"amd": "all", **row} for row in rows],
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(document), encoding="ascii")


@asynccontextmanager
async def listening(handle: Callable[..., Awaitable[None]]) -> AsyncIterator[int]:
    """Listen on a free port."""
    server = await asyncio.start_server(handle, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def dropping(stack: AsyncExitStack) -> int:
    """Return a port where connection requests are dropped, as a firewall does: its queue is full."""
    listener = stack.enter_context(socket.create_server((HOST, 0), backlog=0))
    for _ in range(4):
        caller = stack.enter_context(socket.socket())
        caller.settimeout(0)
        with suppress(BlockingIOError):
            caller.connect(listener.getsockname())
    return int(listener.getsockname()[1])


def centres() -> list[Operation]:
    """Return the simulated operations; the edge knows each by its name, whatever token the exporter shows."""
    return [
        Operation(spec.name, (spec.name,), demo_operations(SEED)[number % 3].campaigns, 10**9, polls_kept=10)
        for number, spec in enumerate(OPERATIONS)
    ]


async def main(folder: Path, *, named: bool) -> None:
    """Serve until stdin ends."""
    simulator = Simulator(centres(), SystemClock(), speed=60.0)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(simulator.serving())
        edge = Edge([Account(spec, {spec.secret}) for spec in OPERATIONS], int(url.split(":")[2].split("/")[0]), SEED)
        upstream = Upstream(folder, edge)
        port = await stack.enter_async_context(listening(edge.serve))
        async with listening(edge.serve) as door:
            pass
        untrusted = await stack.enter_async_context(listening(upstream.untrusted))
        addresses = {spec.name: f"http://{HOST}:{port}/{spec.name}/api/v2" for spec in OPERATIONS} | {
            "door": f"http://{HOST}:{door}/door/api/v2",
            "name": f"http://{HOST_NAME}:{port}/name/api/v2",
            "nowhere": "http://nowhere.invalid/api/v2",
            "dropped": f"http://{HOST}:{dropping(stack)}/api/v2",
            "untrusted": f"https://{HOST}:{untrusted}/api/v2",
        }
        write_config(folder, addresses, named=named)
        write_hosts(folder / "hosts")
        troubles = [upstream.door(door), upstream.rotation(), upstream.exhaustion()]
        upstream.start(*troubles, *([upstream.name()] if named else []))
        await _obey(upstream)
        await edge.close()


async def _obey(upstream: Upstream) -> None:
    commands = {"heal": upstream.heal, "stall": upstream.stall, "counts": upstream.counts}
    print(json.dumps("ready"), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(await commands[line.strip()](), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), named=sys.argv[2] == "named"))
