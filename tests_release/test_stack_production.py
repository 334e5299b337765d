"""The stack for production, as its guide sets it up, with the simulator in the place of wolkvox."""

import json
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.generate import ROOT
from tests_release import standins
from tests_release.engine import Composition, Engine, composed, engine
from tests_release.toolbox import passes

# the first test waits for what all need
pytestmark = pytest.mark.timeout(1800)

FOLDER = ROOT / "deploy" / "compose"
GUIDE = FOLDER / "README.md"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "production" / "compose.yaml").read_text())["services"]
EXPORTERS = ("exporter-1", "exporter-2")
# what is started is the test's, and the image is there
DOCKER = """\
#!/bin/sh
[ "$1" = run ] || exit 0
exec podman "$@"
"""
SIMULATOR = """\
services:
  simulator:
    image: wolkvox-exporter
    command: [simulate, "--web.listen-address=:8080", --speed=1]
"""
QUERY = "http://localhost:9090/api/v1/query"
READ = "import urllib.request as http; print(http.urlopen('http://localhost:10842/metrics').read().decode())"
LEASES = "sum by (instance) (wolkvox_exporter_lease_held)"
TAKEN = r'"1"\]'
"""What an answer has in it once a lease was taken: the first scrapes may come before."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composition]:
    """Do what the guide says in a copy of the folder, and start it all, with a wolkvox that is simulated."""
    folder = tmp_path_factory.mktemp("production")
    images = {name: f"docker.io/{service['image']}" for name, service in SERVICES.items()}
    with engine(folder) as running:
        standins.of_both_stacks(running, images)
        standins.postgresql(running, images["postgresql"])
        shutil.copytree(FOLDER, folder / "deploy" / "compose")
        production = folder / "deploy" / "compose" / "production"
        follow_the_guide(running, folder)
        config = production / "exporter" / "config.yaml"
        simulated = config.read_text().replace('server: "0042"', "base_url: http://simulator:8080/api/v2")
        config.write_text(f"interval: 5s\n{simulated}")
        (folder / "simulator.yaml").write_text(SIMULATOR)
        with composed(running, production / "compose.yaml", folder / "simulator.yaml") as composition:
            yield composition


def follow_the_guide(engine: Engine, folder: Path) -> None:
    """Run the commands of the guide, with a token at hand for whoever is asked for one."""
    (commands,) = re.findall(r"```sh\n(cd deploy/compose/production\n.*?)```", GUIDE.read_text(), re.DOTALL)
    programs = folder / "programs"
    programs.mkdir()
    (programs / "docker").write_text(DOCKER)
    (programs / "docker").chmod(0o755)
    script = f'set -eu\nPATH="{programs}:$PATH"\ncd "{folder}"\n{commands}'
    passes(engine.run("sh", "-c", script, stdin="simulated-token-ventas-co\n"))


def found(stack: Composition, promql: str, expected: str) -> dict[str, float]:
    """Return what PromQL finds by instance, as soon as its answer fits a regular expression."""
    ask = f'curl --silent --get --data-urlencode "query=$0" {QUERY} | grep -E "$1"'
    answer = stack.engine.until("", "sh", "-c", ask, promql, expected, patience=240)
    return {row["metric"]["instance"]: float(row["value"][1]) for row in json.loads(answer)["data"]["result"]}


def test_secrets_are_for_those_who_need_them(stack: Composition) -> None:
    """If one follows the guide, then nobody else on the machine can read a secret."""
    secrets = stack.files[0].parent / "secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in secrets.rglob("*") if path.is_file()}
    assert modes == {"ventas-co": 0o600, "postgresql-password": 0o440, "grafana-password": 0o600}


def test_both_exporters_are_scraped_and_one_polls(stack: Composition) -> None:
    """If both exporters are up, then both show the operation, and one of them has its token."""
    both = found(stack, 'wolkvox_up{report="campaigns"} == 1', "exporter-1.*exporter-2|exporter-2.*exporter-1")
    assert both == {"exporter-1:10842": 1, "exporter-2:10842": 1}
    held = found(stack, LEASES, TAKEN)
    assert sorted(held.values()) == [0, 1]


def test_the_other_one_goes_on(stack: Composition) -> None:
    """If the exporter that polls is ended, then the other one polls, and no data are lost."""
    held = found(stack, LEASES, TAKEN)
    polling, other = sorted(EXPORTERS, key=lambda name: -held[f"{name}:10842"])
    stack("stop", polling)
    page = ("podman", "exec", f"wolkvox_{other}_1", "/opt/wolkvox-exporter/bin/python", "-c", READ)
    shown = stack.engine.until('wolkvox_exporter_lease_held{operation="ventas-co"} 1', *page)
    assert 'wolkvox_up{operation="ventas-co",report="campaigns"} 1' in shown
    stack("start", polling)


def test_grafana_finds_what_the_guide_has_written(stack: Composition) -> None:
    """If Grafana starts, then the dashboards are where its provider looks, with links to the user's own Grafana."""

    def inside(*command: str) -> str:
        return stack("exec", "-T", "grafana", *command)

    (provided,) = inside("find", "/etc/grafana/provisioning/dashboards", "-type", "f").split()
    (provider,) = yaml.safe_load(inside("cat", provided))["providers"]
    boards = {Path(line).name for line in inside("find", provider["options"]["path"], "-name", "*.json").split()}
    assert boards == {path.name for path in (ROOT / "grafana" / "dashboards").glob("*.json")}
    rules = stack.engine.get("http://localhost:9090/api/v1/rules")
    assert "https://grafana.your.company/d/" in rules
    assert "https://grafana.example.com" not in rules
