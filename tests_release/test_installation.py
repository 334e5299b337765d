"""What was built, installed in an empty home by the installers that people use."""

import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest
import yaml

from docs.generate import ROOT
from tests_release.distributions import Distributions, contents, version
from tests_release.homes import INSTALLERS, Home
from tests_release.toolbox import tool

CONFIG = """
operations:
  - name: ventas-co
    server: "0042"
    token_file: token
"""
PATIENCE = 60.0
"""Seconds within which the demo shows figures."""


@pytest.fixture(
    scope="module", params=["pip-wheel", "pip-source", "pipx-wheel", "pipx-source", "uv-wheel", "uv-source"]
)
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, distributions: Distributions
) -> Home:
    """Give a home in which one of the installers has installed the wheel or the source distribution."""
    installer, what = str(request.param).split("-")
    new = Home(tmp_path_factory.mktemp(installer))
    INSTALLERS[installer](new, str(getattr(distributions, what)))
    return new


def test_the_command_is_there_and_says_its_version(home: Home) -> None:
    """If somebody has installed it, then its command is found, and is of the version that was installed."""
    assert home.run("/usr/bin/env", "which", "wolkvox-exporter") == f"{home.folder}/.local/bin/wolkvox-exporter\n"
    assert home.run("/usr/bin/env", "wolkvox-exporter", "--version").startswith(f"wolkvox-exporter {version()}")


def test_it_checks_a_configuration(home: Home) -> None:
    """If a configuration is good, then it is told so; if it is not, then what is wrong with which line."""
    (home.folder / "token").write_text("no-token-of-anybody")
    (home.folder / "token").chmod(0o600)
    (home.folder / "config.yaml").write_text(CONFIG)
    assert "ventas-co" in home.run("/usr/bin/env", "wolkvox-exporter", "check")
    (home.folder / "config.yaml").write_text(CONFIG.replace("server:", "sever:"))
    assert "config.yaml:4" in home.fails("/usr/bin/env", "wolkvox-exporter", "check")


def test_it_writes_its_assets(home: Home) -> None:
    """If rules, boards and documents are asked for, then they come out of the package as the repository has them."""
    home.run("/usr/bin/env", "wolkvox-exporter", "assets", "assets")
    for name in ("prometheus/rules", "grafana/dashboards", "docs/upgrading.md", "deploy/systemd"):
        assert (home.folder / "assets" / name).exists()
    rules = list((home.folder / "assets" / "prometheus" / "rules").glob("*.y*ml"))
    assert len(rules) > 1
    for path in rules:
        written = path.read_bytes()
        assert yaml.safe_load(written)["groups"]
        assert written == (ROOT / "prometheus" / "rules" / path.name).read_bytes()


def test_its_demo_shows_figures(home: Home) -> None:
    """If somebody tries the demo, then a simulated contact centre is polled and its figures are served."""
    port = free_port()
    command = ("/usr/bin/env", "wolkvox-exporter", "demo", f"--web.listen-address=127.0.0.1:{port}")
    with (home.folder / "demo.log").open("w") as log:
        demo = subprocess.Popen(command, cwd=home.folder, env=home.environment, stdout=log, stderr=log)
        try:
            assert "\nwolkvox_campaign_records{" in page_with(
                f"http://127.0.0.1:{port}/metrics", "wolkvox_campaign_records{"
            )
            demo.send_signal(signal.SIGINT)
            assert demo.wait(30) == 0
        finally:
            demo.kill()
            demo.wait()


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def page_with(url: str, words: str) -> str:
    """Return a page as soon as it has these words."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    text, deadline = "", time.monotonic() + PATIENCE
    while words not in text:
        assert time.monotonic() < deadline, text
        time.sleep(0.2)
        try:
            text = direct.open(url, timeout=PATIENCE).read().decode()
        except OSError:
            continue
    return text


def test_an_older_python_is_refused(distributions: Distributions, tmp_path: Path) -> None:
    """If the interpreter is older than the floor, then the installer says which one is needed."""
    there = ("--python", sys.executable, "--python-version", "3.10", "--target", tmp_path / "there")
    said = Home(tmp_path).fails(tool("uv"), "pip", "install", "--dry-run", *there, distributions.wheel)
    assert "depends on Python>=3.11" in said


def test_a_package_without_its_data_is_found(distributions: Distributions, tmp_path: Path) -> None:
    """If a wheel lacks the files that it brings, then what is tried above fails, and does not pass for want of them."""
    poor = tmp_path / distributions.wheel.name
    with zipfile.ZipFile(poor, "w") as archive:
        for name, content in contents(distributions.wheel).items():
            if "/assets/prometheus/" not in name:
                archive.writestr(name, content)
    home = Home(tmp_path / "home")
    home.folder.mkdir()
    INSTALLERS["uv"](home, str(poor))
    with pytest.raises((AssertionError, FileNotFoundError)):
        test_it_writes_its_assets(home)


def test_removing_it_leaves_no_command(distributions: Distributions, tmp_path: Path) -> None:
    """If somebody removes it again, then its command is gone, and a new version can take its place."""
    home = Home(tmp_path)
    INSTALLERS["uv"](home, str(distributions.wheel))
    home.run(tool("uv"), "tool", "uninstall", "wolkvox-exporter")
    assert shutil.which("wolkvox-exporter", path=home.environment["PATH"]) is None
    INSTALLERS["uv"](home, str(distributions.wheel))
    assert shutil.which("wolkvox-exporter", path=home.environment["PATH"]) is not None
