"""One exporter with a database, as whoever runs it sees it: its log, its answers, and what it asks of the API."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from support.postgresql import PASSWORDS, ROLE
from support.processes import PATIENCE, Program, config_file, serving
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

_OFTEN = 0.1
_MEANWHILE = 1.0
"""Seconds in which it would have been asked: an interval."""


@dataclass
class Alone:
    """An exporter that runs, and the contact centre that it polls."""

    program: Program
    url: str
    simulator: Simulator
    password: Path
    """The file of the database's password."""

    async def get(self, path: str) -> tuple[int, str]:
        """Return what is answered."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}{path}") as response:
            return response.status, await response.text()

    async def refuses(self, reason: str, remedy: str) -> None:
        """Check that log and readiness say what is wrong, that it is healthy, and that nothing is asked meanwhile."""
        said = json.loads(await self.program.line(reason))
        assert said["msg"] == "the database cannot be used"
        assert said["level"] == "warning"
        assert reason in said["error"]
        assert remedy in said["remedy"]
        before = len(self.simulator.calls)
        # what was under way may end
        await asyncio.sleep(_MEANWHILE)
        assert len(self.simulator.calls) <= before + self.simulator.in_flight
        assert (await self.get("/-/healthy"))[0] == 200
        assert "wolkvox_exporter_store_up 0.0" in (await self.get("/metrics"))[1]

    async def is_not_ready(self, reason: str) -> None:
        """Check that it says, to whoever wants to send it traffic, that it has nothing to show yet, and why."""
        assert self.simulator.calls == []
        status, text = await self.get("/-/ready")
        assert status == 503
        assert "waits for its first poll; the database that replicas share cannot be used: " in text
        assert reason in text

    async def goes_on(self) -> None:
        """Return as soon as it asks for more, and is ready."""
        calls = len(self.simulator.calls)
        async with asyncio.timeout(PATIENCE):
            while len(self.simulator.calls) <= calls or (await self.get("/-/ready"))[0] != 200:  # noqa: ASYNC110
                await asyncio.sleep(_OFTEN)


@asynccontextmanager
async def alone(folder: Path, state: str, password: str = PASSWORDS[ROLE], **settings: str) -> AsyncIterator[Alone]:
    """Run one meanwhile."""
    centre = [Operation("ventas-co", ("token-of-ventas",), [Campaign("4000", "Mora", records=900)])]
    simulator = Simulator(centre, SystemClock())
    (file := folder / "database-password").write_text(password)
    settings = {"state_password_file": file.name, "state_lease": "3s", "interval": "1s", "timeout": "2s", **settings}
    async with simulator.serving() as base_url:
        keys = {"ventas-co": {"token": "token-of-ventas", "amd": "off"}}
        config = config_file(folder, base_url, keys, state=state, **settings)
        async with serving(config) as (program, url):
            yield Alone(program, url, simulator, file)
