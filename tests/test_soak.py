import json
import os
import sys
from pathlib import Path

import pytest

from support.processes import run
from wolkvox_exporter.api.errors import Reason

SECONDS = 45
# what is injected but for the rarest; a short soak need not meet every reason
OFTEN = {"connection", "tls", "http", "token", "quota", "timeout", "invalid_body", "unexpected_shape"}


@pytest.mark.timeout(170)
async def test_a_short_soak_holds_every_check(tmp_path: Path) -> None:
    """If the API fails in every way and clients misbehave, then scrapes are quick, counts exact, and nothing grows."""
    report = tmp_path / "soak.json"
    ended = await run(sys.executable, "-m", "soak", f"--seconds={SECONDS}", f"--json={report}", patience=160)
    assert ended.code == 0, ended.out + ended.err
    verdict = json.loads(report.read_text())
    assert verdict["problems"] == []
    figures = verdict["figures"]
    assert OFTEN <= set(figures["reasons"]) <= set(Reason)
    assert figures["failures counted"] > 100
    assert figures["scrapes"] > 3 * SECONDS
    assert figures["slowest scrape, s"] < 1
    assert figures["name service faults"] or "CI" not in os.environ
