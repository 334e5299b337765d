"""Scrapes as Prometheus makes them: one connection a scraper, kept open, and gzip."""

import gzip
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from bench.processes import HOST, MeasurementError

PATIENCE = 60.0
PERIOD = 0.02
"""Seconds from one scrape to the next while polls fall together."""
_MOST = 32
"""Scrapes under way at a time: fewer than the exporter allows, so that none is refused."""
_TAIL = 2048
"""Bytes at the end of a body that each scrape has anew: the metrics of the process, compressed."""
_GZIP = {"Accept-Encoding": "gzip"}
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


class Connection:
    """A connection to a server of this machine, which is opened anew where the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: HTTPConnection | None = None

    def get(self, path: str) -> bytes:
        """Return the body as it comes, which is compressed where the server can.

        Raises `MeasurementError` for any status but 200.
        """
        try:
            return self._get(path)
        except (ConnectionError, HTTPException):
            # let go while it was idle
            self._connection = None
            return self._get(path)

    def _get(self, path: str) -> bytes:
        if self._connection is None:
            self._connection = HTTPConnection(HOST, self._port, timeout=PATIENCE)
        self._connection.request("GET", path, headers=_GZIP)
        response = self._connection.getresponse()
        body = response.read()
        if response.status != 200:  # noqa: PLR2004 - HTTP's own number
            raise MeasurementError(f"{path}: {response.status} {response.reason}")
        return body


def text_of(body: bytes) -> bytes:
    """Return the text of a compressed body."""
    return gzip.decompress(body)


@dataclass(frozen=True)
class Latency:
    """What one client that asks again and again has waited for: seconds, and how many answers it got."""

    median: float
    last: float
    """The 99th percentile."""
    answers: int


def latency(port: int, path: str, seconds: float) -> Latency:
    """Let wrk ask, over one connection, the next time as soon as it was answered."""
    url = f"http://{HOST}:{port}{path}"
    options = ("-t1", "-c1", f"-d{max(1, round(seconds))}s", f"--timeout={PATIENCE:g}s", "--latency")
    command = ("wrk", *options, "-H", "Accept-Encoding: gzip", url)
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return read_latency(said)


def read_latency(said: str) -> Latency:
    """Read what wrk says."""
    answers = re.search(r"(\d+) requests in", said)
    found = {name: float(value) * _UNITS[unit] for name, value, unit in re.findall(r"(\d+)%\s+([\d.]+)(\w+)", said)}
    if "Non-2xx" in said or "Socket errors" in said or answers is None or not {"50", "99"} <= found.keys():
        raise MeasurementError(f"wrk says:\n{said}")
    return Latency(found["50"], found["99"], int(answers[1]))


@dataclass(frozen=True)
class Scrape:
    """When a scrape began and ended, monotonic, and whether its body differs from the one before."""

    began: float
    ended: float
    changed: bool


class Scraper:
    """Scrapes every 20 ms, whether the scrapes before were answered or not, unless too many are under way."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._own = threading.local()
        self._comparing = threading.Lock()
        self._free = threading.Semaphore(_MOST)
        self._latest = b""

    def scrape_until(self, end: float) -> list[Scrape]:
        """Return the scrapes made until `end`, monotonic, in the order in which they began."""
        with ThreadPoolExecutor(_MOST) as pool:
            made, due = [], time.monotonic()
            while due < end:
                # none waits for another: it would measure this program
                if self._free.acquire(blocking=False):
                    made.append(pool.submit(self._freeing))
                due = max(due + PERIOD, time.monotonic())
                time.sleep(max(0.0, due - time.monotonic()))
            return [each.result() for each in made]

    def _freeing(self) -> Scrape:
        try:
            return self._scrape()
        finally:
            self._free.release()

    def _scrape(self) -> Scrape:
        if not hasattr(self._own, "connection"):
            self._own.connection = Connection(self._port)
        began = time.monotonic()
        try:
            body = self._own.connection.get("/metrics")
        except TimeoutError:
            # it has waited that long, which is what is measured
            del self._own.connection
            return Scrape(began, time.monotonic(), changed=False)
        ended = time.monotonic()
        with self._comparing:
            common = max(0, min(len(body), len(self._latest)) - _TAIL)
            changed = memoryview(body)[:common] != memoryview(self._latest)[:common]
            changed |= abs(len(body) - len(self._latest)) > _TAIL
            self._latest = body
        return Scrape(began, ended, changed)
