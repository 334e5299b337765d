"""Operations to poll, and exporters that poll them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from support.clock import ManualClock, Rebooted
from support.samples import Samples
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.config import AmdMode, Config, LiteralToken, Operation
from wolkvox_exporter.metrics import deflate
from wolkvox_exporter.polling.pool import Spread
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.polling.store import Store
from wolkvox_exporter.runtime import interpreter
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.storage import state_in

_DAY = 86_400.0
TOKEN = "canary-5f0c3b1d9e"  # what must never be seen anywhere


def operation(base_url: str, name: str = "ventas-co", token: str = TOKEN, **settings: Any) -> Operation:  # noqa: ANN401 - any key of the configuration
    """Return an operation in effect; unless told otherwise it has the two reports that most tests are about."""
    values = {"amd": AmdMode.ALL, "quota_interval": 0.0, "token": LiteralToken(SecretStr(token)), **settings}
    return Operation(name=name, base_url=base_url, **values)


class Running:
    """An exporter that answers over HTTP."""

    def __init__(self, exporter: Exporter, port: int, session: aiohttp.ClientSession) -> None:
        self.exporter = exporter
        self.url = f"http://127.0.0.1:{port}"
        self.session = session

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Return status and text of a page."""
        async with self.session.get(self.url + path, headers=headers) as response:
            return response.status, await response.text()

    async def samples(self) -> Samples:
        """Return what a scrape finds, after the latest changes are rendered."""
        await self.exporter.publisher.refresh()
        status, text = await self.get("/metrics")
        assert status == 200
        return Samples(text)

    def states(self) -> dict[str, OperationState]:
        """Return what later workers need."""
        return {account.name: account.state for account in self.exporter.accounts}


@asynccontextmanager
async def restarted(
    folder: Path, wanted: Operation, clock: ManualClock, *, rebooted: bool = True
) -> AsyncIterator[Running]:
    """Run an exporter that keeps its state in a folder, from what is there, as a process of its own would.

    Unless told otherwise the machine was started anew, too.
    """
    later = Rebooted(clock) if rebooted else clock
    with state_in(folder, later) as store:
        assert store is not None
        states = await store.load_all([wanted])
        async with running(wanted, clock=later, states=states, store=store) as found:
            yield found


SOON = Spread(later=Spread().first)
"""Polls as the first ones lie, so that their times are told by the interval alone."""


@asynccontextmanager
async def running(
    *operations: Operation,
    clock: Clock | None = None,
    states: Mapping[str, OperationState] | None = None,
    store: Store | None = None,
    spread: Spread = SOON,
) -> AsyncIterator[Running]:
    """Run an exporter of these operations on a free port, from what workers before have known if told so."""
    exporter = Exporter(Config(operations, ()), clock, spread=spread, states=states, store=store)
    with pytest.MonkeyPatch.context() as patch:
        # what is compressed here is sent nowhere: as small as can be would be a fifth of the work of simulated days
        patch.setattr(deflate, "LEVEL", 1)
        # the hours of the tests' clock are short, and the objects that tests keep of a day are many
        patch.setattr(interpreter, "COLLECTION_INTERVAL", _DAY)
        async with (
            exporter.running(Listen([("127.0.0.1", 0)])) as [(_, port)],
            aiohttp.ClientSession() as session,
        ):
            yield Running(exporter, port, session)
