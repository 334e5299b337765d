"""The extra `postgresql`: what replicas need beside the package, as the installers that people use bring it."""

import tomllib
from pathlib import Path

import pytest

from docs.generate import ROOT
from tests_release.distributions import Distributions, metadata
from tests_release.homes import INSTALLERS, Home

CONFIG = """
state: postgresql://wolkvox@127.0.0.1:9/wolkvox
operations:
  - name: ventas-co
    server: "0042"
    token_file: token
"""
LIBPQ = "import psycopg; print(psycopg.pq.__impl__)"


def declared() -> list[str]:
    """Return what the extra asks for."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return list(tomllib.load(file)["project"]["optional-dependencies"]["postgresql"])


def installed(folder: Path, installer: str, package: str) -> Home:
    """Return a home in which a package was installed, with a configuration that names a database."""
    folder.mkdir()
    home = Home(folder)
    INSTALLERS[installer](home, package)
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "token").write_text("no-token-of-anybody")
    (folder / "token").chmod(0o600)
    return home


def test_what_is_pinned_is_what_the_extra_asks_for(distributions: Distributions) -> None:
    """If the bound of the extra changes, then it does so for those who install the pins as well."""
    lines = (ROOT / "requirements" / "postgresql.in").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and line[0] not in "#-"] == declared()
    about = metadata(distributions.wheel)
    assert about.get_all("Provides-Extra") == ["postgresql"]
    (needed,) = (need for need in about.get_all("Requires-Dist", []) if "extra ==" in need)
    assert needed.startswith("psycopg[binary]")


@pytest.mark.parametrize("installer", ["pip", "pipx", "uv"])
def test_a_database_can_be_named_where_the_extra_is_installed(
    installer: str, distributions: Distributions, tmp_path: Path
) -> None:
    """If the extra is asked for, then its driver is there with a library of its own, and a database may be named."""
    home = installed(tmp_path / "home", installer, f"wolkvox-exporter[postgresql] @ file://{distributions.wheel}")
    command = (home.folder / ".local" / "bin" / "wolkvox-exporter").resolve()
    assert home.run(command.parent / "python", "-c", LIBPQ) == "binary\n"
    assert "ventas-co" in home.run("/usr/bin/env", "wolkvox-exporter", "check")


def test_without_it_is_said_what_to_install(distributions: Distributions, tmp_path: Path) -> None:
    """If a database is named where the extra is missing, then it is said what to install, and nothing else changes."""
    home = installed(tmp_path / "home", "uv", str(distributions.wheel))
    said = home.fails("/usr/bin/env", "wolkvox-exporter", "check")
    assert "pip install 'wolkvox-exporter[postgresql]'" in said
    (home.folder / "config.yaml").write_text(CONFIG.split("\n", 2)[2])
    assert "ventas-co" in home.run("/usr/bin/env", "wolkvox-exporter", "check")
