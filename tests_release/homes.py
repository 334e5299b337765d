"""Installing what was built, as somebody does who has an empty home and one of the installers."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests_release.toolbox import WHEELS, passes, run, tool

OFFLINE = {
    "PIP_CONFIG_FILE": "/dev/null",
    "PIP_NO_INDEX": "1",
    "PIP_FIND_LINKS": str(WHEELS),
    "UV_FIND_LINKS": str(WHEELS),
    "UV_NO_CONFIG": "1",
    "UV_OFFLINE": "1",
    "UV_NO_INDEX": "1",
    "UV_PYTHON_DOWNLOADS": "never",
}
"""What lets installers take packages from the folder that was filled beforehand, and ask no index."""


@dataclass(frozen=True)
class Home:
    """A home in which nothing is installed yet."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a login there has in its environment."""
        path = f"{self.folder}/.local/bin:/usr/local/bin:/usr/bin:/bin"
        return {"HOME": str(self.folder), "PATH": path, "LANG": "C.UTF-8", **OFFLINE}

    def run(self, *command: str | Path) -> str:
        """Run a program from there; returns what it wrote to its standard output, and it must succeed."""
        return passes(run(*command, cwd=self.folder, env=self.environment, inherit=False))

    def fails(self, *command: str | Path) -> str:
        """Run a program from there that must not succeed; returns all that it said."""
        ended = run(*command, cwd=self.folder, env=self.environment, inherit=False)
        assert ended.returncode != 0, ended.stdout
        return ended.stdout + ended.stderr


def with_pip(home: Home, package: str) -> None:
    """Install into an environment of its own, and link the command, as the README says."""
    environment = home.folder / "wolkvox-exporter"
    home.run(sys.executable, "-m", "venv", environment)
    home.run(environment / "bin" / "pip", "install", "--quiet", package)
    (home.folder / ".local" / "bin").mkdir(parents=True)
    (home.folder / ".local" / "bin" / "wolkvox-exporter").symlink_to(environment / "bin" / "wolkvox-exporter")


def with_pipx(home: Home, package: str) -> None:
    """Install with pipx."""
    home.run(tool("pipx"), "install", "--python", sys.executable, package)


def with_uv(home: Home, package: str) -> None:
    """Install with uv."""
    home.run(tool("uv"), "tool", "install", "--python", sys.executable, package)


INSTALLERS: dict[str, Callable[[Home, str], None]] = {"pip": with_pip, "pipx": with_pipx, "uv": with_uv}
"""How people install programs written in Python."""
