import json
import os
import sys
from pathlib import Path

from support.processes import run
from wolkvox_exporter.api.errors import Reason

SECONDS = 25
PROMISE = 10
"""Seconds that a scrape may take where all the other tests want the processors, too; an hour's soak allows one."""
# what is injected but for the rarest; a short soak need not meet every reason
OFTEN = {"connection", "tls", "http", "token", "quota", "timeout", "invalid_body", "unexpected_shape"}


async def test_a_short_soak_holds_every_check(tmp_path: Path) -> None:
    """If the API fails in every way and clients misbehave, then scrapes are quick, counts exact, and nothing grows."""
    report = tmp_path / "soak.json"
    flags = (f"--seconds={SECONDS}", f"--promise={PROMISE}", f"--json={report}")
    ended = await run(sys.executable, "-m", "soak", *flags, patience=300)
    assert ended.code == 0, ended.out + ended.err
    verdict = json.loads(report.read_text())
    assert verdict["problems"] == []
    figures = verdict["figures"]
    assert OFTEN <= set(figures["reasons"]) <= set(Reason)
    assert figures["failures counted"] > 100
    assert figures["scrapes"] > 2 * SECONDS
    assert figures["slowest scrape, s"] < PROMISE
    assert figures["median scrape, s"] < 1
    assert figures["name service faults"] or "CI" not in os.environ
