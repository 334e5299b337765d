"""The stack of compose.yaml, as one command starts it: its own files, its own names, and stand-ins for its images."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.generate import ROOT
from mixin.rulefiles import alerts
from mixin.settings import Settings
from tests_release import standins
from tests_release.engine import Composition, composed, engine

# the first test waits for what all need
pytestmark = pytest.mark.timeout(1800)

FILE = ROOT / "compose.yaml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
OPERATIONS = {"ventas-co", "cobranzas-mx", "servicio-cl"}
LAW = "WolkvoxDialingOutsideLegalHours"
"""For Colombia alone, and loaded by whoever wants it."""
# the day's calls of every operation are used up: the alert that needs least time
FAULTY = """\
services:
  simulator:
    command: [simulate, "--web.listen-address=:8080", --speed=1, --fault=quota_exceeded]
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composition]:
    """Run all of it meanwhile, but that wolkvox says from the beginning that the day's calls are used up."""
    folder = tmp_path_factory.mktemp("stack")
    faulty = folder / "faulty.yaml"
    faulty.write_text(FAULTY)
    images = {name: f"docker.io/{service['image']}" for name, service in SERVICES.items()}
    with engine(folder) as running:
        standins.of_both_stacks(running, images)
        standins.mailbox(running, images["mail"])
        with composed(running, FILE, faulty) as composition:
            yield composition


def found(stack: Composition, path: str, words: str = "") -> Any:  # noqa: ANN401 - whatever the JSON holds
    """Return the data that Prometheus answers, as soon as these words are in them."""
    return json.loads(stack.engine.get(f"http://localhost:9090/api/v1/{path}", words))["data"]


def test_the_exporter_is_scraped(stack: Composition) -> None:
    """If the stack is up, then Prometheus scrapes the exporter under its name, and finds every operation."""
    (target,) = found(stack, "targets", '"health":"up"')["activeTargets"]
    assert target["labels"] == {"instance": "exporter:10842", "job": "wolkvox"}
    assert set(found(stack, "label/operation/values", "servicio-cl")) == OPERATIONS


def test_every_rule_is_loaded(stack: Composition) -> None:
    """If the stack is up, then its Prometheus has the rules of the repository, and all of them work."""
    rules = [rule for group in found(stack, "rules", "WolkvoxWatchdog")["groups"] for rule in group["rules"]]
    loaded = {rule["name"] for rule in rules if rule["type"] == "alerting"}
    assert loaded == {alert.name for alert in alerts(Settings())} - {LAW}
    assert [rule["name"] for rule in rules if rule.get("lastError")] == []


def test_an_alert_reaches_the_mailbox(stack: Composition) -> None:
    """If something is wrong, then mail says so to whom the routes name."""
    mail = stack.engine.until("WolkvoxQuotaExhausted", "podman", "logs", "wolkvox-demo_mail_1", patience=300)
    assert re.search(r"^b'To: sre-pager@example\.com'$", mail, re.MULTILINE)


def test_grafana_finds_what_it_is_told_of(stack: Composition) -> None:
    """If Grafana starts, then every dashboard in both languages is in the folder of its provider, and nothing else."""

    def inside(*command: str) -> str:
        return stack("exec", "-T", "grafana", *command)

    (provided,) = inside("find", "/etc/grafana/provisioning/dashboards", "-type", "f").split()
    (source,) = inside("find", "/etc/grafana/provisioning/datasources", "-type", "f").split()
    assert yaml.safe_load(inside("cat", source))["datasources"][0]["url"] == "http://prometheus:9090"
    there = {
        provider["folder"]: {
            Path(line).name for line in inside("find", provider["options"]["path"], "-name", "*.json").split()
        }
        for provider in yaml.safe_load(inside("cat", provided))["providers"]
    }
    boards = {path.name for path in (ROOT / "grafana" / "dashboards").glob("*.json")}
    assert there == {"wolkvox": boards, "wolkvox (español)": boards}
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert json.loads(inside("cat", home))["uid"] == "wolkvox-operations"
