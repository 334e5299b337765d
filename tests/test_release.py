"""What a release says: its notes, and links that lead somewhere from an index of packages."""

import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from docs.generate import ROOT
from release.links import absolute
from release.notes import NotReadyError, notes
from support.processes import run
from wolkvox_exporter import __version__

CHANGELOG = """# Changelog

## Unreleased

## 1.2.0 (2031-05-04)

- Polls two planets.

### Removed

- The moon.

## 1.1.0

- Polls one.
"""
AT = "https://github.example/somebody/wolkvox-exporter"


def test_notes_are_the_section_of_the_version() -> None:
    """If a version is released, then its notes are what the changelog says of it, and of no other."""
    assert notes("v1.2.0", CHANGELOG, "1.2.0") == "- Polls two planets.\n\n### Removed\n\n- The moon.\n"


@pytest.mark.parametrize(
    ("tag", "changelog", "version", "said"),
    [
        ("v1.2.1", CHANGELOG, "1.2.0", "the tag is v1.2.1, but __version__ is 1.2.0"),
        ("1.2.0", CHANGELOG, "1.2.0", "the tag is 1.2.0"),
        ("v1.3.0", CHANGELOG, "1.3.0", 'says nothing under "## 1.3.0"'),
        ("v1.2.0", CHANGELOG.replace("- Polls two planets.\n\n### Removed\n\n- The moon.\n", ""), "1.2.0", "nothing"),
        ("v1.2.0", CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n- A sun.\n"), "1.2.0", "still has lines"),
        ("v1.2", CHANGELOG, "1.2", 'says nothing under "## 1.2"'),
    ],
)
def test_a_tag_that_is_not_what_the_repository_says_is_refused(
    tag: str, changelog: str, version: str, said: str
) -> None:
    """If a tag, the code's version and the changelog differ, then nothing is released, and it is said what to do."""
    with pytest.raises(NotReadyError, match=re.escape(said)):
        notes(tag, changelog, version)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[keys](docs/keys.md#top)", f"[keys]({AT}/blob/v1/docs/keys.md#top)"),
        ("![page](docs/page.png)", f"![page]({AT}/raw/v1/docs/page.png)"),
        ("[a](docs) and [b](LICENSE)", f"[a]({AT}/blob/v1/docs) and [b]({AT}/blob/v1/LICENSE)"),
        ("[here](#below) [there](https://prometheus.io) [mail](mailto:a@b)",) * 2,
        ("`[a](b c)` and array[0](x y)",) * 2,
    ],
)
def test_links_lead_to_the_repository(text: str, shown: str) -> None:
    """If a link or a picture is a file of the repository, then it leads there, and all others stay as they are."""
    assert absolute(text, AT + "/", "v1") == shown


async def test_what_is_built_links_to_the_repository(tmp_path: Path) -> None:
    """If the repository's address is told before a build, then the README has no link that an index cannot follow."""
    shutil.copytree(ROOT / "dev" / "release", tmp_path / "dev" / "release")
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    # the code that runs is the copy, which changes what is beside it
    told = await run(sys.executable, tmp_path / "dev" / "release", "links", AT, "v1.0.0", cwd=tmp_path)
    assert (told.code, told.err) == (0, "")
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)]+)\)", readme)
    assert len([target for target in targets if target.startswith(f"{AT}/blob/v1.0.0/")]) > 5
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []
    urls = tomllib.loads((tmp_path / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    assert urls["Changelog"] == f"{AT}/blob/v1.0.0/CHANGELOG.md"


async def test_a_release_without_notes_ends_with_what_to_do() -> None:
    """If somebody tags a version that the code does not have, then the release stops, with one line that says why."""
    ended = await run(sys.executable, "-m", "release", "notes", "v0.0.0", cwd=ROOT)
    said = f"the tag is v0.0.0, but __version__ is {__version__}: tag v{__version__}, or change __version__\n"
    assert (ended.code, ended.out, ended.err) == (1, "", said)
