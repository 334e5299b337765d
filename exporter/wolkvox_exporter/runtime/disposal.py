"""Large values that nobody needs any more, freed in pieces: freed at once, they would keep everybody waiting."""

import asyncio
from collections.abc import Callable
from typing import Any

DELAY = 10.0
"""Seconds until what refers to the rows as a whole has been replaced everywhere, the rendered lines too."""
PIECE = 500
"""Rows that are freed in a step, which takes less than a millisecond."""
_PAUSE = 0.005


def free_later(rows: Callable[[], list[object]]) -> None:
    """Keep rows until nothing else refers to them, and free them then, a few at a time; `rows` lists them."""
    asyncio.get_running_loop().call_later(DELAY, _begin, rows)


def _begin(rows: Callable[[], list[object]]) -> None:
    # not at once: what lists them holds them as a whole, too, until this has returned
    asyncio.get_running_loop().call_later(_PAUSE, _free, rows())


def _free(rows: list[object]) -> None:
    del rows[-PIECE:]
    if rows:
        asyncio.get_running_loop().call_later(_PAUSE, _free, rows)


def empty(table: dict[Any, Any]) -> None:
    """Take everything out of a table, one by one: in a thread, others have their turn meanwhile."""
    while table:
        table.popitem()
