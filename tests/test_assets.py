"""What comes with the package besides the exporter itself."""

import json
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from docs.generate import ROOT
from support.processes import EXPORTER, run
from support.tools import tool
from wolkvox_exporter.cli.commands import main

FOLDERS = ("alertmanager", "deploy/systemd", "docs/runbooks", "grafana", "prometheus/rules")
HEADINGS = {"en": "What it means", "es": "Qué significa"}
SINGLE = (
    "config.example.yaml",
    "docs/web-config.example.yaml",
    "prometheus/README.md",
    "prometheus/prometheus.yml",
    "prometheus/settings.example.yaml",
)


def in_repository() -> dict[str, bytes]:
    """Return the files that come with the package, in all languages, by path."""
    folders = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    files = [*folders, *(ROOT / name for name in SINGLE), *(ROOT / "docs").glob("*.md")]
    return {str(path.relative_to(ROOT)): path.read_bytes() for path in files if not path.name.startswith(".")}


def in_english() -> dict[str, bytes]:
    """Return the files that people get unless they ask for another language."""
    return {path: content for path, content in in_repository().items() if "/es/" not in path}


def at_its_place(path: str) -> str:
    """Return where a translated file is written: in the other's place, but for runbooks, which are there in both."""
    return path if path.startswith("docs/runbooks/") else path.replace("/es/", "/")


def in_spanish() -> dict[str, bytes]:
    """Return the files that people get who ask for Spanish, by path; what is not translated is as it is in English."""
    return in_english() | {at_its_place(path): content for path, content in in_repository().items() if "/es/" in path}


def below(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder, by path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_assets_are_those_of_the_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If assets are written, then they are to the byte what the repository holds, and it is said where they are."""
    assert main(["assets", str(tmp_path / "new" / "folder")]) == 0
    assert below(tmp_path / "new" / "folder") == in_english()
    there = f"{tmp_path}/new/folder"
    files = f"{len(in_english())} files are in {there}"
    told = f"{files}; {there}/config.example.yaml is a start, {there}/docs has what to read"
    assert capsys.readouterr().out.splitlines() == [told]


def test_spanish_takes_the_place_of_english(tmp_path: Path) -> None:
    """If Spanish is asked for, then each dashboard and rule is there once, in Spanish, and under the same name."""
    assert main(["assets", str(tmp_path), "--language=es"]) == 0
    written, everything = below(tmp_path), in_repository()
    assert written.keys() == in_spanish().keys()
    translated = {at_its_place(path): content for path, content in everything.items() if "/es/" in path}
    assert len(translated) >= 6
    assert {path: written[path] for path in translated} == translated
    runbooks = {path for path in written if path.startswith("docs/runbooks/Wolkvox")}
    assert len(runbooks) > 20
    for path in runbooks:
        english, page = everything[path].decode(), written[path].decode()
        first = [] if path.replace("runbooks/", "runbooks/es/") in everything else ["## En español"]
        assert re.findall(r"^## .*", page, re.MULTILINE)[: len(first) + 1] == [*first, "## What it means"]
        assert sorted(page.split()) == sorted(english.split())
    others = written.keys() - translated.keys() - runbooks
    assert {path: written[path] for path in others} == {path: everything[path] for path in others}


@pytest.mark.parametrize("language", ["en", "es"])
def test_alerts_link_to_runbooks_that_are_written(tmp_path: Path, language: str) -> None:
    """If an alert is opened, then its page is among the files, for supervisors in the alert's own language."""
    main(["assets", str(tmp_path), f"--language={language}", "--runbook-url=https://wiki.test/r"])
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in tmp_path.rglob("*.rules.yml")]
    rules = [rule for file in files for group in file["groups"] for rule in group["rules"] if "alert" in rule]
    assert len(rules) > 20
    for rule in rules:
        page = tmp_path / "docs" / "runbooks" / rule["annotations"]["runbook_url"].removeprefix("https://wiki.test/r/")
        heading = HEADINGS[language if rule["labels"]["area"] == "campaign" else "en"]
        assert f"\n## {heading}\n" in page.read_text(encoding="utf-8"), page


@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_is_there_twice(tmp_path: Path, language: str) -> None:
    """If Grafana and Prometheus look below the folders they are given, then nothing is shown or fires twice."""
    main(["assets", str(tmp_path), f"--language={language}"])
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.rglob("*.json")]
    assert (len(boards), len({board["uid"] for board in boards}), len({board["title"] for board in boards})) == (
        3,
        3,
        3,
    )
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in tmp_path.rglob("*.rules.yml")]
    rules = [rule["alert"] for file in files for group in file["groups"] for rule in group["rules"] if "alert" in rule]
    assert len(rules) == len(set(rules)) > 20


async def test_the_example_is_a_start(tmp_path: Path) -> None:
    """If one starts from an empty configuration, then the error names a file that `assets` writes, which is none."""
    empty = tmp_path / "empty.yaml"
    empty.touch()
    ended = await run(*EXPORTER, "check", f"--config.file={empty}")
    assert "config.example.yaml, which `wolkvox-exporter assets DIR` writes" in ended.err
    await run(*EXPORTER, "assets", tmp_path / "new")
    example = await run(*EXPORTER, "check", f"--config.file={tmp_path / 'new' / 'config.example.yaml'}")
    # it is read to its end: all it lacks are the files and variables that hold tokens
    assert "token" in example.err
    assert [line for line in example.err.splitlines() if ".token_" not in line] == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_links_of_the_documents_lead_somewhere(tmp_path: Path, language: str) -> None:
    """If somebody reads a written document, then its links lead to files that were written as well."""
    main(["assets", str(tmp_path), f"--language={language}"])
    pages = list(tmp_path.rglob("*.md"))
    assert len(pages) > 30
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
    files = below(tmp_path)
    # the defaults are documented as they are
    assert files.pop("docs/command-line.md") == in_repository()["docs/command-line.md"]
    written = b"".join(files.values())
    assert b"runbooks.example.com/wolkvox" not in written
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
    assert below(tmp_path) == in_english()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If the folder's place is taken by a file, then the message says so."""
    (tmp_path / "taken").write_text("")
    assert main(["assets", str(tmp_path / "taken")]) == 1
    assert "taken" in capsys.readouterr().err


def test_another_language_overwrites_nothing_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If the folder has one language, then another one is refused like any change, and --force puts it in its place."""
    main(["assets", str(tmp_path)])
    assert main(["assets", str(tmp_path), "--language=es"]) == 1
    assert "wolkvox-operations.json" in capsys.readouterr().err
    assert below(tmp_path) == in_english()
    assert main(["assets", str(tmp_path), "--language=es", "--force"]) == 0
    assert below(tmp_path).keys() == in_spanish().keys()


@pytest.mark.parametrize("flag", ["--grafana-url=grafana", "--runbook-url=https://x y", "--job=a b", '--job=a"b'])
def test_what_does_not_fit_is_refused(tmp_path: Path, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """If a URL or a job's name cannot be one, then it is refused before anything is written."""
    with pytest.raises(SystemExit):
        main(["assets", str(tmp_path / "new"), flag])
    assert "such as" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


SOURCES = ("exporter", "grafana", "prometheus", "alertmanager", "docs", "deploy")


def sources(folder: Path) -> Path:
    """Copy what a wheel is built from, links as links: building leaves traces."""
    folder.mkdir()
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, symlinks=True)
    for name in ("pyproject.toml", "README.md", "LICENSE", "config.example.yaml"):
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
