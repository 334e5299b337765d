"""The exporter as its command runs it, with the number of its tasks written down every second.

The first argument names the file for the number, the others are the command's own.
"""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from wolkvox_exporter.cli import commands

_run = asyncio.run


async def _counted(work: Coroutine[Any, Any, Any], place: Path) -> object:
    counting = asyncio.create_task(_count(place))
    try:
        return await work
    finally:
        counting.cancel()


async def _count(place: Path) -> None:
    while True:
        _write(place, len(asyncio.all_tasks()))
        await asyncio.sleep(1)


def _write(place: Path, number: int) -> None:
    # replaced, so that nobody ever reads half of it
    place.with_suffix(".new").write_text(str(number), encoding="ascii")
    place.with_suffix(".new").rename(place)


if __name__ == "__main__":
    asyncio.run = lambda work, **keys: _run(_counted(work, Path(sys.argv[1])), **keys)  # type: ignore[assignment]
    sys.exit(commands.main(sys.argv[2:]))
