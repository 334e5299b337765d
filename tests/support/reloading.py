"""An exporter whose configuration is rewritten while it runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import yaml

from support.clock import ManualClock
from support.operations import SOON, Running
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.config import Config, load
from wolkvox_exporter.simulator import Campaign, Operation, Simulator
from wolkvox_exporter.storage import state_in

NAMES = ("stays", "changes", "goes", "comes")
TOKENS = {name: f"token-of-{name}" for name in NAMES}
SUCCESSFUL = "wolkvox_exporter_config_last_reload_successful"
SUCCESS_TIME = "wolkvox_exporter_config_last_reload_success_timestamp_seconds"

RELOADED, REFUSED = "configuration reloaded", "configuration not reloaded, the one before stays in effect"
"""What the log says of a reload."""


class Load(Protocol):
    """Reads a configuration file."""

    def __call__(self, path: Path, *, may_be_pipe: bool = True) -> Config:
        """Return what it says; raises `ConfigError`."""


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as this is the case."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the exporter has no event for what only a test waits for
            await asyncio.sleep(0.001)


class Centre(Running):
    """An exporter, the simulator it polls, their clock, and the file that the exporter reads its configuration from."""

    def __init__(self, exporter: Exporter, port: int, session: aiohttp.ClientSession, centre: Simulator) -> None:
        super().__init__(exporter, port, session)
        self.simulator = centre

    async def reload(self, method: str = "POST") -> tuple[int, str]:
        """Ask for a reload and return the answer."""
        async with self.session.request(method, f"{self.url}/-/reload") as response:
            return response.status, await response.text()

    def polled(self) -> list[str]:
        """Return the operations in effect."""
        return [account.name for account in self.exporter.accounts]

    def started(self, name: str, report: str = "campaigns") -> list[float]:
        """Return when the calls of an operation started, in seconds since the exporter did."""
        calls = [call for call in self.simulator.calls if (call.operation, call.report) == (name, report)]
        return [call.started - 1000 for call in calls]


class File:
    """A configuration file in the making; `base_url` is the simulator's."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self.path = folder / "config.yaml"
        self.base_url = base_url

    def write(self, *names: str, top: dict[str, Any] | None = None, **keys: dict[str, Any]) -> None:
        """Write these operations; each may have keys of its own, `top` stands above them."""
        operations = []
        for name in names:
            (self.path.parent / name).write_text(TOKENS[name])
            own = {"amd": "all", "token_file": name, **keys.get(name, {})}
            operations.append({"name": name, "base_url": self.base_url, **own})
        self.path.write_text(yaml.safe_dump({"quota_interval": "0", **(top or {}), "operations": operations}))


@asynccontextmanager
async def centre(
    folder: Path,
    clock: ManualClock,
    *names: str,
    lifecycle: bool = True,
    state: Path | None = None,
    auto_reload: float | None = None,
    read: Load = load,
) -> AsyncIterator[tuple[Centre, File]]:
    """Run an exporter of these operations, out of a file that may be rewritten; `read` reads it but for the start."""
    operations = [
        Operation(name, (TOKENS[name],), [Campaign(f"{number}", name.upper(), records=100, answer=10, machine=4)])
        for number, name in enumerate(NAMES, 4000)
    ]
    simulator = Simulator(operations, clock)
    async with simulator.serving() as base_url, aiohttp.ClientSession() as session:
        file = File(folder, base_url)
        file.write(*names)
        with state_in(state, clock) as store:
            again = partial(read, file.path, may_be_pipe=auto_reload is None)
            exporter = Exporter(load(file.path), clock, spread=SOON, load=again, auto_reload=auto_reload, store=store)
            async with exporter.running(Listen([("127.0.0.1", 0)], lifecycle=lifecycle)) as [(_, port)]:
                await clock.settled()
                yield Centre(exporter, port, session, simulator), file
