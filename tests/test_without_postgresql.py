"""An exporter without the library that speaks to PostgreSQL: an extra, which a state in a folder does not need."""

import json
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from support.processes import config_file, program, run
from support.samples import Samples
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

HIDING = """\
import sys
sys.modules.update(dict.fromkeys(("psycopg", "psycopg_binary", "psycopg_c")))
from wolkvox_exporter.__main__ import main
sys.exit(main())
"""
LACKING = (sys.executable, "-c", HIDING)
REMEDY = "PostgreSQL needs the extra postgresql; install it: pip install 'wolkvox-exporter[postgresql]'\n"
OF_REPLICAS = ("wolkvox_exporter_store_", "wolkvox_exporter_lease_", "wolkvox_exporter_replicas_")


@pytest.mark.parametrize("command", [(), ("check",), ("once",)], ids=["serving", "check", "once"])
async def test_a_database_without_the_library_is_told_how_to_install_it(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    """If the configuration names a database, and the library is missing, then file, line and remedy are said."""
    config = config_file(
        tmp_path, "http://127.0.0.1:1/api", {"uno": {"token": "t"}}, state="postgresql://wolkvox@db.example.com/wolkvox"
    )
    done = await run(*LACKING, *command, f"--config.file={config}")
    assert (done.code, done.out) == (1, "")
    line = config.read_text().splitlines().index("state: postgresql://wolkvox@db.example.com/wolkvox") + 1
    assert done.err.endswith(f"{config}:{line}: state: {REMEDY}")


async def test_the_command_for_administrators_says_the_same() -> None:
    """If the tables are to be printed, and the library is missing, then the remedy is said."""
    done = await run(*LACKING, "database-schema", "wolkvox")
    assert (done.code, done.out, done.err) == (1, "", REMEDY)


@pytest.mark.parametrize("state", [{}, {"state": "kept"}], ids=["none", "folder"])
async def test_whoever_has_no_database_misses_nothing(tmp_path: Path, state: dict[str, str]) -> None:
    """If a state is in a folder, or none is kept, then all works without the library, and no metric is of replicas."""
    centre = Simulator([Operation("uno", ("token-1",), [Campaign("1", "A", records=10)])], SystemClock())
    async with centre.serving() as url:
        config = config_file(tmp_path, url, {"uno": {"token": "token-1", "amd": "off"}}, **state)
        flags = (
            f"--config.file={config}",
            "--web.listen-address=127.0.0.1:0",
            "--log.format=json",
            "--log.level=debug",
        )
        async with program(*LACKING, *flags) as exporter, aiohttp.ClientSession() as session:
            port = json.loads(await exporter.line('"listening"'))["port"]
            await exporter.line("poll succeeded")
            samples = Samples("")
            while samples.value("wolkvox_campaign_records", operation="uno") is None:
                async with session.get(f"http://127.0.0.1:{port}/metrics") as response:
                    samples = Samples(await response.text())
            assert samples.value("wolkvox_campaign_records", operation="uno") == 10
            assert [name for name in samples.names() if name.startswith(OF_REPLICAS)] == []
            assert await exporter.end(signal.SIGTERM) == 0
    assert (tmp_path / "kept").is_dir() == bool(state)
