"""Replicas as processes: exporters with one configuration and one database, and those who watch them."""

import asyncio
import random
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from support.postgresql import PASSWORDS, ROLE, Cluster, free_port
from support.processes import EXPORTER, Program, config_file, program
from support.samples import Samples
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Call, Campaign, Operation, Simulator

TOKENS = 12
INTERVAL = 3.0
LEASE = 1.5
"""A tenth of what is usual."""
_EVERY = 0.1
"""Seconds between two scrapes."""
Series = tuple[str, tuple[tuple[str, str], ...]]


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


@dataclass
class Watched:
    """What scrapes of one replica, in all its lives, have shown that must not be."""

    shown: dict[Series, float] = field(default_factory=dict)
    """The counters as they were seen last."""
    fallen: list[tuple[Series, float, float]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Operations that were gone from a scrape although they had been there in the same life."""
    there: set[str] = field(default_factory=set)
    leases: dict[str, bool] = field(default_factory=dict)
    scrapes: int = 0

    def take(self, text: str) -> None:
        """Compare a scrape with those before."""
        samples = Samples(text).all
        counters = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for sample in samples
            if sample.name.endswith("_total") and "operation" in sample.labels and "exporter" not in sample.name
        }
        self.fallen += [
            (series, value, counters[series])
            for series, value in self.shown.items()
            if series in counters and counters[series] < value
        ]
        there = {sample.labels["operation"] for sample in samples if sample.name == "wolkvox_campaign_started"}
        self.missing += sorted(self.there - there)
        self.there = there
        self.shown |= counters
        self.leases = {
            sample.labels["operation"]: bool(sample.value)
            for sample in samples
            if sample.name == "wolkvox_exporter_lease_held"
        }
        self.scrapes += 1


class Replica:
    """One of the exporters: started, ended, frozen, and scraped all the time while it can answer."""

    def __init__(self, config: Path, number: int) -> None:
        self.number = number
        self.port = free_port()
        self.watched = Watched()
        self.program: Program | None = None
        self.log: list[str] = []
        self.is_frozen = False
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
        self.watched.there = set()
        self._watching = asyncio.create_task(self._watch())

    async def end(self, number: signal.Signals) -> None:
        """End it by a signal, if it runs."""
        if not self.program:
            return
        self.freeze(frozen=False)
        await self._watch_no_more()
        await self.program.end(number, within=10.0)
        self.log += self.program.err
        self.program = None
        await self._stack.aclose()

    def freeze(self, *, frozen: bool = True) -> None:
        """Stop the process where it is, or let it go on."""
        if self.program and frozen != self.is_frozen:
            self.program.send(signal.SIGSTOP if frozen else signal.SIGCONT)
            self.is_frozen = frozen

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

    def __init__(self, simulator: Simulator, database: Cluster, replicas: list[Replica]) -> None:
        self.simulator = simulator
        self.database = database
        self.replicas = replicas

    async def __aenter__(self) -> Self:
        """Start them all."""
        await asyncio.gather(*(replica.start() for replica in self.replicas))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End them all."""
        for replica in self.replicas:
            await replica.end(signal.SIGKILL)

    def shares(self) -> list[int]:
        """Return how many operations each replica that runs says that it polls."""
        return [sum(each.watched.leases.values()) for each in self.replicas if each.program and not each.is_frozen]

    async def is_even(self, within: float) -> bool:
        """Return whether within so many seconds each operation is polled by one, and each replica polls its share."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while True:
                    shares = self.shares()
                    if sum(shares) == TOKENS and max(shares) - min(shares) <= 1:
                        return True
                    await asyncio.sleep(_EVERY)
        return False


@asynccontextmanager
async def fleet(folder: Path, database: Cluster, size: int = 3, **settings: str) -> AsyncIterator[Fleet]:
    """Run so many replicas meanwhile."""
    simulator = Simulator(operations(), SystemClock(), speed=60.0, delay=0.05)
    (folder / "database-password").write_text(PASSWORDS[ROLE])
    keys = {each.name: {"token": each.tokens[0], "amd": "auto"} for each in simulator.operations}
    every = f"{INTERVAL:.0f}s"
    defaults = {
        "interval": every,
        "amd_interval": every,
        "quota_interval": every,
        "timeout": "2s",
        "stale_after": "100",
        "state_password_file": "database-password",
        "state_lease": f"{LEASE:g}s",
    }
    async with simulator.serving() as base_url:
        config = config_file(folder, base_url, keys, state=database.url(), **{**defaults, **settings})
        async with Fleet(simulator, database, [Replica(config, number) for number in range(size)]) as running:
            yield running


def early(calls: Iterable[Call], interval: float, jitter: float) -> list[tuple[Call, Call]]:
    """Return what was asked before its time."""
    by_report = defaultdict(list)
    for call in sorted(calls, key=lambda call: call.started):
        by_report[call.operation, call.report, call.params.get("campaign_id")].append(call)
    pairs = (pair for calls in by_report.values() for pair in pairwise(calls))
    return [(first, second) for first, second in pairs if second.started - first.started < interval - jitter]


def moments(seed: int) -> random.Random:
    """Return where instants and victims come from."""
    return random.Random(seed)  # noqa: S311 - moments, not secrets
