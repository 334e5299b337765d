"""What the containers of the stacks are told, beside the examples that it is made like."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.generate import ROOT

FOLDER = ROOT / "deploy" / "compose"
TARGETS = {"demo": ["exporter:10842"], "production": ["exporter-1:10842", "exporter-2:10842"]}


def read(path: Path) -> Any:  # noqa: ANN401 - whatever the YAML holds
    """Return what a file holds."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("stack", TARGETS)
def test_prometheus_differs_in_addresses_alone(stack: str) -> None:
    """If the example for Prometheus changes, then the stacks' do, too, but for the names of containers."""
    example, told = read(ROOT / "prometheus" / "prometheus.yml"), read(FOLDER / stack / "prometheus.yml")
    (scraped,), (alertmanager,) = example["scrape_configs"], example["alerting"]["alertmanagers"]
    scraped["static_configs"][0]["targets"] = TARGETS[stack]
    alertmanager["static_configs"][0]["targets"] = ["alertmanager:9093"]
    assert told == example


def test_the_demonstration_tells_whom_the_routes_name() -> None:
    """If the routes change, then the demonstration's do, too; but whoever is told gets mail, into the one mailbox."""
    example, told = read(ROOT / "alertmanager" / "alertmanager.yml"), read(FOLDER / "demo" / "alertmanager.yml")
    same = ("route", "inhibit_rules", "time_intervals", "templates")
    assert {name: told[name] for name in same} == {name: example[name] for name in same}
    assert [each["name"] for each in told["receivers"]] == [each["name"] for each in example["receivers"]]
    assert told["global"]["smtp_smarthost"] == "mail:1025"
    ways = {each["name"]: sorted(each.keys() - {"name"}) for each in told["receivers"]}
    assert ways == {
        "nobody": [],
        "watchdog": [],
        "sre": ["email_configs"],
        "sre-pager": ["email_configs"],
        "supervisors": ["email_configs"],
    }


def test_supervisors_get_the_same_words_by_mail() -> None:
    """If supervisors are told by mail, then it is what the example says, and they hear of no end."""
    (example,), (told,) = (
        next(each["email_configs"] for each in read(path)["receivers"] if each["name"] == "supervisors")
        for path in (ROOT / "alertmanager" / "alertmanager.yml", FOLDER / "demo" / "alertmanager.yml")
    )
    assert {name: example[name] for name in told} == told
    assert told["send_resolved"] is False


def test_grafana_has_a_folder_for_each_language() -> None:
    """If Grafana is told where the dashboards are, then no path lies within another, or it would show each twice."""
    providers = read(FOLDER / "grafana" / "dashboards" / "wolkvox.yaml")["providers"]
    paths = [Path(provider["options"]["path"]) for provider in providers]
    assert [provider["folder"] for provider in providers] == ["wolkvox", "wolkvox (español)"]
    assert [path for path in paths if any(path.is_relative_to(other) for other in paths if other != path)] == []
    (source,) = read(FOLDER / "grafana" / "datasources" / "wolkvox.yaml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
