"""Exporters in one process that share a database in memory, on the time of the test."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from support.clock import ManualClock, Rebooted
from support.database import MemoryDatabase
from support.operations import SOON, Running, operation
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.app.replication import Shared
from wolkvox_exporter.config import AmdMode, Config, FileToken
from wolkvox_exporter.replicas.leases import Pace
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

NAMES = ("uno", "dos", "tres", "cuatro")
HELD = "wolkvox_exporter_lease_held"


class Fleet:
    """A simulated contact centre, a database, and exporters that come and go."""

    def __init__(self, clock: ManualClock, simulator: Simulator, base_url: str) -> None:
        self.pace = Pace()
        self.clock = clock
        self.simulator = simulator
        self.database = MemoryDatabase(clock)
        self._base_url = base_url

    @asynccontextmanager
    async def replica(self, *names: str, token: FileToken | None = None) -> AsyncIterator[Running]:
        """Run one more exporter, of these operations or of all, on a machine of its own; perhaps with this token."""
        wanted = [
            operation(self._base_url, name, f"token-of-{name}", amd=AmdMode.OFF).model_copy(
                update={"token": token} if token else {}
            )
            for name in names or NAMES
        ]
        shared = Shared(self.database, self.pace)
        exporter = Exporter(Config(tuple(wanted), ()), Rebooted(self.clock), spread=SOON, shared=shared)
        async with (
            aiohttp.ClientSession() as session,
            exporter.running(Listen([("127.0.0.1", 0)])) as [(_, port)],
        ):
            yield Running(exporter, port, session)

    def calls(self) -> Counter[str]:
        """Return how often each operation was asked for."""
        return Counter(call.operation for call in self.simulator.calls)


@asynccontextmanager
async def sharing() -> AsyncIterator[Fleet]:
    """Run a contact centre."""
    clock = ManualClock()
    centre = [
        Operation(
            name,
            (f"token-of-{name}", f"other-of-{name}"),
            [Campaign(f"{number}", name.upper(), records=900, answer=10)],
        )
        for number, name in enumerate(NAMES, 4000)
    ]
    simulator = Simulator(centre, clock)
    async with simulator.serving() as base_url:
        yield Fleet(clock, simulator, base_url)


async def led(replica: Running) -> set[str]:
    """Return the operations that a replica says it polls."""
    samples = await replica.samples()
    return {name for name in NAMES if samples.value(HELD, operation=name) == 1}
