"""What comes with the package besides the exporter itself."""

import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from docs.generate import ROOT
from support.processes import run
from support.tools import tool
from wolkvox_exporter.cli.commands import main

FOLDERS = ("alertmanager", "docs/runbooks", "grafana", "prometheus/rules")


def in_repository() -> dict[str, bytes]:
    """Return the files that people get, by path."""
    folders = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    single = [ROOT / name for name in ("docs/api-notes.md", "docs/metrics.md", "docs/promql.md")]
    files = [*folders, *single, *(ROOT / "prometheus" / name for name in ("README.md", "prometheus.yml"))]
    return {str(path.relative_to(ROOT)): path.read_bytes() for path in files if not path.name.startswith(".")}


def below(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder, by path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_assets_are_those_of_the_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If assets are written, then they are to the byte what the repository holds, and it is said where they are."""
    assert main(["assets", str(tmp_path / "new" / "folder")]) == 0
    assert below(tmp_path / "new" / "folder") == in_repository()
    assert f"{len(in_repository())} files are in {tmp_path}/new/folder" in capsys.readouterr().out


def test_links_of_the_documents_lead_somewhere(tmp_path: Path) -> None:
    """If somebody reads a written runbook, then its links lead to files that were written as well."""
    main(["assets", str(tmp_path)])
    pages = list(tmp_path.rglob("*.md"))
    assert len(pages) > 20
    for page in pages:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


async def test_written_rules_fit_the_installation(tmp_path: Path) -> None:
    """If Grafana, runbooks and job are named, then links and rules have them, and promtool accepts the result."""
    flags = ["--grafana-url=https://g.test/grafana/", "--runbook-url=http://wiki.test/r", "--job=prod/wolkvox"]
    assert main(["assets", str(tmp_path), *flags]) == 0
    checked = await run(tool("promtool"), "check", "config", tmp_path / "prometheus" / "prometheus.yml")
    assert checked.code == 0, checked.err
    rules = (tmp_path / "prometheus" / "rules" / "wolkvox-alerts.rules.yml").read_text(encoding="utf-8")
    groups = yaml.safe_load(rules)["groups"]
    down = next(rule for group in groups for rule in group["rules"] if rule["alert"] == "WolkvoxAllExportersDown")
    assert set(re.findall(r"up\{.*?\}", down["expr"])) == {'up{job="prod/wolkvox"}'}
    assert down["annotations"]["runbook_url"] == "http://wiki.test/r/WolkvoxAllExportersDown.md"
    assert down["annotations"]["dashboard_url"].startswith(
        "https://g.test/grafana/d/wolkvox-exporter?var-job=prod/wolkvox"
    )
    scraped = yaml.safe_load((tmp_path / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    assert [job["job_name"] for job in scraped["scrape_configs"]] == ["prod/wolkvox"]
    written = b"".join(below(tmp_path).values())
    assert b"example.com/wolkvox" not in written
    assert b"grafana.example.com" not in written


def test_somebodys_changes_are_not_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If a file was changed, then nothing is written and the file is named; --force overwrites it."""
    main(["assets", str(tmp_path)])
    changed, missing = tmp_path / "prometheus" / "prometheus.yml", tmp_path / "docs" / "promql.md"
    changed.write_text("mine")
    missing.unlink()
    assert main(["assets", str(tmp_path)]) == 1
    assert str(changed) in capsys.readouterr().err
    assert (changed.read_text(), missing.exists()) == ("mine", False)
    assert main(["assets", str(tmp_path), "--force"]) == 0
    assert below(tmp_path) == in_repository()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If the folder's place is taken by a file, then the message says so."""
    (tmp_path / "taken").write_text("")
    assert main(["assets", str(tmp_path / "taken")]) == 1
    assert "taken" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--grafana-url=grafana", "--runbook-url=https://x y", "--job=a b", '--job=a"b'])
def test_what_does_not_fit_is_refused(tmp_path: Path, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """If a URL or a job's name cannot be one, then it is refused before anything is written."""
    with pytest.raises(SystemExit):
        main(["assets", str(tmp_path / "new"), flag])
    assert "such as" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


SOURCES = ("exporter", "grafana", "prometheus", "alertmanager", "docs")


def sources(folder: Path) -> Path:
    """Copy what a wheel is built from, links as links: building leaves traces."""
    folder.mkdir()
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, symlinks=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


def unpacked(folder: Path) -> Path:
    """Unpack the one wheel of a folder, as installing it does; returns where to."""
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


RENDER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import wolkvox_exporter
from wolkvox_exporter.web import landing
print(Path(wolkvox_exporter.__file__).parents[1])
print(landing.render(landing.Overview("0.4.2", 0.0, 0.0, "/metrics", ())))
"""


async def test_a_wheel_holds_the_files_themselves(tmp_path: Path) -> None:
    """If the package is built, then without a warning, and with the files themselves, and those of the page."""
    # every warning is an error
    build = f"from setuptools.build_meta import build_wheel; build_wheel({str(tmp_path)!r})"
    built = await run(sys.executable, "-c", build, cwd=sources(tmp_path / "sources"), patience=100)
    assert built.code == 0, built.err
    installed = unpacked(tmp_path)
    files = below(installed / "wolkvox_exporter" / "assets")
    assert {path: content for path, content in files.items() if not path.endswith(".py")} == in_repository()
    assert list(installed.rglob("*.pyc")) == []
    shown = await run(sys.executable, "-c", RENDER, installed)
    assert shown.out.startswith(f"{installed}\n<!DOCTYPE html>"), shown.err
    assert "<strong>No operations are configured</strong>" in shown.out
