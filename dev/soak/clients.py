"""Good clients: what a scrape gets, and how long it waits for it."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import cycle

import aiohttp
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as text_families

PERIOD = 0.25
"""Seconds between two scrapes."""
SECRET = "soak-canary"  # noqa: S105 - what all tokens of a soak begin with
_PATIENCE = 30.0
_PARSED = 10
"""Of so many scrapes one is read by the client library's own parser: often enough, and no rival for the processor."""

Parser = Callable[[str], Iterable[Metric]]


@dataclass(frozen=True)
class Kind:
    """What is asked for; `parser` reads the answer, `shows` is always in it."""

    path: str
    headers: dict[str, str]
    parser: Parser | None = None
    shows: str = ""


_PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
_UP = 'wolkvox_polls_total{operation="calm"'
KINDS = (
    Kind("/metrics", {"Accept": _PROMETHEUS, "Accept-Encoding": "gzip"}, openmetrics_families, _UP),
    Kind("/metrics", {"Accept": "text/plain", "Accept-Encoding": "gzip"}, text_families, _UP),
    Kind("/metrics", {"Accept": "text/plain", "Accept-Encoding": "identity"}, text_families, _UP),
    Kind("/metrics", {"Accept": _PROMETHEUS, "Accept-Encoding": "identity"}, openmetrics_families, _UP),
    Kind("/", {}, shows="calm"),
    Kind("/-/healthy", {}, shows="healthy"),
    Kind("/-/ready", {}),
)


@dataclass
class Tally:
    """What the scrapes found: seconds each took, less those for which this process itself was held up, and faults."""

    seconds: list[float] = field(default_factory=list)
    problems: Counter[str] = field(default_factory=Counter)
    lag: float = 0.0
    """The longest, in seconds, that this process was held up."""
    parsed: int = 0


class Scrapes:
    """Scrapes all the while, in every format, whether the one before was answered or not."""

    def __init__(self, url: str) -> None:
        self.tally = Tally()
        self._url = url
        self._lags: list[tuple[float, float]] = []

    async def run(self) -> None:
        """Scrape until cancelled."""
        timeout, connector = aiohttp.ClientTimeout(_PATIENCE), aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session, asyncio.TaskGroup() as group:
            group.create_task(self._watch_itself())
            for number, kind in enumerate(cycle(KINDS)):
                group.create_task(self._scrape(session, kind, parsed=number % _PARSED == 0))
                await asyncio.sleep(PERIOD)

    async def _scrape(self, session: aiohttp.ClientSession, kind: Kind, *, parsed: bool) -> None:
        began = time.monotonic()
        try:
            async with session.get(self._url + kind.path, headers=kind.headers) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.tally.problems[f"{kind.path}: {type(error).__name__}"] += 1
            return
        ended = time.monotonic()
        self.tally.seconds.append(max(0.0, ended - began - self._held_up(began)))
        self._judge(kind, response.status, text)
        if parsed and kind.parser:
            await asyncio.to_thread(lambda: list(kind.parser(text)) if kind.parser else None)
            self.tally.parsed += 1

    def _judge(self, kind: Kind, status: int, text: str) -> None:
        if status != 200:  # noqa: PLR2004 - HTTP's own number
            self.tally.problems[f"{kind.path}: {status}"] += 1
        if kind.shows not in text:
            self.tally.problems[f"{kind.path}: without {kind.shows}"] += 1
        if SECRET in text:
            self.tally.problems[f"{kind.path}: shows a token"] += 1

    async def _watch_itself(self) -> None:
        """Note when this process gets no time, which is no fault of the one that is measured."""
        while True:
            due = time.monotonic() + 0.02
            await asyncio.sleep(0.02)
            now = time.monotonic()
            self.tally.lag = max(self.tally.lag, now - due)
            self._lags = [(at, lag) for at, lag in self._lags if at > now - _PATIENCE]
            if now - due > 0.02:  # noqa: PLR2004 - as long as the sleep itself
                self._lags.append((now, now - due))

    def _held_up(self, since: float) -> float:
        return sum(lag for at, lag in self._lags if at > since)
