"""What docs/upgrading.md promises: names that a release had stay, or the page says that they are gone."""

import re
from pathlib import Path

import pytest

from docs.generate import ROOT
from release.interface import interface
from wolkvox_exporter import __version__

PROMISED = sorted((ROOT / "tests" / "golden" / "interface").glob("*.txt"))
NOW = interface(ROOT / "prometheus" / "rules")
UPGRADING = (ROOT / "docs" / "upgrading.md").read_text(encoding="utf-8")


def missing(promised: list[str], there: list[str], page: str) -> list[str]:
    """Return what was promised, is not there, and of which the page says nothing in its last table."""
    _, gone = page.split("## Gone or renamed")
    said = set(re.findall(r"(?m)^\| `([^`]+)` \|", gone))
    return [line for line in promised if line not in there and line not in said]


@pytest.mark.parametrize("path", PROMISED, ids=lambda path: path.stem)
def test_what_a_release_had_is_there_or_said_to_be_gone(path: Path) -> None:
    """If a metric, label, flag, key, alert or series of a release goes, then who upgrades reads so before."""
    assert missing(path.read_text(encoding="utf-8").splitlines(), NOW, UPGRADING) == []


def test_what_goes_in_silence_is_found() -> None:
    """If a label goes and nothing is said, then that is found; if the page says it, then all is well."""
    promised = ["metric wolkvox_moons has planet", "metric wolkvox_moons is a gauge"]
    page = "# Upgrading\n\n## Gone or renamed\n\n"
    assert missing(promised, promised[1:], page) == promised[:1]
    row = "| `metric wolkvox_moons has planet` | 2.0.0 | `body` |\n"
    assert missing(promised, promised[1:], page + row) == []
    assert missing(promised, promised[1:], row + page) == promised[:1]


def test_what_is_released_is_written_down() -> None:
    """If a version is released, then what it promises is in a file of its own, to which later ones are held."""
    names = [path.stem for path in PROMISED]
    assert __version__ in names
    text = (ROOT / "tests" / "golden" / "interface" / f"{__version__}.txt").read_text(encoding="utf-8")
    assert len(text.splitlines()) > 100


@pytest.mark.parametrize(
    "line",
    [
        "alert WolkvoxTokenRejected",
        "command check",
        "flag --config.file of serve",
        "key operations[].campaigns.include",
        "key operations[].token_file",
        "key state",
        "metric wolkvox_campaign_records has campaign_id",
        "metric wolkvox_campaign_records is a gauge",
        "metric wolkvox_exporter_build_info has version",
        "setting abandon_ratio",
        "web key tls_server_config.cert_file",
    ],
)
def test_the_interface_has_what_users_write(line: str) -> None:
    """If users write a name into rules, files or scripts, then it is part of what is promised."""
    assert line in NOW
