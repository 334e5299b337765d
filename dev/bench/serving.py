"""What a page costs, once nothing is polled: its size, the processor time of a scrape, and what others take for it."""

import json
import socket
import subprocess
import tempfile
import threading
import time
import zlib
from pathlib import Path

from bench import pushgateway
from bench.fleet import Fleet, Subject, running
from bench.plan import MIB, Figures, Size
from bench.processes import cpu, python, resident, wait_for_quiet
from bench.scraping import Connection, latency, text_of

_QUIET_INTERVAL = 3600.0
_COPIES = 50
_SCRAPES = 10
_PERIOD = 1.05
"""Seconds: a body that is a second old is not sent again."""


def wire(size: Size) -> Figures:
    """Return how large the page is, and how large it would be as one stream."""
    with running(Fleet(size.package, size.operations, size.campaigns, _QUIET_INTERVAL)) as subject:
        wait_for_quiet(subject.pid)
        return _sizes(subject.body())


def quiet(size: Size) -> Figures:
    """Return what the page costs whoever sends it, and what others take to make or send the same series."""
    with running(Fleet(size.package, size.operations, size.campaigns, _QUIET_INTERVAL)) as subject:
        wait_for_quiet(subject.pid)
        body = subject.body()
        text = text_of(body)
        scrape, found = _cost(subject, body, size.seconds / 3)
        found |= _once_a_second(subject, size.seconds / 3)
        found |= _beside_client_library(text, scrape)
        ours = latency(subject.port, "/metrics", size.seconds / 3).median
    return _sizes(body) | found | _beside_pushgateway(text, ours, scrape, size.seconds / 2)


def _sizes(body: bytes) -> Figures:
    text = text_of(body)
    return {
        "series": sum(not line.startswith(b"#") for line in text.splitlines()),
        "text, MiB": len(text) / MIB,
        "gzip body, MiB": len(body) / MIB,
        "gzip body / one stream of zlib level 6": len(body) / len(zlib.compress(text, 6, wbits=31)),
    }


def _cost(subject: Subject, body: bytes, seconds: float) -> tuple[float, Figures]:
    """Return the processor time of a scrape, in seconds, and the figures beside copies of the same bytes."""
    before = cpu(subject.pid)
    answers = latency(subject.port, "/metrics", seconds).answers
    scrape = (cpu(subject.pid) - before) / answers
    copy, sent = _copied(body), _sent(body)
    return scrape, {
        "CPU of a gzip scrape, one after the other, ms": 1000 * scrape,
        "CPU of a copy in memory of the same bytes, ms": 1000 * copy,
        "CPU of handing the same bytes to a socket, ms": 1000 * sent,
        "CPU of a scrape / copy in memory": scrape / copy,
        "CPU of a scrape / handing to a socket": scrape / sent,
    }


def _once_a_second(subject: Subject, seconds: float) -> Figures:
    idle = cpu(subject.pid)
    time.sleep(seconds)
    idle = (cpu(subject.pid) - idle) / seconds
    connection, before, began = Connection(subject.port), cpu(subject.pid), time.monotonic()
    for number in range(1, _SCRAPES + 1):
        connection.get("/metrics")
        time.sleep(max(0.0, began + number * _PERIOD - time.monotonic()))
    used = cpu(subject.pid) - before - idle * (time.monotonic() - began)
    return {"CPU of a scraper every second, % of a core": 100 * used / _SCRAPES}


def _copied(body: bytes) -> float:
    source, target = memoryview(body), memoryview(bytearray(len(body)))
    began = time.thread_time()
    for _ in range(_COPIES):
        target[:] = source
    return (time.thread_time() - began) / _COPIES


def _sent(body: bytes) -> float:
    """Return the processor time that the sender of some bytes spends, over TCP on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as sender:
        receiver, _ = server.accept()
        with receiver:
            reading = threading.Thread(target=_drain, args=(receiver, _COPIES * len(body)))
            reading.start()
            began = time.thread_time()
            for _ in range(_COPIES):
                sender.sendall(body)
            used = time.thread_time() - began
            reading.join()
    return used / _COPIES


def _drain(receiver: socket.socket, left: int) -> None:
    buffer = bytearray(MIB)
    while left > 0:
        left -= receiver.recv_into(buffer)


def _beside_client_library(text: bytes, scrape: float) -> Figures:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = Path(folder) / "metrics"
        file.write_bytes(text)
        said = subprocess.run(python("client_library", str(file)), check=True, capture_output=True).stdout
    written, compressed = json.loads(said)
    return {
        "client library: CPU of generate_latest, ms": 1000 * written,
        "client library: CPU of generate_latest and gzip 6, ms": 1000 * (written + compressed),
        "CPU of a scrape / that of the client library": scrape / (written + compressed),
    }


def _beside_pushgateway(text: bytes, ours: float, scrape: float, seconds: float) -> Figures:
    theirs = used = memory = float("nan")
    if pushgateway.is_installed():
        with pushgateway.holding(text) as (pid, port):
            before = cpu(pid)
            found = latency(port, "/metrics", seconds)
            theirs, used, memory = found.median, (cpu(pid) - before) / found.answers, resident(pid)
    return {
        "scrape, nothing polled, median, ms": 1000 * ours,
        "pushgateway: scrape, median, ms": 1000 * theirs,
        "scrape / that of the pushgateway, medians": ours / theirs,
        "CPU of a scrape / that of the pushgateway": scrape / used,
        "pushgateway: resident memory, MiB": memory / MIB,
    }
