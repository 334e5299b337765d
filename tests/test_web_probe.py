"""The health check of the container image, against exporters behind all kinds of web configuration."""

import json
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

import pytest

from docs.generate import ROOT
from support.certificates import Authority
from support.clock import ManualClock
from support.processes import run
from support.servers import closed_port, silent
from support.web import TLS, USERS, guarded, written
from wolkvox_exporter.web.toolkit.watcher import LOOK_EVERY

Place: TypeAlias = Callable[[], AbstractContextManager[str]]

REQUIRED = f"{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n"


async def probed(port: int) -> int:
    """Run the image's health check with this Python against a port, and return its exit code."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (written_there,) = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", dockerfile, re.MULTILINE)
    _, *arguments, _ = json.loads(written_there)
    return (await run(sys.executable, *arguments, str(port), cwd=ROOT)).code


@pytest.mark.parametrize(
    "web_config", ["", USERS, TLS, TLS + USERS, REQUIRED, "rate_limit: {interval: 1s, burst: 0}\n"]
)
async def test_an_exporter_that_answers_is_healthy(tmp_path: Path, web_config: str) -> None:
    """If the exporter is at work, then the check finds it healthy, whatever it asks of clients."""
    Authority(tmp_path).write(tmp_path)
    async with guarded(tmp_path, web_config) as port:
        assert await probed(port) == 0


@pytest.mark.parametrize("web_config", [USERS, TLS])
async def test_a_closed_door_is_not_healthy(tmp_path: Path, web_config: str) -> None:
    """If the web configuration file has turned bad, so that nobody is let in, then the check tells."""
    Authority(tmp_path).write(tmp_path)
    async with guarded(tmp_path, web_config, clock := ManualClock()) as port:
        written(tmp_path, "junk")
        clock.jump(LOOK_EVERY)
        assert await probed(port) == 1


@pytest.mark.parametrize("state", [closed_port, silent])
async def test_an_exporter_that_does_not_answer_is_not_healthy(state: Place) -> None:
    """If nothing listens, or what listens says nothing, then the check tells."""
    with state() as address:
        assert await probed(int(address.rpartition(":")[2])) == 1
