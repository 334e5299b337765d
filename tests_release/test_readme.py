"""The README as an index of packages shows it, rendered by the index's own library."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests_release.distributions import built, metadata
from tests_release.toolbox import passes, run, tool

AT = "https://github.example/somebody/wolkvox-exporter"
OUTSIDE = re.compile(r'(?:src|href)="(?!https?://|#)([^"]*)"')
"""A link or picture that leads nowhere from an index."""


@pytest.fixture(scope="module")
def description(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the description of a wheel that was built as the release does it."""
    folder = tmp_path_factory.mktemp("released")
    changed = shutil.copytree(sources, folder / "sources", symlinks=True)
    path = f"{changed}/exporter:{changed}/dev"
    passes(run(sys.executable, "-m", "release", "links", AT, "v0.1.0", cwd=changed, env={"PYTHONPATH": path}))
    wheel = built(changed, folder / "dist").wheel
    about = metadata(wheel)
    assert f"Source, {AT}" in about.get_all("Project-URL", [])
    return str(about.get_payload())


def shown(markdown: str, folder: Path) -> str:
    """Return the page that an index makes of a description."""
    path = folder / "README.md"
    path.write_text(markdown, encoding="utf-8")
    return passes(run(tool("python"), "-W", "error", "-m", "readme_renderer", path))


def test_what_is_a_heading_table_picture_or_block_is_shown_as_such(description: str, tmp_path: Path) -> None:
    """If the index shows the README, then every heading, table, picture and block of code in it is one on the page."""
    page = shown(description, tmp_path)
    prose = re.sub(r"(?ms)^```.*?^```$", "", description)
    for pattern, element in (
        (r"(?m)^#+ ", r"<h\d[ >]"),
        (r"(?m)^\|[ :|-]*---[ :|-]*\|$", r"<table[ >]"),
        (r"!\[", r"<img "),
    ):
        written = len(re.findall(pattern, prose))
        assert (element, len(re.findall(element, page))) == (element, written)
        assert written > 1
    assert page.count("<pre") == description.count("```") / 2


def test_every_link_leads_somewhere_from_the_index(description: str, tmp_path: Path) -> None:
    """If somebody reads the README at the index, then no link and no picture is of a folder that is not there."""
    page = shown(description, tmp_path)
    assert OUTSIDE.findall(page) == []
    assert page.count(f'href="{AT}/blob/v0.1.0/') > 5
    assert page.count(f'src="{AT}/raw/v0.1.0/docs/images/') > 1


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        ("![page](docs/page.png)", ["docs/page.png"]),
        ("[keys](docs/keys.md)", ["docs/keys.md"]),
        (f"[keys]({AT}/keys.md)", []),
    ],
)
def test_a_link_that_leads_nowhere_is_found(markdown: str, found: list[str], tmp_path: Path) -> None:
    """If a link is of a file beside the README, then the check above does see it."""
    assert OUTSIDE.findall(shown(markdown, tmp_path)) == found
