"""Rules and dashboards of the chart: those that the project makes, with the settings of the values."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docs.generate import ROOT
from support.tools import tool
from tests_release.charts import Object, Rendered, answers, example, render
from tests_release.toolbox import passes, run
from wolkvox_exporter.assets import replacements, settings_rules
from wolkvox_exporter.assets import settings as settings_files
from wolkvox_exporter.assets.thresholds import THRESHOLDS, Threshold

FILES = ("recording", "alerts", "law2300")
LINKS = {"grafana": "https://grafana.example.org", "runbooks": "https://wiki.example.org/wolkvox"}
VALUES: Object = {
    "image": {"repository": "registry.example.com/wolkvox-exporter"},
    "config": {"operations": [{"name": "ventas-co", "server": "0042"}]},
    "tokens": {"existingSecrets": [{"name": "wolkvox-tokens"}]},
    "links": LINKS,
}


def made(language: str, file: str, job: str = "wolkvox") -> list[Object]:
    """Return the groups of a generated file, fitted as `wolkvox-exporter assets` does it."""
    folder = ROOT / "prometheus" / "rules" / ("es" if language == "es" else "")
    text = (folder / f"wolkvox-{file}.rules.yml").read_text(encoding="utf-8")
    for old, new in replacements(job, LINKS["grafana"], LINKS["runbooks"]).items():
        text = text.replace(old, new)
    groups: list[Object] = yaml.safe_load(text)["groups"]
    return groups


def groups(rendered: Rendered) -> list[Object]:
    """Return the groups of the chart's rules."""
    found: list[Object] = rendered.find("PrometheusRule")["spec"]["groups"]
    return found


def alerts(found: list[Object]) -> dict[str, Object]:
    """Return all alerts by name."""
    return {rule["alert"]: rule for group in found for rule in group["rules"] if "alert" in rule}


@pytest.mark.parametrize("language", ["en", "es"])
def test_rules_are_those_that_are_generated(language: str) -> None:
    """If a release has a job and addresses of its own, then its rules are what `assets` writes with the same."""
    rule = {"enabled": True, "language": language, "law2300": {"enabled": True}}
    rendered = render(VALUES | {"prometheusRule": rule, "monitor": {"kind": "PodMonitor", "job": "wolkvox-latam"}})
    wanted = [group for file in FILES for group in made(language, file, "wolkvox-latam")]
    assert len(alerts(wanted)) > 20
    assert groups(rendered) == wanted


def test_law_2300_is_opt_in() -> None:
    """If the law is not asked for, then its alert is not there; if it is, it is about the operations that are named."""
    plain = groups(render(VALUES | {"prometheusRule": {"enabled": True}}))
    assert plain == [*made("en", "recording"), *made("en", "alerts")]
    law = alerts(groups(example("spanish-values.yaml")))["WolkvoxDialingOutsideLegalHours"]["expr"]
    assert 'wolkvox_campaign_calls_per_minute{operation=~".+-co"} > 0' in law


def test_alerts_without_addresses_have_no_links() -> None:
    """If it is not said where Grafana and the runbooks are, then no alert leads to an example's address."""
    bare = groups(render({**VALUES, "links": {}, "prometheusRule": {"enabled": True}}))
    assert alerts(bare).keys() == alerts(made("en", "alerts")).keys()
    assert "example." not in json.dumps(bare)


def test_alerts_can_be_left_out_and_labelled() -> None:
    """If an alert is left out, then only that one is gone; labels for all stand beside those that routes need."""
    everything, fewer = alerts(made("en", "alerts")), alerts(groups(example("operator-values.yaml")))
    assert everything.keys() - fewer.keys() == {"WolkvoxNoHits"}
    for name, alert in fewer.items():
        assert alert["labels"] == everything[name]["labels"] | {"team": "dialler"}


def test_thresholds_of_the_example() -> None:
    """If thresholds are set, for all and for one operation, then the rules record them in base units."""
    (group,) = [each for each in groups(example("operator-values.yaml")) if each["name"] == "wolkvox-settings.rules"]
    of, all_of = 'wolkvox_operation_info{operation="ventas-co"}', "wolkvox_operation_info"
    by = "0 * group by (job, operation)"
    assert {rule["record"]: rule["expr"] for rule in group["rules"]} == {
        "operation:wolkvox_abandon_ratio:setting": f"{by} ({of}) + 0.05",
        "operation:wolkvox_machine_ratio:setting": f"{by} ({all_of}) + 0.55",
        "operation:wolkvox_running_out_seconds:setting": f"{by} ({of}) + 5400\nor\n{by} ({all_of}) + 1800",
        "operation:wolkvox_waiting_calls:setting": f"{by} ({all_of}) + 8",
    }


def value_of(threshold: Threshold) -> st.SearchStrategy[Any]:
    """Give values as people write them."""
    if threshold.in_seconds:
        written = st.builds("{}h{}m{}s".format, st.integers(0, 22), st.integers(0, 99), st.integers(1, 99))
        return written | st.sampled_from(["1d", "90s", "1500ms", "45", 45, "1m"]) | st.integers(1, 86_400)
    if threshold.is_ratio:
        percent = st.decimals(0, 100, places=3).map(lambda number: f"{number:f}%")
        return (
            percent
            | st.sampled_from([0, 1, "0.05", "1.0", "5 %", 0.03])
            | st.floats(0.001, 1).map(lambda x: round(x, 6))
        )
    return st.integers(0, 999_999) | st.integers(0, 999_999).map(str)


SOME = st.fixed_dictionaries({}, optional={each.name: value_of(each) for each in THRESHOLDS})
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
NAMES = st.sampled_from(["ventas-co", "Ventas (CO) + MX", 'a "quote" \\ %{x} <&>', "ñandú"]) | TEXTS


def recorded(found: list[Object]) -> dict[str, tuple[set[str], str]]:
    """Return of each record what single operations have, and last what all have."""
    rules = [rule for group in found for rule in group["rules"]]
    alternatives = {rule["record"]: rule["expr"].strip().split("\nor\n") for rule in rules}
    return {record: (set(parts), parts[-1]) for record, parts in alternatives.items()}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=st.lists(st.tuples(SOME, st.dictionaries(NAMES, SOME, max_size=2)), min_size=1, max_size=4))
def test_settings_are_those_of_a_settings_file(cases: list[tuple[Object, dict[str, Object]]], tmp_path: Path) -> None:
    """If thresholds are values of the chart, then the rules record what they would as a settings file of `assets`."""
    rule = [{"enabled": True, "thresholds": general, "operations": own} for general, own in cases]
    texts = [json.dumps(VALUES | {"prometheusRule": each}, ensure_ascii=False) for each in rule]
    for (general, own), answered in zip(cases, answers(texts), strict=True):
        assert "templates" in answered, answered
        found = yaml.safe_load(answered["templates"]["wolkvox-exporter/templates/prometheusrule.yaml"])["spec"][
            "groups"
        ]
        file = tmp_path / "settings.yaml"
        file.write_text(
            yaml.safe_dump({"thresholds": general, "operations": own}, allow_unicode=True), encoding="utf-8"
        )
        wanted = yaml.safe_load(settings_rules.rules(settings_files.load(file)))["groups"]
        assert recorded([each for each in found if each["name"] == "wolkvox-settings.rules"]) == recorded(wanted)


@pytest.mark.parametrize("name", ["operator-values.yaml", "spanish-values.yaml"])
def test_prometheus_takes_the_rules(name: str, tmp_path: Path) -> None:
    """If the operator hands the rules to Prometheus, then they are good."""
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": groups(example(name))}, allow_unicode=True), encoding="utf-8")
    assert "SUCCESS" in passes(run(tool("promtool"), "check", "rules", file))


def test_dashboards_are_those_that_are_generated() -> None:
    """If a sidecar loads the ConfigMaps, then Grafana has the generated dashboards, in the languages asked for."""
    rendered = example("spanish-values.yaml")
    found = {
        name: json.loads(text)
        for each in rendered.of("ConfigMap")
        if each["metadata"]["labels"].get("grafana_dashboard") == "1"
        for name, text in each["data"].items()
    }
    boards = ("campaign", "exporter", "operations")
    folders = {"en": ROOT / "grafana" / "dashboards", "es": ROOT / "grafana" / "dashboards" / "es"}
    wanted = {
        f"wolkvox-{board}-{language}.json": (folder / f"wolkvox-{board}.json").read_text(encoding="utf-8")
        for language, folder in folders.items()
        for board in boards
    }
    job = [("var-job=wolkvox", "var-job=wolkvox-latam"), ('job="wolkvox"', 'job="wolkvox-latam"')]
    for name, text in wanted.items():
        for old, new in job:
            text = text.replace(old, new)  # noqa: PLW2901 - fitted as the chart fits it
        assert found[name] == json.loads(text)
    assert found.keys() == wanted.keys()


def test_dashboards_lead_to_the_runbooks() -> None:
    """If it is said where the runbooks are, then the dashboards' links lead there."""
    texts = json.dumps([each["data"] for each in example("operator-values.yaml").of("ConfigMap")])
    assert LINKS["runbooks"] in texts
    assert "runbooks.example.com" not in texts
