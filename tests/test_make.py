"""What `make` and the check of every change run."""

import os
import re
from pathlib import Path

import pytest

from docs.generate import ROOT
from support.processes import run

OURS = ("bench", "chaos", "demo", "fuzz", "generate", "generated", "pictures", "soak")
"""The targets that run code of the repository."""
INSTALLED = {"pip", "pytest", "venv"}
"""Modules that are not."""
MAKE = ("make", "--no-print-directory")


async def commands(target: str) -> list[str]:
    """Return the commands that a target stands for, without running them."""
    said = await run(*MAKE, "--dry-run", target, cwd=ROOT)
    assert (said.code, said.err) == (0, "")
    return [re.sub(r"^\S*/bin/", "", line) for line in said.out.splitlines()]


async def test_the_check_ends_with_the_readmes_test_command() -> None:
    """If a change is checked, then lint, format, types and generated files come first, last what the README names."""
    *before, last = [line for line in await commands("check") if re.match(r"ruff|mypy|python -m (?!pip|venv)", line)]
    assert before == [
        "ruff check",
        "ruff format --check",
        "mypy",
        "python -m docs.generate --check",
        "python -m mixin --check",
        "python -m chart --check",
    ]
    assert [last] == (await commands("test"))[-1:] == (await commands("check"))[-1:]
    assert "\n```sh\nmake test\n```\n\ntests it" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == "make check"


async def test_tests_need_nothing_that_looks_at_a_release() -> None:
    """If somebody tests a change, then neither npm nor the tools that look at packages and charts are needed."""
    release = re.compile(r"npm|release")
    assert [line for line in await commands("check") if release.search(line)] == []
    assert "python -m pytest tests_release" in await commands("check-release")


@pytest.mark.parametrize("target", OURS)
async def test_a_target_finds_what_it_runs(target: str) -> None:
    """If a folder moves, then the targets that run what is in it move along."""
    said = await run(*MAKE, "--eval=path:;@echo $$PYTHONPATH", "path", cwd=ROOT)
    folders = [Path(folder) for folder in said.out.strip().split(os.pathsep)]
    lines = "\n".join(await commands(target))
    modules = set(re.findall(r"python -m ([\w.]+)", lines)) - INSTALLED
    files = re.findall(r" ((?:dev|docs|tests)/\S+\.py)", lines)
    assert modules or files
    assert [name for name in modules if not any(is_module(folder, name) for folder in folders)] == []
    assert [name for name in files if not (ROOT / name).is_file()] == []


def is_module(folder: Path, name: str) -> bool:
    """Return whether a folder has a module or a package that can be run."""
    path = folder.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
