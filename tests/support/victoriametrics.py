"""A real VictoriaMetrics that has what a Prometheus has recorded."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp

from support.processes import PATIENCE, program
from support.prometheus import Prometheus
from support.tools import tool

_LOOK_AGAIN = 0.1


@asynccontextmanager
async def victoriametrics_of(server: Prometheus, folder: Path, since: float, until: float) -> AsyncIterator[Prometheus]:
    """Serve what a Prometheus has between two Unix times meanwhile, by the same HTTP API, from an empty `folder`."""
    # it does not say which port it got, were it asked for any
    address = f"127.0.0.1:{_free_port()}"
    flags = (f"-storageDataPath={folder}", f"-httpListenAddr={address}", "-retentionPeriod=100y")
    async with program(tool("victoria-metrics"), *flags), aiohttp.ClientSession() as session:
        await _ready(session, f"http://{address}/health")
        for name in await server.get("label/__name__/values"):
            await _import(session, f"http://{address}/api/v1/import", await _samples(server, name, since, until))
        # it shows what came in a moment ago only when asked to
        async with session.get(f"http://{address}/internal/force_flush") as flushed:
            flushed.raise_for_status()
        yield Prometheus(f"http://{address}", session)


async def _samples(server: Prometheus, name: str, since: float, until: float) -> str:
    """Return the samples of a metric as VictoriaMetrics imports them: a line for each series."""
    found = await server.get("query", query=f'{{__name__="{name}"}}[{round(until - since)}s]', time=str(until))
    return "\n".join(json.dumps(_line(series)) for series in found["result"])


def _line(series: dict[str, Any]) -> dict[str, Any]:
    times, values = zip(*series["values"], strict=True)
    return {
        "metric": series["metric"],
        "values": list(map(float, values)),
        "timestamps": [round(1000 * time) for time in times],
    }


async def _import(session: aiohttp.ClientSession, url: str, lines: str) -> None:
    async with session.post(url, data=BytesIO(lines.encode())) as imported:
        imported.raise_for_status()


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def _ready(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with session.get(url):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(_LOOK_AGAIN)
