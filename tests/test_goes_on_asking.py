"""A real exporter goes on asking for every report, whatever befell a call of another one."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import product
from pathlib import Path

import pytest

from support.processes import config_file, direct, serving
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Call, Campaign, Fault, Operation, Simulator

INTERVAL = 2.0
SECONDS = 17.0
MODES = ("all", "each", "auto", "auto-one-by-one")
LATER = "a reset later"
"""The fault of a campaigns call in the middle of the life, where the other faults are of the first one."""
FAULTS: dict[str, Fault | None] = {
    "nothing": None,
    "a reset": Fault.RESET,
    "somebody else": Fault.CONCURRENCY,
    "a broken answer": Fault.HTML,
    LATER: Fault.RESET,
}
SLOW = (0.6, 1.3)
"""The share of the interval that each call takes."""


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


def centre(names: list[str], *, delay: float = 0.0, amd_all: bool = True) -> Simulator:
    """Return a simulator of operations with these names, whose tokens are named after them."""
    clock = SystemClock()
    operations = []
    for name in names:
        rows = [Campaign(f"{4000 + place}", f"C{place}", records=500, machine=5) for place in range(3)]
        for row in rows:
            row.detect(clock.time() - 1, 3)
        operations.append(Operation(name, (f"token-of-{name}".replace(" ", "-"),), rows))
    return Simulator(operations, clock, delay=delay, amd_all=amd_all)


def keys(names: list[str], url: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Return the keys of each operation: the mode is the first word of its name."""
    for name in names:
        mode = name.split()[0].removesuffix("-one-by-one")
        yield name, {"token": f"token-of-{name}".replace(" ", "-"), "base_url": url, "amd": mode, "amd_max_calls": "2"}


async def lived(folder: Path) -> list[Call]:
    """Let one exporter poll operations in every mode, each with a fault of its own or slow answers."""
    named = {
        amd_all: [f"{mode} {fault}" for mode, fault in product(MODES, FAULTS) if (mode != MODES[3]) is amd_all]
        for amd_all in (True, False)
    }
    slow = {share: [f"{mode} slow-{share}" for mode in MODES[:3]] for share in SLOW}
    centres = [(names, centre(names, amd_all=amd_all)) for amd_all, names in named.items()]
    centres += [(names, centre(names, delay=share * INTERVAL)) for share, names in slow.items()]
    hurt(centres[:2], later=False)
    async with AsyncExitStack() as stack:
        operations: dict[str, dict[str, str]] = {}
        for names, simulator in centres:
            operations |= dict(keys(names, await stack.enter_async_context(simulator.serving())))
        every = f"{INTERVAL:g}s"
        config = config_file(folder, "", operations, interval=every, amd_interval=every, quota_interval=every)
        async with serving(config):
            await asyncio.sleep(SECONDS / 3)
            hurt(centres[:2], later=True)
            await asyncio.sleep(SECONDS * 2 / 3)
        return [call for _, simulator in centres for call in simulator.calls]


def hurt(centres: list[tuple[list[str], Simulator]], *, later: bool) -> None:
    """Let the next campaigns call of each operation fail in the way that its name says, if its time has come."""
    for names, simulator in centres:
        for name in names:
            befalls = name.partition(" ")[2]
            if (fault := FAULTS[befalls]) and (befalls == LATER) is later:
                simulator.inject(fault, operation=name, report="campaigns", times=1)


async def test_every_report_goes_on_being_asked(tmp_path: Path) -> None:
    """If the first campaigns call fails, or a later one, or answers are slow, then AMD and quota are asked as ever."""
    calls = await lived(tmp_path)
    assert {call.operation for call in calls if call.fault} == {
        f"{mode} {befalls}" for mode, (befalls, fault) in product(MODES, FAULTS.items()) if fault
    }
    asked: dict[tuple[str, str], list[float]] = {}
    for call in calls:
        asked.setdefault((call.operation, call.report), []).append(call.started)
    names = {name for name, _ in asked}
    assert len(names) == len(MODES) * len(FAULTS) + 3 * len(SLOW)
    end = max(max(times) for times in asked.values())
    for name in names:
        times = asked.get((name, "campaigns"), []), asked.get((name, "amd"), []), asked.get((name, "quota"), [])
        took = float(name.rpartition("slow-")[2]) * INTERVAL if "slow-" in name else 0.0
        # a report waits for the calls of the two others, and the machine may be busy
        bound = 2 * INTERVAL + 3 * took + 4.0
        for report in times:
            gaps = [later - sooner for sooner, later in zip(report, [*report[1:], end], strict=True)]
            assert report, name
            assert max(gaps) <= bound, (name, gaps)
        if not took:
            assert len(times[1]) >= len(asked[f"{name.split()[0]} nothing", "amd"]) / 2, name
