"""Replicas as processes: exporters with one configuration, one API and one database, each over a way of its own."""

import asyncio
import json
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

import aiohttp

from support.postgresql import PASSWORDS, ROLE, free_port
from support.processes import EXPORTER, Program, config_file, program
from support.proxy import Proxy, Way
from support.standby import Pair
from support.watched import Watched
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

TOKENS = 12
INTERVAL = 5.0
TIMEOUT = 2.0
_OFTEN = 0.05
_EVERY = 0.25
"""Seconds between two scrapes."""
_ENDS = 15.0
"""Seconds within which a replica has ended that was asked to."""
_BUGS = {"error", "critical"}
"""Levels of what only a bug explains."""


def operations() -> list[Operation]:
    """Return operations that dial all the time; each second of theirs is a minute."""
    return [
        Operation(
            f"operation-{number}",
            (f"token-of-{number}",),
            [Campaign(f"{4000 + 10 * number}", "Mora", records=10**6, machine=5, calls_per_minute=60)],
        )
        for number in range(TOKENS)
    ]


class Replica:
    """One of the exporters: started, ended, frozen, and scraped all the time while it can answer."""

    def __init__(self, config: Path, number: int, ways: list[Proxy]) -> None:
        self.number = number
        self.port = free_port()
        self.watched = Watched()
        self.program: Program | None = None
        self.log: list[str] = []
        """What it wrote in earlier lives."""
        self.is_frozen = False
        self.processor_seconds = 0.0
        """Of earlier lives."""
        self._ways = ways
        self._config = config
        self._stack = AsyncExitStack()
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it, if it does not run."""
        if self.program:
            return
        flags = (f"--config.file={self._config}", f"--web.listen-address=127.0.0.1:{self.port}", "--log.format=json")
        self.program = await self._stack.enter_async_context(program(*EXPORTER, *flags))
        await self.program.line('"listening"')
        self.watched.begins()
        self._watching = asyncio.create_task(self._watch())

    async def end(self, number: signal.Signals) -> None:
        """End it by a signal, if it runs."""
        if not self.program:
            return
        self.freeze(frozen=False)
        await self._watch_no_more()
        if self.program.is_alive:
            self.processor_seconds += self.program.processor_seconds
        await self.program.end(number, within=_ENDS)
        self.log += self.program.err
        self.program = None
        await self._stack.aclose()

    def freeze(self, *, frozen: bool = True) -> None:
        """Stop the process where it is, or let it go on."""
        if self.program and frozen != self.is_frozen:
            self.program.send(signal.SIGSTOP if frozen else signal.SIGCONT)
            self.is_frozen = frozen

    def cut_off(self, *, cut: bool = True) -> None:
        """Keep it from the database, or no longer."""
        for way in self._ways:
            way.cut(cut=cut)

    def way(self, way: Way) -> None:
        """Let what it asks the database, and what is answered, fare otherwise."""
        for each in self._ways:
            each.be(way)

    def complaints(self) -> list[str]:
        """Return what it wrote, in all its lives, that only a bug explains."""
        lines = [*self.log, *(self.program.err if self.program else [])]
        return [
            line for line in lines if not line.startswith("{") or json.loads(line)["level"] in {"error", "critical"}
        ]

    async def _watch_no_more(self) -> None:
        if self._watching:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    async def _watch(self) -> None:
        patience = aiohttp.ClientTimeout(total=120)
        async with aiohttp.ClientSession(timeout=patience) as session:
            while True:
                async with session.get(f"http://127.0.0.1:{self.port}/metrics") as response:
                    self.watched.take(await response.text())
                await asyncio.sleep(_EVERY)


class Fleet:
    """The replicas, the API that they ask, and the database that they share."""

    def __init__(self, simulator: Simulator, database: Pair, replicas: list[Replica]) -> None:
        self.simulator = simulator
        self.database = database
        self.replicas = replicas
        self.late = 0.0
        """Seconds by which this process, which looks on the clock, was late at most: the machine is busy."""

    async def watch_itself(self) -> None:
        """Look how late it is, for ever."""
        while True:
            since = monotonic()
            await asyncio.sleep(_OFTEN)
            self.late = max(self.late, monotonic() - since - _OFTEN)

    def leaders(self) -> dict[str, list[int]]:
        """Return the operations that each replica that runs says that it polls."""
        return {
            name: [each.number for each in self._running() if name in each.watched.led]
            for name in (operation.name for operation in self.simulator.operations)
        }

    def shares(self) -> list[int]:
        """Return how many operations each replica that runs says that it polls."""
        return [len(each.watched.led) for each in self._running()]

    def is_settled(self) -> bool:
        """Return whether each operation is polled by one, each replica polls its share, and all show all."""
        shares, shown = self.shares(), [len(each.watched.shown) for each in self._running()]
        by_one = all(len(numbers) == 1 for numbers in self.leaders().values())
        return by_one and max(shares) - min(shares) <= 1 and set(shown) == {TOKENS}

    async def settles(self, within: float) -> float:
        """Return after how many seconds it is settled; an error if that takes longer."""
        since = monotonic()
        try:
            async with asyncio.timeout(within):
                while not self.is_settled():  # noqa: ASYNC110 - what scrapes show has no event
                    await asyncio.sleep(_EVERY / 2)
        except TimeoutError:
            shown = [len(each.watched.shown) for each in self._running()]
            raise AssertionError(f"not settled: {self.shares()} {self.leaders()} shown {shown}") from None
        return monotonic() - since

    def _running(self) -> list[Replica]:
        return [each for each in self.replicas if each.program and not each.is_frozen]


@asynccontextmanager
async def fleet(folder: Path, database: Pair, lease: float, size: int = 3) -> AsyncIterator[Fleet]:
    """Run so many replicas meanwhile, with leases of so many seconds."""
    simulator = Simulator(operations(), SystemClock(), speed=60.0, delay=0.05)
    every = f"{INTERVAL:.0f}s"
    settings = {
        "interval": every,
        "amd_interval": every,
        "quota_interval": every,
        "timeout": f"{TIMEOUT:.0f}s",
        "stale_after": "200",
        "state_password_file": "database-password",
        "state_lease": f"{1000 * lease:.0f}ms",
    }
    async with AsyncExitStack() as stack:
        base_url = await stack.enter_async_context(simulator.serving())
        replicas = []
        for number in range(size):
            ways = [await stack.enter_async_context(Proxy(port).listening()) for port in database.ports]
            hosts = ",".join(f"127.0.0.1:{way.port}" for way in ways)
            state = f"postgresql://{ROLE}@{hosts}/{ROLE}?target_session_attrs=read-write"
            (place := folder / f"replica-{number}").mkdir()
            (place / "database-password").write_text(PASSWORDS[ROLE])
            keys = {each.name: {"token": each.tokens[0], "amd": "auto"} for each in simulator.operations}
            replicas.append(Replica(config_file(place, base_url, keys, state=state, **settings), number, ways))
        try:
            await asyncio.gather(*(replica.start() for replica in replicas))
            running = Fleet(simulator, database, replicas)
            watching = asyncio.create_task(running.watch_itself())
            yield running
            watching.cancel()
        finally:
            for replica in replicas:
                await replica.end(signal.SIGKILL)
                # for whoever looks what went wrong
                (folder / f"replica-{replica.number}" / "log").write_text("\n".join(replica.log))
                print(f"replica {replica.number} took {replica.processor_seconds:.1f} s of processor time")  # noqa: T201


def moments(seed: int) -> random.Random:
    """Return where instants and victims come from."""
    return random.Random(seed)  # noqa: S311 - moments, not secrets
