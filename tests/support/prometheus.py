"""A real Prometheus that scrapes one target, and what it found there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from support.processes import PATIENCE, program
from support.tools import tool

Vector = dict[tuple[str, ...], float]
"""The values of an instant query by those labels that were asked for."""
_LOOK_AGAIN = 0.1
_CONFIG = """\
scrape_configs:
  - job_name: wolkvox
    scrape_interval: 1s
    scrape_timeout: 1s
    static_configs: [{targets: ["%s"]}]
"""


class Prometheus:
    """The HTTP API of a running Prometheus."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = f"{url}/api/v1/"
        self._session = session

    async def get(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - whatever the JSON holds
        """Return the `data` of an answer."""
        async with self._session.get(self._url + path, params=parameters) as response:
            document = await response.json()
        assert document["status"] == "success", document
        return document["data"]

    async def query(self, promql: str, *labels: str) -> Vector:
        """Return what PromQL finds now, by `labels`; two samples with the same ones are an error."""
        found = (await self.get("query", query=promql))["result"]
        vector = {
            tuple(sample["metric"].get(label, "") for label in labels): float(sample["value"][1]) for sample in found
        }
        assert len(vector) == len(found), f"{promql} finds several samples with the same {labels}"
        return vector

    async def finds(self, expected: Callable[[], Vector], promql: str, *labels: str) -> None:
        """Return as soon as PromQL finds exactly what is expected; an error if it never does."""
        found: Vector = {}
        for _ in range(int(PATIENCE / _LOOK_AGAIN)):
            found = await self.query(promql, *labels)
            if found == expected():
                return
            await asyncio.sleep(_LOOK_AGAIN)
        assert found == expected(), promql


@asynccontextmanager
async def prometheus(folder: Path, target: str) -> AsyncIterator[Prometheus]:
    """Scrape `target`, host and port, once a second meanwhile."""
    config = folder / "prometheus.yml"
    config.write_text(_CONFIG % target)
    flags = (f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}", "--web.listen-address=127.0.0.1:0")
    async with program(tool("prometheus"), *flags) as running, aiohttp.ClientSession() as session:
        address = (await running.line('"Listening on" address=')).rpartition("address=")[2]
        await running.line("Server is ready")
        yield Prometheus(f"http://{address}", session)
