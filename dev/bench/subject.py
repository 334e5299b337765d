"""The exporter as its command runs it, with the first polls spread over any share of an interval, and its lag noted.

From SIGUSR1 on it notes how late its event loop is. At the end pairs go to a file: an instant on the monotonic clock
and a lag, both in seconds. Arguments: the file, the share, the command's own.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from wolkvox_exporter.app import Exporter
from wolkvox_exporter.cli import commands

STEP = 0.005
_run = asyncio.run


async def _sample(lags: list[tuple[float, float]]) -> None:
    """Ask to be woken every 5 ms and note how much later it happens."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + STEP
        await asyncio.sleep(STEP)
        now = loop.time()
        lags.append((now, now - due))


async def _sampled(work: Coroutine[Any, Any, Any], lags: list[tuple[float, float]]) -> object:
    loop, tasks = asyncio.get_running_loop(), list[asyncio.Task[None]]()

    def start() -> None:
        tasks.append(loop.create_task(_sample(lags)))

    signal.signal(signal.SIGUSR1, lambda *_: loop.call_soon_threadsafe(start))
    try:
        return await work
    finally:
        for task in tasks:
            task.cancel()


def main(file: Path, spread: float, arguments: list[str]) -> int:
    """Run the command until SIGTERM, and write the lags."""
    lags: list[tuple[float, float]] = []
    defaults = Exporter.__init__.__kwdefaults__
    if defaults is None or "spread" not in defaults:
        raise SystemExit("Exporter takes no `spread`: the first polls cannot be spread, or made to fall together")
    before = defaults["spread"]
    # of the first polls, and where those that follow have a share of their own, of all
    defaults["spread"] = spread if isinstance(before, float) else type(before)(spread, spread)
    asyncio.run = lambda work, **keys: _run(_sampled(work, lags), **keys)  # type: ignore[assignment]
    code = commands.main(arguments)
    file.write_text(json.dumps(lags), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
