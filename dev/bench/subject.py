"""The exporter as it runs, with its first polls spread over a whole interval and its event loop's lag noted.

On SIGTERM the lags, in milliseconds and sorted, go to the file named as the second argument.
"""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.config import Config, load
from wolkvox_exporter.runtime import logs
from wolkvox_exporter.runtime.signals import stopped_by_signals

STEP = 0.005


async def sample(lags: list[float]) -> None:
    """Ask to be woken every 5 ms and note how much later it happens."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + STEP
        await asyncio.sleep(STEP)
        lags.append((loop.time() - due) * 1000)


async def main(config: Config, port: int) -> list[float]:
    """Serve until SIGTERM, and return the lags."""
    lags: list[float] = []
    sampler = asyncio.create_task(sample(lags))
    with stopped_by_signals() as stop:
        async with Exporter(config, spread=1.0).running(Listen([("127.0.0.1", port)])):
            await stop.wait()
    sampler.cancel()
    with suppress(asyncio.CancelledError):
        await sampler
    return sorted(lags)


if __name__ == "__main__":
    logs.configure("error", "logfmt")
    found = asyncio.run(main(load(Path(sys.argv[1])), int(sys.argv[3])))
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")
