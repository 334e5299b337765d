"""The command: `python -m fuzz --bodies 100000 --steps 1000000`, spread over the processors."""

import argparse
import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from fuzz import runs

_SHARDS = 16
"""Parts of each kind, so that all processors are busy to the end; each has a seed of its own."""
_PROCESSES = 2
"""For each processor: answers wait for connections, too."""


@dataclass(frozen=True)
class Part:
    """What one part did: `problem` is how it failed, if it did."""

    kind: str
    seed: int
    done: int
    problem: str


def part(kind: str, seed: int, number: int) -> Part:
    """Run a part; what fails is told with what is needed to see it again."""
    work: Callable[[int, int], int] = {"bodies": runs.bodies, "steps": runs.steps}[kind]
    try:
        return Part(kind, seed, work(number, seed), "")
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what was looked for
        notes = "\n".join(getattr(error, "__notes__", []))
        return Part(kind, seed, 0, f"{''.join(traceback.format_exception(error))}\n{notes}")


def main() -> int:
    """Fuzz, and print the counts; returns 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--bodies", type=int, default=100_000, help="answers to read (100000)")
    parser.add_argument("--steps", type=int, default=1_000_000, help="decisions to simulate (1000000)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeats a run")  # noqa: S311
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    began, wanted = time.monotonic(), {"steps": options.steps, "bodies": options.bodies}
    with ProcessPoolExecutor(_PROCESSES * (os.cpu_count() or 1)) as pool:
        waiting = [
            pool.submit(part, kind, options.seed + place, -(-number // _SHARDS))
            for kind, number in wanted.items()
            for place in range(_SHARDS if number else 0)
        ]
        parts = [_told(future.result(), began) for future in as_completed(waiting)]
    for kind in wanted:
        print(f"{kind}: {sum(each.done for each in parts if each.kind == kind)}")
    return 1 if any(each.problem for each in parts) else 0


def _told(found: Part, began: float) -> Part:
    minutes = (time.monotonic() - began) / 60
    print(
        f"{minutes:5.1f} min: {found.kind}, seed {found.seed}: {found.problem or f'{found.done}, all well'}", flush=True
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
