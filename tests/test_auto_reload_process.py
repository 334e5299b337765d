"""The configuration that is taken over by itself, as in a cluster: swapped links, a real Prometheus, a real process.

`make chaos` swaps more often.
"""

import asyncio
import json
import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import aiohttp
import pytest
import yaml

from config.files import operation
from support.processes import EXPORTER, PATIENCE, run, serving
from support.prometheus import prometheus
from support.reloading import SUCCESS_TIME, SUCCESSFUL
from support.samples import Samples
from support.tools import tool
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Call, Campaign, Operation, Simulator

SWAPS = int(os.environ.get("SWAPS", "8"))
SEED = int(os.environ.get("SEED", "7"))
INTERVAL = 20.0
"""Seconds, many more than from one swap to the next: an operation may come back before it may be asked."""
JITTER = 0.25
"""Seconds by which the network, or a busy machine, may shorten what lies between two calls that left in time."""
NAMES = ("ventas-co", "cobranza-mx", "soporte-cl", "encuestas-pe")
FLAGS = ("--config.enable-auto-reload", "--config.auto-reload-interval=1s")
BROKEN: dict[str, Callable[[str], str | None]] = {
    "cut": lambda text: text[: len(text) // 2] + "\n: {",
    "value": lambda text: text.replace(f"{INTERVAL:.0f}s", "soon"),
    "key": lambda text: text + "intervall: 5m\n",
    "empty": lambda _: "",
    "gone": lambda _: None,
}


class ConfigMap:
    """A folder as kubelet keeps one: what people open is a link through `..data`, which each change renames anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self.file = folder / "config.yaml"
        self.file.symlink_to("..data/config.yaml")

    def swap(self, text: str | None) -> None:
        """Let another content, or none, stand at the path, from one moment to the next."""
        self._number += 1
        new, old = self._folder / f"..{self._number}", self._folder / f"..{self._number - 1}"
        new.mkdir()
        if text is not None:
            (new / "config.yaml").write_text(text, encoding="utf-8")
        (self._folder / "..data_tmp").symlink_to(new.name)
        (self._folder / "..data_tmp").replace(self._folder / "..data")
        if old.exists():
            (old / "config.yaml").unlink(missing_ok=True)
            old.rmdir()


def configuration(base_url: str, folder: Path, names: Iterable[str], timeout: str) -> str:
    """Write a configuration of these operations."""
    keys = {"base_url": base_url, "amd": "all", "timeout": timeout}
    rows = [{"name": name, "token_file": str(folder / name), **keys} for name in names]
    every = f"{INTERVAL:.0f}s"
    return yaml.safe_dump(
        {"interval": every, "amd_interval": every, "quota_interval": "0", "stale_after": "100", "operations": rows}
    )


Key: TypeAlias = tuple[str, str]
"""Operation and report."""


def polls(log: Iterable[str]) -> dict[Key, list[tuple[float, float]]]:
    """Return from when until when polls lasted, in Unix time, by the exporter's own log."""
    found = defaultdict[Key, list[tuple[float, float]]](list)
    for line in (json.loads(line) for line in log if '"poll succeeded"' in line):
        ended = datetime.fromisoformat(line["ts"]).timestamp()
        found[line["operation"], line["report"]].append((ended - line["seconds"], ended))
    return found


def early(calls: Iterable[Call], lasted: Mapping[Key, Sequence[tuple[float, float]]]) -> list[tuple[Key, float]]:
    """Return what arrived before its time, and how many seconds after the call before.

    On a busy machine a call may take long to arrive, and the next one not: it counts from when its poll began.
    """
    arrivals = defaultdict[Key, list[float]](list)
    for call in calls:
        arrivals[call.operation, call.report].append(call.at)

    def begun(key: Key, at: float) -> float:
        return min([at, *(began for began, ended in lasted.get(key, ()) if began <= at <= ended)])

    gaps = [
        (key, later - begun(key, before))
        for key, times in arrivals.items()
        for before, later in pairwise(sorted(times))
    ]
    return [(key, gap) for key, gap in gaps if gap < INTERVAL - JITTER]


class Watched:
    """What a scrape shows of the configuration in effect."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def look(self) -> tuple[set[str], bool, float]:
        """Return the operations, whether the last reload was good, and when the last good one was."""
        async with self._session.get(f"{self._url}/metrics") as response:
            samples = Samples(await response.text())
            assert response.status == 200
        shown = {sample.labels["operation"] for sample in samples.all if "operation" in sample.labels}
        return shown, samples.value(SUCCESSFUL) == 1, samples.value(SUCCESS_TIME) or 0.0

    async def follows(self, before: set[str], after: set[str], since: float | None) -> None:
        """Return once these operations are in effect by a reload `since` then, or, without that, one was refused.

        Until then those before are in effect, or those after while the reload still waits for a call under way.
        """
        async with asyncio.timeout(PATIENCE):
            while True:
                shown, good, at = await self.look()
                if (not good and since is None) or (good and since is not None and at > since):
                    assert shown == after
                    return
                assert shown in (before, after)
                await asyncio.sleep(0.1)


@pytest.mark.timeout(300 + 20 * SWAPS)
async def test_swapped_links_are_followed_and_no_scrape_fails(tmp_path: Path) -> None:
    """If a ConfigMap is swapped over and over, good and broken, then the last good one is in effect at each step.

    No scrape of a real Prometheus fails, and the API is neither asked early nor twice at a time.
    """
    tool("prometheus")
    chance = random.Random(SEED)  # noqa: S311 - courses, not secrets
    (folder := tmp_path / "etc").mkdir()
    for name in NAMES:
        (tmp_path / name).write_text(f"token-of-{name}")
    centres = [Operation(name, (f"token-of-{name}",), [Campaign("1", name.upper(), records=10**6)]) for name in NAMES]
    simulator = Simulator(centres, SystemClock(), delay=0.05)
    files, swaps = ConfigMap(folder), defaultdict[str, int](int)
    async with simulator.serving() as base_url, aiohttp.ClientSession() as session:
        in_effect, last = set(NAMES), "good"
        files.swap(configuration(base_url, tmp_path, NAMES, "2s"))
        async with (
            serving(files.file, flags=FLAGS) as (exporter, url),
            prometheus(tmp_path, url.removeprefix("http://"), every=2) as server,
        ):
            watched = Watched(url, session)
            for number in range(SWAPS):
                wanted = chance.sample(NAMES, chance.randint(1, len(NAMES)))
                text = configuration(base_url, tmp_path, wanted, chance.choice(["2s", "3s"])) + f"# {number}\n"
                last = "good" if last != "good" else chance.choice(["good", *BROKEN])
                swaps[last] += 1
                since = time.time()
                files.swap(text if last == "good" else BROKEN[last](text))
                new = set(wanted) if last == "good" else in_effect
                await watched.follows(in_effect, new, since if last == "good" else None)
                in_effect = new
            scrapes = await server.query("count_over_time(up[1h])")
            failed = await server.query("count_over_time(up[1h]) - sum_over_time(up[1h])")
            assert await exporter.end(signal.SIGTERM) == 0
    reloads = [json.loads(line) for line in exporter.err if '"configuration reloaded"' in line]
    assert len(reloads) == swaps["good"]
    assert sum(swaps.values()) == SWAPS > swaps["good"] > 0
    assert failed == {(): 0}
    assert scrapes[()] > SWAPS / 2
    assert "Traceback" not in exporter.text
    assert {call.operation for call in simulator.calls} == set(NAMES)
    assert not any(call.overlapped for call in simulator.calls)
    assert not early(simulator.calls, polls(exporter.err))


@pytest.mark.parametrize("path", ["pipe", "/dev/stdin", "/dev/null"])
async def test_what_cannot_be_looked_at_again_is_refused_at_the_start(tmp_path: Path, path: str) -> None:
    """If changes are to take effect by themselves, then the configuration is a file, which is said at once."""
    os.mkfifo(tmp_path / "pipe")
    place = tmp_path / path
    done = await run(*EXPORTER, f"--config.file={place}", FLAGS[0], stdin=operation().encode())
    text = "the file cannot be read (it is no regular file); give the path of a readable file"
    assert (done.code, done.err) == (1, f"{place}:1: {text}\n")


async def test_the_start_says_how_often_it_looks(tmp_path: Path) -> None:
    """If changes take effect by themselves, then the line that says where it listens has the interval, too."""
    (tmp_path / "token").write_text("opens-nothing")
    config = tmp_path / "config.yaml"
    config.write_text(operation().replace('server: "0042"', "base_url: http://127.0.0.1:9"))
    async with serving(config, flags=FLAGS) as (exporter, _):
        assert json.loads(await exporter.line('"listening"'))["auto_reload"] == "1s"
    async with serving(config) as (exporter, _):
        assert "auto_reload" not in await exporter.line('"listening"')
