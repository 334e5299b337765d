"""What the documents promise."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from docs.generate import ROOT, documents
from wolkvox_exporter.cli import options
from wolkvox_exporter.config import load

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("*/*.md")])
MADE = {"build", "dist", "node_modules"}
"""Folders that nobody wrote."""
FLAG = re.compile(r"--[a-z][a-z.-]+")


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_generated_documents_are_up_to_date(path: Path) -> None:
    """If the code changes, then `make generate` has been run."""
    assert path.read_text(encoding="utf-8") == documents()[path]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """If a document links to a file, then the file is there."""
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_have_a_head(page: Path) -> None:
    """If a document has a table, then a row above it says what its columns are, or it would be shown as plain text."""
    lines = page.read_text(encoding="utf-8").splitlines()
    heads = [above for above, line in pairwise(lines) if re.fullmatch(r"(\| *:?-+:? *)+\|", line)]
    assert [head for head in heads if not head.startswith("| ")] == []


def test_each_folder_says_what_it_is_for() -> None:
    """If a stranger opens a folder of the repository, then its first file says what it is for."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name not in MADE]
    assert len(folders) > 5
    assert [folder.name for folder in folders if not (folder / "README.md").is_file()] == []


def test_pins_that_documents_install_are_there() -> None:
    """If a document or the image installs what a file lists, then there is such a file."""
    sources = [*PAGES, ROOT / "Dockerfile"]
    named = [name for path in sources for name in re.findall(r"--requirement (\S+)", path.read_text(encoding="utf-8"))]
    assert len(named) > 2
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_flags_are_the_documented_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """If a flag exists, then docs/command-line.md has it, and the other way round."""
    help_of = [[], ["check"], ["once"], ["demo"], ["simulate"], ["assets"], ["database-schema"], ["completion"]]
    help_of += [["hash-password"]]
    for command in help_of:
        with pytest.raises(SystemExit) as ended:
            options.parse([*command, "--help"])
        assert ended.value.code == 0
    written = capsys.readouterr().out
    documented = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert set(FLAG.findall(documented)) == set(FLAG.findall(written))


def test_the_readmes_first_configuration_is_good(tmp_path: Path) -> None:
    """If a stranger copies the first configuration, then the exporter takes it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (written,) = re.findall(r"```yaml\n(operations:.*?)```", readme, re.DOTALL)
    token = tmp_path / "token"
    token.write_text("a-token-of-the-test")
    config = tmp_path / "config.yaml"
    config.write_text(written.replace("/run/secrets/ventas-co", str(token)), encoding="utf-8")
    (operation,) = load(config).operations
    assert (operation.name, operation.base_url) == ("ventas-co", "https://wv0042.wolkvox.com/api/v2")
