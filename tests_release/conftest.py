"""What is built once for all tests."""

import shutil
from pathlib import Path

import pytest

from docs.generate import ROOT
from tests_release.distributions import Distributions, built
from tests_release.toolbox import passes, run


def source_tree(folder: Path) -> Path:
    """Copy what the repository holds, links as links: building leaves traces."""
    listed = passes(run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"))
    for name in filter(None, listed.split("\0")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_symlink() or (ROOT / name).exists():
            shutil.copy2(ROOT / name, path, follow_symlinks=False)
    return folder


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the repository's files."""
    return source_tree(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="session")
def distributions(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """Give the wheel and the source distribution, each built from the repository's files."""
    return built(sources, tmp_path_factory.mktemp("dist"))
