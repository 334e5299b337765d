"""The programs that look at what is released: installed by `make check-release`, and run as people run them."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from docs.generate import ROOT

BIN = ROOT / ".venv-release" / "bin"
"""Where the tools from requirements/release.txt are."""
NODE_MODULES = ROOT / "build" / "release" / "node_modules"
"""Where the packages from tests_release/package.json are."""
WHEELS = ROOT / "build" / "wheels"
"""Where the packages are that the exporter needs when it is installed."""
PATIENCE = 900.0
"""Seconds that a program may take."""


def tool(name: str) -> Path:
    """Return the path of a tool; an error that says how to get it where it is missing."""
    path = BIN / name
    assert path.is_file(), f"{path} is missing: make check-release installs it"
    return path


def run(
    *command: str | Path,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    inherit: bool = True,
    stdin: str = "",
    patience: float = PATIENCE,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, which takes at most `patience` seconds; `env` comes on top of what is inherited."""
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=(environment() if inherit else {}) | dict(env or {}),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


def environment() -> dict[str, str]:
    """Return the environment of programs, without what `make` and this project's own interpreter need."""
    ours = {"MAKEFLAGS", "MAKELEVEL", "PYTHONPATH", "PYTHONWARNINGS", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"}
    return {key: value for key, value in os.environ.items() if key not in ours}


def passes(ended: subprocess.CompletedProcess[str]) -> str:
    """Return what a program wrote to its standard output; an error with all that it said unless it succeeded."""
    assert ended.returncode == 0, f"{ended.args} ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout
