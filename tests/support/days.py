"""Two simulated days on which something fails, for all test files that ask about them: recorded once for a whole run.

Whichever worker of the run needs them first makes them, and the others wait for it.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from shutil import copytree

import pytest

from docs.generate import ROOT
from support import truth
from support.history import REPLICAS, backfill, load
from support.recording import MONDAY, record
from support.staff import Staff
from support.staffing import Centre, seen
from wolkvox_exporter.simulator import Fault, Simulator

RULES = ROOT / "prometheus" / "rules" / "wolkvox-recording.rules.yml"
_HOURS = 35.0
"""To eleven of the second day."""


@dataclass(frozen=True)
class Hits:
    """The hits by campaign id since the simulation began, at a good poll at the Unix time `at`."""

    at: float
    by_campaign: dict[str, int]


@dataclass(frozen=True)
class Days:
    """The databases of a Prometheus that scraped one exporter, and of one that scraped two, with the recording rules.

    `ended` is the Unix time of the last scrape; `polls` are the good reports of each operation, `hits` those at
    each of them, `staff` what was the case with skills and agents, and `centre` what was at each good report on them.
    """

    single: Path
    double: Path
    ended: int
    polls: truth.Polls
    hits: dict[str, list[Hits]]
    staff: Staff
    centre: Centre


def _under_maintenance(simulator: Simulator) -> None:
    simulator.inject(Fault.MAINTENANCE, operation="ventas-co", report="campaigns", times=1)


def _fail(simulator: Simulator) -> None:
    """Let two polls fail, and a speed be no number."""
    simulator.inject(Fault.SERVER_ERROR, operation="ventas-co", times=2)
    simulator.operations[0].campaigns[0].raw["speed"] = "rápido"


def _mend(simulator: Simulator) -> None:
    """Let all be well again."""
    simulator.operations[0].campaigns[0].raw.clear()


def _hurry(simulator: Simulator) -> None:
    """Let a campaign's speed be set higher than any is."""
    simulator.operations[1].campaigns[0].speed = 160


_ACTIONS = (
    ("2026-11-24T09:31:00-05:00", _under_maintenance),
    ("2026-11-24T09:42:00-05:00", _hurry),
    ("2026-11-24T10:20:00-05:00", _fail),
    ("2026-11-24T10:40:00-05:00", _mend),
)


async def two_days(factory: pytest.TempPathFactory) -> Days:
    """Return the days, in databases of the caller's own: two programs must not have the same one."""
    shared, own = _of_the_run(factory), factory.mktemp("two-days-")
    with _alone(shared.with_suffix(".lock")):
        if not (shared / "about.json").exists():
            await _made(shared)
    for name in ("single", "double"):
        copytree(shared / name, own / name)
    about = json.loads((shared / "about.json").read_text("utf-8"))
    hits = {name: [Hits(**each) for each in polls] for name, polls in about["hits"].items()}
    polls = truth.read((shared / "polls.json").read_text("utf-8"))
    staff = Staff.read(about["staff"])
    centre = Centre(about["queues"], about["agents"], staff)
    return Days(own / "single", own / "double", about["ended"], polls, hits, staff, centre)


def _of_the_run(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all workers of a run share: it is above those of each."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "two-days"
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def _made(folder: Path) -> None:
    start = round(datetime.fromisoformat(MONDAY).timestamp())
    staff = Staff(start, start + round(_HOURS * 3_600))
    actions = (*_ACTIONS, *staff.actions())
    recording, simulator = await record(MONDAY, hours=_HOURS, actions=actions, skills="all", agents="by_status")
    for name, targets in (("single", REPLICAS[:1]), ("double", REPLICAS)):
        await load(recording, folder / name, targets)
        await backfill(folder / name, recording.times[0], recording.times[-1], [RULES])
    hits = {
        name: [asdict(Hits(poll.at, {key: each.hits for key, each in poll.truth.items()})) for poll in polls]
        for name, polls in simulator.truth_at_polls.items()
    }
    centre = seen(simulator, staff)
    about = {"ended": recording.times[-1], "hits": hits, "staff": staff.written()}
    about |= {"queues": centre.queues, "agents": centre.agents}
    (folder / "polls.json").write_text(truth.written(simulator.truth_at_polls), "utf-8")
    (folder / "about.json").write_text(json.dumps(about), "utf-8")
