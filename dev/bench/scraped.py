"""A Prometheus that scrapes many campaigns and has an hour of them in its memory, as one that has run for long.

Where history stands in blocks that go on after now, what rules record is refused.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlparse
from urllib.request import Request, urlopen

from bench.campaigns import HOUR, MINUTE, Fleet, by_skill, exposed, recorded
from bench.processes import HOST, free_port, program, wait_for_quiet, wait_until
from mixin import recording

IN_MEMORY = 75 * MINUTE
"""How far the history of a scraped page goes back."""
_AT_ONCE = 15 * MINUTE
"""Of history in one answer."""
_CATCHING_UP, _SCRAPES = 30, 60
"""How often is scraped, in seconds."""
_CONFIG = """\
global: {scrape_interval: %(every)ds, scrape_timeout: %(every)ds, evaluation_interval: 60s}
rule_files: [%(rules)s]
scrape_configs:
  - job_name: wolkvox
    honor_labels: true
    static_configs: [%(targets)s]
"""
_TARGET = '{targets: ["%s:%d"], labels: {instance: "%s", __param_replica: "%d"}}'
# as rules would have recorded it by now, where alerts look back
_EVERY_MINUTE = {f"{recording.STATE}{{{{}}}}": 1.0, f"{recording.DIALED}{{{{}}}}": 300.0}
_NO_INSTANCE = 'instance="",'
_EVERY_HOUR = {
    f'{recording.USUAL}_every1h{{{{}},result="answer"}}': 0.3,
    f"{recording.RECYCLES_LATELY}_every1h{{{{}}}}": 1.0,
    f"{recording.HITS_LATELY}_every1h{{{{}}}}": 40.0,
}


@dataclass
class _Pages:
    """What replicas say: first an hour that is over, minute by minute, then what is now."""

    fleet: Fleet
    replicas: int
    told: dict[int, int] = field(default_factory=dict)
    """Until when, by replica."""

    def caught_up(self) -> bool:
        """Return whether all that is over has been told."""
        return len(self.told) == self.replicas and min(self.told.values()) >= time.time() // MINUTE * MINUTE

    def page(self, replica: int) -> tuple[bytes, int]:
        """Return the next one, and until when it tells."""
        fleet, now = self.fleet.of(replica), int(time.time()) // MINUTE * MINUTE
        first = self.told.get(replica, self.fleet.now - IN_MEMORY)
        if first < now:
            times = range(first, min(first + _AT_ONCE, now), MINUTE)
            lines = [*exposed(fleet, times), *(self._recorded(times) if replica == 0 else ())]
            until = times.stop
        else:
            # of now: no timestamp
            lines, until = [f"{line.rsplit(' ', 1)[0]}\n" for line in exposed(fleet, range(now, now + 1))], now
        return "".join([*lines, "# EOF\n"]).encode(), until

    def _recorded(self, times: range) -> Iterator[str]:
        for values, seen in ((_EVERY_MINUTE, times), (_EVERY_HOUR, [each for each in times if each % HOUR == 0])):
            yield from recorded(self.fleet, values, seen, _NO_INSTANCE)
        yield from by_skill(self.fleet, times, _NO_INSTANCE)


class _Handler(BaseHTTPRequestHandler):
    pages: _Pages

    def do_GET(self) -> None:
        """Answer with the next page."""
        replica = int(parse_qs(urlparse(self.path).query)["replica"][0])
        body, until = self.pages.page(replica)
        self.send_response(200)
        self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        # a scraper that waits no longer is told the same again
        with suppress(ConnectionError):
            self.wfile.write(body)
            self.pages.told[replica] = until

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Scraping:
    """A Prometheus that scrapes: its process and the address of its API."""

    pid: int
    url: str
    _config: Path
    _values: Mapping[str, object]

    def configure(self, every: int, rules: Iterable[Path] = ()) -> None:
        """Let it scrape every so many seconds, and evaluate rules."""
        files = ", ".join(f'"{folder}/*.rules.yml"' for folder in rules)
        self._config.write_text(_CONFIG % {**self._values, "every": every, "rules": files}, encoding="utf-8")
        with urlopen(Request(f"{self.url}/-/reload", method="POST"), timeout=60):  # noqa: S310 - of this machine
            pass


@contextmanager
def scraping(folder: Path, fleet: Fleet, replicas: int = 1) -> Iterator[Scraping]:
    """Run one over the history in a folder, and yield it once it has an hour of the fleet in its memory."""
    pages = _Pages(fleet, replicas)
    handler = type("Handler", (_Handler,), {"pages": pages})
    with ThreadingHTTPServer((HOST, 0), handler) as target:
        threading.Thread(target=target.serve_forever, daemon=True).start()
        targets = ", ".join(
            _TARGET % (HOST, target.server_port, fleet.of(each).instance, each) for each in range(replicas)
        )
        config, port = folder / "prometheus.yml", free_port()
        config.write_text("global: {}\n", encoding="utf-8")
        flags = (
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address={HOST}:{port}",
            "--web.enable-lifecycle",
            "--log.level=error",
        )
        with program("prometheus", *flags, port=port, folder=folder) as pid:
            server = Scraping(pid, f"http://{HOST}:{port}", config, {"targets": targets})
            wait_for_quiet(pid)
            server.configure(_CATCHING_UP)
            wait_until(pages.caught_up, "an hour is in memory", patience=1800)
            server.configure(_SCRAPES)
            wait_for_quiet(pid)
            yield server
        target.shutdown()
