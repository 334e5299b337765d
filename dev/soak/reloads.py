"""Configurations that come and go while the exporter runs: every worker is replaced, and some files are bad."""

import asyncio
import itertools
import os
import signal
from pathlib import Path

import yaml

_BAD = "operations: nothing of the kind\n"


async def run(pid: int, config: Path, period: float) -> None:
    """Change a key of all operations every so many seconds, and write what cannot be used between, until cancelled."""
    good = await asyncio.to_thread(config.read_text, encoding="utf-8")
    for stale_after in itertools.cycle((4, 5)):
        await asyncio.sleep(period / 2)
        await asyncio.to_thread(_replace, config, _BAD)
        os.kill(pid, signal.SIGHUP)
        await asyncio.sleep(period / 2)
        await asyncio.to_thread(_replace, config, changed(good, stale_after))
        os.kill(pid, signal.SIGHUP)


def changed(config: str, stale_after: int) -> str:
    """Return a configuration in which another key is in effect for all operations."""
    return yaml.safe_dump({**yaml.safe_load(config), "stale_after": stale_after})


def _replace(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.rename(path)
