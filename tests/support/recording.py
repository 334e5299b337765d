"""Simulated days as Prometheus scrapes them: the exporter's own expositions, minute by minute."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from math import ceil
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from support.clock import ManualClock
from support.operations import Running, operation, running
from wolkvox_exporter.config import AmdMode, Operation
from wolkvox_exporter.metrics.encoder import Format
from wolkvox_exporter.simulator import Distributor, Simulator, working_day
from wolkvox_exporter.simulator import Operation as Centre
from wolkvox_exporter.simulator.window import midnight_before

MONDAY = "2026-11-23T00:00:00-05:00"
"""Where recordings begin unless told otherwise; shifts last from eight to seven."""
PATIENCE = 1800
"""Seconds that a test may wait for recorded days; they take a minute or two, and on a busy machine many."""
SCRAPE_INTERVAL = 60
"""Seconds of simulated time."""
_AHEAD = 30
"""Seconds before the first scrape in which every operation is polled once, and so before every fifth scrape."""
_PROCESS = "# HELP process_"
"""Where what an exposition says of the process begins."""
_HOUR = 3_600
_DAY = 86_400
_ZONES = {"cobranzas-mx": "America/Mexico_City", "servicio-cl": "America/Santiago"}
LABELS = {
    "ventas-co": {"cliente": "andina", "pais": "CO"},
    "cobranzas-mx": {"cliente": "andina", "pais": "MX"},
    "servicio-cl": {"cliente": "austral", "pais": "CL"},
}
"""What the configuration says of the operations."""

Action: TypeAlias = Callable[[Simulator], None]
"""What befalls the API, such as `lambda simulator: simulator.revoke(token)`."""


@dataclass(slots=True)
class Run:
    """The same value, as written, in the scrapes from number `first` up to but not including `end`."""

    value: str
    first: int
    end: int


class Recording:
    """The samples that were scraped, of the metrics whose names `keep` wants.

    `times` are the Unix times of the scrapes, `sizes` the number of samples in each, whether kept or not. The time of
    day of `process_start_time_seconds`, and all durations, are those of the recording rather than the simulated ones.
    """

    def __init__(self, keep: Callable[[str], bool] = lambda _: True) -> None:
        self.times: list[int] = []
        self.sizes: list[int] = []
        self._series: dict[str, list[Run]] = {}
        self._keep = cache(keep)
        self._parts = _Part(), _Part()

    @property
    def series(self) -> dict[str, list[Run]]:
        """The values by series, these as the exposition writes them."""
        for part in self._parts:
            for run in part.lasting.values():
                run.end = len(self.times)
        return self._series

    def take(self, now: float, text: str) -> None:
        """Add an exposition, in either text format."""
        operations, mark, process = text.partition(_PROCESS)
        # between two polls only what is said of the process is another
        for part, said in zip(self._parts, (operations, mark + process), strict=True):
            if said != part.text:
                self._change(part, said)
        self.times.append(round(now))
        self.sizes.append(sum(len(part.lasting) for part in self._parts))

    def _change(self, part: "_Part", text: str) -> None:
        part.text, lasting, number = text, part.lasting, len(self.times)
        samples = [line for line in text.split("\n") if line and line[0] != "#"]
        for sample in lasting.keys() - samples:
            lasting.pop(sample).end = number
        lasting |= {sample: self._begun(sample, number) for sample in samples if sample not in lasting}

    def _begun(self, sample: str, number: int) -> Run:
        series, _, value = sample.rpartition(" ")
        run = Run(value, number, number)
        if self._keep(series.partition("{")[0]):
            self._series.setdefault(series, []).append(run)
        return run


@dataclass
class _Part:
    """A part of an exposition as it was scraped last."""

    text: str = ""
    lasting: dict[str, Run] = field(default_factory=dict)
    """What goes on, by the line that is to come again for that."""


async def record(
    start: str = MONDAY,
    *,
    hours: float = 48,
    seed: int = 2,
    keep: Callable[[str], bool] = lambda _: True,
    actions: Iterable[tuple[str, Action]] = (),
    **settings: Any,  # noqa: ANN401 - any key of the configuration
) -> tuple[Recording, Simulator]:
    """Scrape simulated working days every minute from `start` on, for so many `hours`; gives the simulated API, too.

    `keep` says of which metrics samples are wanted, by name. Each of `actions` happens before the first scrape at or
    after its time, which is written like `start`. `settings` are keys of all operations.
    """
    begin, recording = datetime.fromisoformat(start), Recording(keep)
    days = ceil((begin.timestamp() + hours * _HOUR - midnight_before(begin.timestamp())) / _DAY)
    clock = ManualClock((begin - timedelta(seconds=_AHEAD)).isoformat())
    operations = working_day(seed, begin.timestamp(), days=days)
    simulator = Simulator(operations if settings else unattended(operations), clock)
    waiting = deque(sorted(((_unix(time), action) for time, action in actions), key=lambda entry: entry[0]))
    async with (
        simulator.serving() as base_url,
        running(*polled(simulator, base_url, **settings), clock=clock) as exporter,
    ):
        await clock.advance(_AHEAD)
        for _ in range(round(hours * _HOUR / SCRAPE_INTERVAL)):
            while waiting and waiting[0][0] <= clock.time():
                waiting.popleft()[1](simulator)
            recording.take(clock.time(), await scrape(exporter))
            await clock.advance(SCRAPE_INTERVAL)
    return recording, simulator


def unattended(operations: Sequence[Centre]) -> Sequence[Centre]:
    """Take the agents away, whom no report shows but those on skills and agents: they are a quarter of the work."""
    for each in operations:
        each.distributor = Distributor()
    return operations


def polled(simulator: Simulator, base_url: str, **settings: Any) -> list[Operation]:  # noqa: ANN401 - as above
    """Return the simulated operations as the demo polls them, but at the default intervals."""
    return [
        operation(
            *(base_url, each.name, each.tokens[0]),
            amd=AmdMode.AUTO,
            quota_interval=900.0,
            time_zone=ZoneInfo(_ZONES.get(each.name, "America/Bogota")),
            labels=LABELS[each.name],
            **settings,
        )
        for each in simulator.operations
    ]


async def scrape(exporter: Running) -> str:
    """Return what `/metrics` would answer to a Prometheus, without the way over HTTP."""
    _, text = await exporter.exporter.publisher.text(Format.OPENMETRICS)
    return b"".join(text).decode()


def _unix(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
