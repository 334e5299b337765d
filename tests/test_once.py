"""What `once` says to people."""

import json
import sys
from pathlib import Path

import pytest

from support.operations import operation
from support.outcomes import START
from support.processes import EXPORTER, config_file, run
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.reports import REPORTS
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

TERMINAL = """\
import os, pty, sys
keyboard, terminal = pty.openpty()
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, 1, sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600), (os.POSIX_SPAWN_DUP2, terminal, 2)])
os.close(terminal)
shown = b""
try:
    while piece := os.read(keyboard, 4096):
        shown += piece
except OSError:
    pass
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Runs a command with its standard error at a terminal and its standard output in a file."""


def centre() -> Simulator:
    """Return two operations, one with two campaigns that were started."""
    campaigns = [Campaign("4875", "A", records=10, answer=5), Campaign("4876", "B", records=20)]
    return Simulator(
        [Operation("uno", ("token-uno",), campaigns), Operation("dos", ("token-dos",), campaigns[:1])], SystemClock()
    )


def polling(folder: Path, base_url: str, **keys: str) -> Path:
    """Write the configuration that polls both."""
    return config_file(folder, base_url, {name: {"token": f"token-{name}", **keys} for name in ("uno", "dos")})


async def at_terminal(folder: Path, *flags: str) -> tuple[int, list[str], str]:
    """Run `once` for a person; returns its exit code, what is seen, and the exposition."""
    out = folder / "out.prom"
    ended = await run(sys.executable, "-c", TERMINAL, str(out), *EXPORTER, "once", *flags)
    return ended.code, ended.out.replace("\r\n", "\n").splitlines(), out.read_text(encoding="utf-8")


async def test_a_person_sees_what_is_asked_and_what_came_of_it(tmp_path: Path) -> None:
    """If one waits at a terminal, then each call is named as people name it, and the last line counts."""
    async with centre().serving() as base_url:
        config = polling(tmp_path, base_url, amd="each", quota_interval="15m")
        code, seen, exposition = await at_terminal(tmp_path, f"--config.file={config}", "--log.level=error")
    subjects = {
        *(f"asking uno for {subject} …" for subject in ("campaigns", "AMD of campaign 4875", "AMD of campaign 4876")),
        *(f"asking dos for {subject} …" for subject in ("campaigns", "AMD of campaign 4875")),
        *(f"asking {name} for the quota …" for name in ("uno", "dos")),
    }
    assert (code, set(seen[:-1])) == (0, subjects)
    assert seen[-1].startswith("6 reports of 2 operations answered in ")
    assert seen[-1].endswith(" s")
    assert exposition.startswith("# HELP wolkvox_")


async def test_a_person_is_told_what_failed_and_why(tmp_path: Path) -> None:
    """If a report fails, then the last line names operation, report and reason, and the exit code is 1."""
    simulator = centre()
    simulator.inject(Fault.SERVER_ERROR, operation="dos", report="amd")
    async with simulator.serving() as base_url:
        config = polling(tmp_path, base_url)
        code, seen, _ = await at_terminal(tmp_path, f"--config.file={config}", "--log.level=error")
    assert code == 1
    assert seen[-1].startswith("3 reports of 2 operations answered in ")
    assert seen[-1].endswith(" s; 1 failed: dos amd (http)")
    assert "asking uno for AMD of all campaigns …" in seen


async def test_a_program_finds_the_same_in_the_log(tmp_path: Path) -> None:
    """If nobody is at a terminal, then the last line is one of the log, in its form, and standard output is as ever."""
    simulator = centre()
    simulator.inject(Fault.SERVER_ERROR, operation="dos", report="amd")
    async with simulator.serving() as base_url:
        config = polling(tmp_path, base_url)
        ended = await run(*EXPORTER, "once", f"--config.file={config}", "--log.format=json", "--log.level=warn")
        simulator.heal()
        quiet = await run(*EXPORTER, "once", f"--config.file={config}", "--log.level=warn")
    last = json.loads(ended.err.splitlines()[-1])
    assert (ended.code, last["level"]) == (1, "warning")
    assert last["msg"].endswith(" s; 1 failed: dos amd (http)")
    assert (quiet.code, quiet.err) == (0, "")


async def test_what_was_not_asked_is_told_apart(tmp_path: Path) -> None:
    """If the token is refused, then reports that were not asked for it count as failed, with that reason."""
    simulator = centre()
    simulator.revoke("token-uno")
    async with simulator.serving() as base_url:
        ended = await run(*EXPORTER, "once", f"--config.file={polling(tmp_path, base_url)}")
    assert ended.code == 1
    assert "2 failed: uno campaigns (token), uno amd (token)" in ended.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("report", "about", "words"),
    [
        (ReportName.CAMPAIGNS, "", "campaigns"),
        (ReportName.SKILLS, "all", "skills"),
        (ReportName.SKILLS, "4000", "skill 4000"),
        (ReportName.AGENTS, "", "agents"),
        (ReportName.AMD, "all", "AMD of all campaigns"),
        (ReportName.AMD, "4875", "AMD of campaign 4875"),
        (ReportName.QUOTA, "", "the quota"),
    ],
)
def test_a_call_is_named(report: ReportName, about: str, words: str) -> None:
    """If something is asked for, then it has a name that people use."""
    asked = operation("http://127.0.0.1:9/api/v2")
    assert REPORTS[report].call(asked, about, Now(0.0, START)).subject == words
