"""An exporter between an upstream of so many operations and whoever measures it."""

import json
import os
import signal
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.processes import HOST, PATIENCE, free_port, program, python, wait_until
from bench.scraping import Connection
from bench.windows import Window, percentile

FOLDER = "folder"
SPREAD, TOGETHER = 1.0, 0.0
"""First polls over a whole interval, or all at once."""


@dataclass(frozen=True)
class Fleet:
    """What is polled. Intervals are seconds; `package` is the checkout whose exporter it is."""

    package: Path
    operations: int
    campaigns: int
    interval: float
    spread: float = TOGETHER
    amd: bool = True
    unread: int = 0
    """Bytes that make each row longer and that no reader wants."""
    state: str = ""
    """`folder`, or the address of a database that is used without a password."""
    together: bool = False
    """Whether the upstream answers all operations at the same instant."""

    @property
    def reports(self) -> set[str]:
        """What each operation is asked for, as the API calls it."""
        return {"campaigns", "campaign_6"} if self.amd else {"campaigns"}


@dataclass(frozen=True)
class Answer:
    """When an operation's report was answered, on the monotonic clock."""

    at: float
    report: str
    token: str


@dataclass
class Lags:
    """How late the event loop was, in seconds, by when."""

    noted: list[tuple[float, float]] = field(default_factory=list)

    def within(self, *windows: Window) -> tuple[float, float]:
        """Return the 99th percentile and the worst; not a number where nothing was noted."""
        lags = [lag for at, lag in self.noted if any(window.overlaps(at - lag, at) for window in windows)]
        return percentile(lags, 0.99), percentile(lags, 1)


@dataclass(frozen=True)
class Subject:
    """An exporter that runs."""

    pid: int
    port: int
    upstream: int
    lags: Lags
    """Filled when it has ended."""

    def note_lags(self) -> None:
        """Let it note from now on how late its event loop is; this costs time itself."""
        os.kill(self.pid, signal.SIGUSR1)

    def answers(self, report: str = "campaigns") -> list[Answer]:
        """Return what the upstream has answered so far."""
        return [answer for answer in _answers(self.upstream) if answer.report == report]

    def wait_for_answers(self, number: int) -> None:
        """Return once so many campaigns reports were answered."""
        wait_until(lambda: len(self.answers()) >= number, f"{number} reports are answered")

    def body(self) -> bytes:
        """Return the body of a scrape with gzip."""
        return Connection(self.port).get("/metrics")


@contextmanager
def running(fleet: Fleet) -> Iterator[Subject]:
    """Run it, and yield once every operation's reports were answered; on leaving it ends, and its lags are read."""
    upstream, port, lags = free_port(), free_port(), Lags()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        _write_config(folder, fleet, upstream)
        together = fleet.operations if fleet.together else 1
        arguments = (f"{upstream}", f"{fleet.campaigns}", f"--unread={fleet.unread}", f"--together={together}")
        stack.enter_context(program(*python("upstream", *arguments), port=upstream, folder=folder))
        file = folder / "lags.json"
        options = ("--config.file=config.yaml", f"--web.listen-address={HOST}:{port}", "--log.level=error")
        command = python("subject", f"{file}", f"{fleet.spread}", *options)
        with program(*command, port=port, folder=folder, package=fleet.package) as pid:
            expected = fleet.operations * len(fleet.reports)
            wait_until(lambda: len(_polled(upstream, fleet.reports)) == expected, "every operation is polled")
            yield Subject(pid, port, upstream, lags)
        lags.noted = [(at, lag) for at, lag in json.loads(file.read_text(encoding="utf-8"))]


def _write_config(folder: Path, fleet: Fleet, upstream: int) -> None:
    url = f"http://{HOST}:{upstream}/api/v2"
    interval = f"{round(1000 * fleet.interval)}ms"
    settings: dict[str, object] = {"interval": interval, "amd_interval": interval}
    if fleet.state:
        settings["state"] = f"{folder / 'state'}" if fleet.state == FOLDER else fleet.state
    operations = [
        {
            "name": f"operacion-{place}",
            "base_url": url,
            "token": f"bench-token-{place:04}",
            "amd": "auto" if fleet.amd else "off",
        }
        for place in range(fleet.operations)
    ]
    # JSON is YAML
    (folder / "config.yaml").write_text(json.dumps(settings | {"operations": operations}), encoding="utf-8")


def _answers(upstream: int) -> list[Answer]:
    with urllib.request.urlopen(f"http://{HOST}:{upstream}/calls", timeout=PATIENCE) as response:
        return [Answer(*each) for each in json.load(response)]


def _polled(upstream: int, reports: set[str]) -> set[tuple[str, str]]:
    return {(answer.token, answer.report) for answer in _answers(upstream) if answer.report in reports}
