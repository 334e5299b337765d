"""The systemd unit, as systemd itself reads it."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from docs.generate import ROOT
from support.processes import run
from support.tools import tool
from wolkvox_exporter.config import load

UNIT = ROOT / "deploy" / "systemd" / "wolkvox-exporter.service"
GUIDE = ROOT / "docs" / "systemd.md"
INSTALLED = "/opt/wolkvox-exporter/bin/wolkvox-exporter"
MOST_EXPOSED = 2.0
"""Of 10, as `systemd-analyze security` counts; its own word for less than 2 is the best but one."""


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Give the unit as if the exporter were installed."""
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text(encoding="utf-8").replace(INSTALLED, sys.executable), encoding="utf-8")
    return path


async def test_systemd_has_nothing_to_say_about_the_unit(unit: Path) -> None:
    """If the unit has a misspelt key, a bad value or a missing program, then systemd says so."""
    verified = await run(tool("systemd-analyze"), "verify", unit)
    assert (verified.code, verified.out, verified.err) == (0, "", "")


async def test_the_sandbox_is_tight(unit: Path) -> None:
    """If a protection is taken away, then systemd counts the service as more exposed than it need be."""
    analyze = (tool("systemd-analyze"), "security", "--offline=true", "--no-pager")
    judged = await run(*analyze, f"--threshold={MOST_EXPOSED * 10:.0f}", unit)
    (exposure,) = re.findall(r"exposure level for wolkvox-exporter.service: ([0-9.]+)", judged.out)
    assert float(exposure) <= MOST_EXPOSED
    assert judged.code == 0


def test_the_process_metrics_can_be_read() -> None:
    """If /proc is cut down to processes, then all process_* metrics vanish: they need the time of the boot."""
    assert "ProcSubset=" not in re.sub(r"(?m)^#.*", "", UNIT.read_text(encoding="utf-8"))


def test_the_guide_and_the_unit_agree(tmp_path: Path) -> None:
    """If one follows the guide, then its configuration is good and its tokens are where the unit puts them."""
    unit, guide = UNIT.read_text(encoding="utf-8"), GUIDE.read_text(encoding="utf-8")
    (written,) = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    ((credential, folder),) = re.findall(r"^LoadCredential=([\w-]+):(\S+)$", unit, re.MULTILINE)
    (name,) = re.findall(rf"cat > {folder}/([\w-]+)\)", guide)
    # as systemd names what it takes from a folder
    inside = f"/run/credentials/{UNIT.name}/{credential}_{name}"
    assert inside in written
    assert inside in unit
    assert INSTALLED in guide
    token, config = tmp_path / "token", tmp_path / "config.yaml"
    token.write_text("a-token-of-the-test")
    config.write_text(written.replace(inside, str(token)), encoding="utf-8")
    loaded = load(config)
    assert [operation.name for operation in loaded.operations] == [name]
    assert loaded.unreadable_tokens == ()


def test_another_operation_needs_no_other_unit() -> None:
    """If an operation is added, then its token goes into the folder that the unit takes, and nothing else changes."""
    guide = GUIDE.read_text(encoding="utf-8")
    (added,) = re.findall(r"```ini\n(.*?)```", guide, re.DOTALL)
    assert "Credential" not in added
    assert "Another operation is another file in the folder" in guide


def test_the_least_version_is_the_first_that_takes_a_folder() -> None:
    """If systemd is too old to take a folder of credentials, which 251 was the first to do, then one is told before."""
    for text in (UNIT.read_text(encoding="utf-8"), GUIDE.read_text(encoding="utf-8")):
        assert {int(number) for number in re.findall(r"systemd (\d+) or later", text)} == {251}


async def test_the_check_of_the_guide_is_what_systemd_knows(tmp_path: Path) -> None:
    """If a property of the guide's `check` is misspelt, or it takes other tokens than the unit, then it fails here."""
    (command,) = re.findall(r"^systemd-run (.*?[^\\])$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    words = shlex.split(command.replace("\\\n", " "))
    properties = [word.removeprefix("--property=") for word in words if word.startswith("--property=")]
    (name,) = [word.removeprefix("--unit=") for word in words if word.startswith("--unit=")]
    own, others = f"/run/credentials/{name}.service", f"/run/credentials/{UNIT.name}"
    assert f"BindReadOnlyPaths={own}:{others}" in properties
    kept = re.findall(
        r"^(?:LoadCredential|StateDirectory|StateDirectoryMode|DynamicUser)=.*", UNIT.read_text(), re.MULTILINE
    )
    assert len(kept) == 4
    assert set(kept) <= set(properties)
    transient = tmp_path / f"{name}.service"
    transient.write_text("\n".join(["[Service]", "Type=oneshot", f"ExecStart={sys.executable}", *properties]) + "\n")
    verified = await run(tool("systemd-analyze"), "verify", transient)
    assert (verified.code, verified.out, verified.err) == (0, "", "")
    assert "--collect" in words
