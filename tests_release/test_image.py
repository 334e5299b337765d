"""The image, as orchestrators run it that trust nobody: any user, nothing to write to, no capability."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.generate import ROOT
from tests_release import standins
from tests_release.engine import Engine, engine
from tests_release.toolbox import run, tool

DOCKERFILE = ROOT / "Dockerfile"
# what the Kubernetes standard `restricted` asks for, and a file system that cannot be written to
CONTEXT = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges")
PYTHON = "/opt/wolkvox-exporter/bin/python"
WRITTEN = "import sys; open(sys.argv[1], 'w')"


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Give an engine that has the image."""
    with engine(tmp_path_factory.mktemp("image")) as running:
        standins.exporter(running)
        yield running


def test_hadolint_has_nothing_to_say() -> None:
    """If the Dockerfile breaks a rule of its linter, then it says so."""
    linted = run(tool("hadolint"), DOCKERFILE)
    assert (linted.returncode, linted.stdout, linted.stderr) == (0, "", "")


def test_a_bad_dockerfile_is_refused(tmp_path: Path) -> None:
    """If a Dockerfile takes whatever is the latest, then its linter refuses it."""
    bad = tmp_path / "Dockerfile"
    bad.write_text(DOCKERFILE.read_text(encoding="utf-8").replace("FROM ${BASE}", "FROM python:latest"))
    linted = run(tool("hadolint"), bad)
    assert linted.returncode != 0
    assert "DL3007" in linted.stdout


@pytest.mark.parametrize("user", [(), ("--user=31337:0",)], ids=["its own user", "any user"])
def test_it_runs_with_nothing_but_its_pages(images: Engine, user: tuple[str, ...]) -> None:
    """If it may do nothing, then it polls, answers and is healthy all the same, and could not do more."""
    container = images.podman("run", "--detach", *CONTEXT, *user, standins.EXPORTER, *DEMO).strip()
    try:
        inside = ("podman", "exec", container, PYTHON, "-c")
        page = images.until("wolkvox_campaign_records{", *inside, READ)
        assert 'wolkvox_up{operation="ventas-co",report="campaigns"} 1' in page.replace(" 1.0", " 1")
        healthy = images.run("podman", "exec", container, PYTHON, "-m", "wolkvox_exporter.cli.healthcheck")
        assert (healthy.returncode, healthy.stderr) == (0, "")
        status = images.podman("exec", container, "cat", "/proc/1/status")
        fields = dict(line.split(":", 1) for line in status.splitlines())
        assert {name: fields[name].split()[0] for name in RESTRICTED} == RESTRICTED
        assert fields["Uid"].split() == ["31337" if user else "65534"] * 4
        for place in ("/opt/wolkvox-exporter/x", "/etc/x", "/var/x"):
            assert images.run(*inside, WRITTEN, place).returncode != 0
    finally:
        images.podman("rm", "--force", "--time=1", container)


DEMO = ("demo", "--web.listen-address=:10842")
READ = "import urllib.request as http; print(http.urlopen('http://localhost:10842/metrics').read().decode())"
RESTRICTED = {"CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}


def test_it_says_how_it_is_to_be_run(images: Engine) -> None:
    """If an engine looks at the image, then it finds a numeric user, the port, a health check and the version."""
    words = ("User", "ExposedPorts", "Healthcheck.Test")
    form = "|".join(
        f"{{{{json .Config.{word}}}}}" if "." not in word else "{{json .HealthCheck.Test}}" for word in words
    )
    user, ports, check = images.podman("image", "inspect", f"--format={form}", standins.EXPORTER).strip().split("|")
    assert (user, ports) == ('"65534:65534"', '{"10842/tcp":{}}')
    assert "wolkvox_exporter.cli.healthcheck" in check


def test_a_container_that_cannot_start_says_why(images: Engine) -> None:
    """If no configuration is mounted, then the container ends with the reason, and not in a trace."""
    ended = images.run("podman", "run", "--rm", *CONTEXT, standins.EXPORTER)
    assert ended.returncode == 1
    assert "/etc/wolkvox-exporter/config.yaml" in ended.stderr
    assert "Traceback" not in ended.stderr
