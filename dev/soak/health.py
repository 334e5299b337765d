"""What the exporter's process holds: memory, descriptors, threads, tasks; and whether that grows."""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import MappingProxyType

WARM_UP = 0.15
"""Share of the time that is left out: imports, pools and buffers that are made once."""
_ENOUGH = 9
"""Samples below which there is no telling."""
ALLOWED: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"memory, MiB": (0.05, 6.0), "descriptors": (0.0, 8.0), "threads": (0.0, 2.0), "tasks": (0.0, 8.0)}
)
"""How much the last third may exceed the first: a share of it, and a number besides.

The number is what chance makes of a median, by open connections and buffers, and far less than what thousands of polls
would leave behind.
"""


@dataclass
class Health:
    """Samples of one process; `tasks` is the file in which it counts them."""

    pid: int
    tasks: Path
    samples: list[dict[str, float]] = field(default_factory=list)

    async def run(self, period: float) -> None:
        """Look every so many seconds until cancelled."""
        while True:
            await asyncio.sleep(period)
            self.samples.append(self._look())

    def _look(self) -> dict[str, float]:
        process = Path(f"/proc/{self.pid}")
        status = (process / "status").read_text(encoding="ascii")
        return {
            "at": time.monotonic(),
            "memory, MiB": int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024,
            "descriptors": float(sum(1 for _ in (process / "fd").iterdir())),
            "threads": float(re.findall(r"Threads:\s+(\d+)", status)[0]),
            "tasks": float(self.tasks.read_text(encoding="ascii")),
        }

    def thirds(self) -> dict[str, tuple[float, float]]:
        """Return the medians of the first and of the last third, after the warm-up."""
        samples = self.samples[int(len(self.samples) * WARM_UP) :]
        third = len(samples) // 3
        if third < _ENOUGH // 3:
            return {}
        return {
            name: (
                median(sample[name] for sample in samples[:third]),
                median(sample[name] for sample in samples[-third:]),
            )
            for name in ALLOWED
        }

    def grown(self) -> list[str]:
        """Tell what has grown."""
        return [
            f"{name} grew from {first:g} to {last:g}"
            for name, (first, last) in self.thirds().items()
            if last > first * (1 + ALLOWED[name][0]) + ALLOWED[name][1]
        ]
