"""A real Prometheus that scrapes one target, or has recorded history, and what it finds there."""

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
Matrix = dict[tuple[str, ...], dict[float, float]]
"""The values of a range query by labels, and then by Unix time."""
_LOOK_AGAIN = 0.1
_CONFIG = """\
scrape_configs:
  - job_name: wolkvox
    scrape_interval: %(every)ds
    scrape_timeout: %(every)ds
    static_configs: [{targets: ["%(target)s"]}]
"""


class Prometheus:
    """The HTTP API of a running Prometheus."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def get(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - whatever the JSON holds
        """Return the `data` of an answer."""
        async with self._session.get(f"{self.url}/api/v1/{path}", params=parameters) as response:
            document = await response.json()
        assert document["status"] == "success", document
        return document["data"]

    async def query(self, promql: str, *labels: str, time: float | None = None) -> Vector:
        """Return what PromQL finds at a Unix time, by default now, by `labels`; two with the same ones are an error."""
        moment = {} if time is None else {"time": str(time)}
        found = (await self.get("query", query=promql, **moment))["result"]
        vector = {_values(sample["metric"], labels): float(sample["value"][1]) for sample in found}
        assert len(vector) == len(found), f"{promql} finds several samples with the same {labels}"
        return vector

    async def query_range(self, promql: str, start: float, end: float, step: float, *labels: str) -> Matrix:
        """Return what PromQL finds every `step` seconds, by `labels`; two series with the same ones are an error."""
        found = (await self.get("query_range", query=promql, start=str(start), end=str(end), step=str(step)))["result"]
        matrix = {
            _values(series["metric"], labels): {float(time): float(value) for time, value in series["values"]}
            for series in found
        }
        assert len(matrix) == len(found), f"{promql} finds several series with the same {labels}"
        return matrix

    async def label_values(self, label: str, selector: str) -> set[str]:
        """Return the values that a label has, at any time, in the series that `selector` finds."""
        return set(await self.get(f"label/{label}/values", **{"match[]": selector}))

    async def series(self, selector: str) -> list[dict[str, str]]:
        """Return the labels of all series that `selector` finds at any time."""
        found: list[dict[str, str]] = await self.get("series", **{"match[]": selector})
        return found

    async def finds(self, expected: Callable[[], Vector], promql: str, *labels: str) -> None:
        """Return as soon as PromQL finds exactly what is expected; an error if it never does."""
        found: Vector = {}
        for _ in range(int(PATIENCE / _LOOK_AGAIN)):
            found = await self.query(promql, *labels)
            if found == expected():
                return
            await asyncio.sleep(_LOOK_AGAIN)
        assert found == expected(), (promql, found)


def _values(metric: dict[str, str], labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(metric.get(label, "") for label in labels)


@asynccontextmanager
async def prometheus(folder: Path, target: str, every: int = 1) -> AsyncIterator[Prometheus]:
    """Scrape `target`, host and port, every so many seconds meanwhile; that long a scrape may take."""
    config = folder / "prometheus.yml"
    config.write_text(_CONFIG % {"every": every, "target": target})
    async with prometheus_by(config) as server:
        yield server


@asynccontextmanager
async def prometheus_by(config: Path, *flags: str) -> AsyncIterator[Prometheus]:
    """Do what the configuration file `config` says meanwhile; the data are kept beside it."""
    async with _running(f"--config.file={config}", f"--storage.tsdb.path={config.parent / 'tsdb'}", *flags) as server:
        yield server


@asynccontextmanager
async def prometheus_of(tsdb: Path, *more: str) -> AsyncIterator[Prometheus]:
    """Serve what the folder `tsdb` holds meanwhile, however old, with `more` flags; nothing is scraped."""
    flags = ("--config.file=/dev/null", f"--storage.tsdb.path={tsdb}", "--storage.tsdb.retention.time=100y")
    async with _running(*flags, *more) as server:
        yield server


@asynccontextmanager
async def _running(*flags: str) -> AsyncIterator[Prometheus]:
    arguments = (tool("prometheus"), "--web.listen-address=127.0.0.1:0", *flags)
    async with program(*arguments) as running, aiohttp.ClientSession() as session:
        address = (await running.line('"Listening on" address=')).rpartition("address=")[2]
        await running.line("Server is ready")
        yield Prometheus(f"http://{address}", session)
