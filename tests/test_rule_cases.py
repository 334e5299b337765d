"""The unit tests of the rules, `prometheus/tests`: run by promtool, and complete.

The name of a case begins with its kind: `before: …` is too early, `firing: …`, `cleared: …` fires first and then no
more, `silent: …` looks like a reason to fire and is none. In `recording….test.yml` it begins with the recorded series.
"""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.processes import run
from support.rule_cases import dated
from support.rulebook import PROMETHEUS, alerts, less, named, records
from support.tools import tool

FILES = sorted((PROMETHEUS / "tests").glob("*.yml"))
RECORDING = [file for file in FILES if file.name.startswith("recording.")]
KINDS = ("before", "firing", "cleared", "silent")
ALERTS = alerts()
LONGEST_FILE = 300
PATIENCE = 500.0
"""Seconds; days of history take some."""
Case = dict[str, Any]


@cache
def cases(file: Path) -> list[Case]:
    """Return the cases of a file."""
    tests: list[Case] = yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]
    return tests


def subject(file: Path) -> str:
    """Return the alert that a file is about; what takes days may stand in a second one, `<alert>.days.test.yml`."""
    return file.name.partition(".")[0]


def kind(case: Case) -> str:
    """Return the kind of a case."""
    return str(case["name"]).partition(":")[0]


def expected(case: Case, name: str) -> list[list[Case]]:
    """Return what is expected of an alert, from the first instant to the last."""
    return [check.get("exp_alerts", []) for check in case["alert_rule_test"] if check["alertname"] == name]


every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
every_file_of_an_alert = pytest.mark.parametrize(
    "file", [file for file in FILES if file not in RECORDING], ids=lambda file: file.name
)


def copied(file: Path, folder: Path) -> Path:
    """Copy a file of cases, with no rules beside it but those that it asks for, and what these read.

    With all of them promtool would take ten times as long.
    """
    checks = [check for case in cases(file) for check in case.get("alert_rule_test", [])]
    alerting = {check["alertname"] for check in checks}
    asked = [check["expr"] for case in cases(file) for check in case.get("promql_expr_test", [])]
    wanted = alerting | named([*asked, *(str(ALERTS[name]["expr"]) for name in alerting)])
    for name in ("rules", "tests"):
        (folder / name).mkdir()
    for rules in sorted((PROMETHEUS / "rules").glob("*.yml")):
        (folder / "rules" / rules.name).write_text(less(rules, wanted), encoding="utf-8")
    case_file = folder / "tests" / file.name
    text = file.read_text(encoding="utf-8")
    # numbers are expected there, which are texts otherwise
    stated = text if file in RECORDING else yaml.safe_dump(dated(file), allow_unicode=True, sort_keys=False)
    case_file.write_text(stated, encoding="utf-8")
    return case_file


@every_file
async def test_promtool_finds_the_rules_right(file: Path, tmp_path: Path) -> None:
    """If the series are as in a case, then the alert says what the case expects, word by word."""
    said = await run(tool("promtool"), "test", "rules", copied(file, tmp_path), patience=PATIENCE)
    assert said.code == 0, said.out + said.err


@every_file
def test_files_stay_small(file: Path) -> None:
    """If the cases of an alert outgrow what a reader holds in mind, then they are split."""
    assert file.read_text(encoding="utf-8").count("\n") <= LONGEST_FILE


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_has_a_case_of_each_kind(name: str) -> None:
    """If an alert is added, then it is tried before, while and after it fires, and on what it may be mistaken for."""
    kinds = {kind(case) for file in FILES if subject(file) == name for case in cases(file)}
    assert kinds == ({"firing"} if name == "WolkvoxWatchdog" else {*KINDS})


@every_file_of_an_alert
def test_a_case_is_what_its_name_says(file: Path) -> None:
    """If a case is called silent, then the alert is expected to be so; the same for the other kinds."""
    for case in cases(file):
        fires = [bool(alert) for alert in expected(case, subject(file))]
        assert fires, case["name"]
        assert {
            "before": not any(fires),
            "firing": any(fires),
            "cleared": fires == sorted(fires, reverse=True) and len(set(fires)) == 2,
            "silent": not any(fires),
        }[kind(case)], case["name"]


@every_file_of_an_alert
def test_a_case_states_whole_alerts(file: Path) -> None:
    """If an alert is expected, then with all its annotations, so that the texts are under test, too."""
    rule = ALERTS[subject(file)]
    for alert in (alert for case in cases(file) for found in expected(case, subject(file)) for alert in found):
        assert alert["exp_annotations"].keys() == rule["annotations"].keys()
        assert rule["labels"].items() <= alert["exp_labels"].items()


@every_file_of_an_alert
def test_a_case_names_alerts_that_exist(file: Path) -> None:
    """If an alert is renamed, then no case is left that finds the old one silent for ever."""
    named = {check["alertname"] for case in cases(file) for check in case["alert_rule_test"]}
    assert named <= ALERTS.keys()


def test_every_recorded_series_has_a_case() -> None:
    """If a recording rule is added, then there is a case that begins with its name."""
    recording = [case for file in RECORDING for case in cases(file)]
    names = [case["name"] for case in recording]
    asked = {check["expr"] for case in recording for check in case["promql_expr_test"]}
    for name in records():
        assert any(name in expression for expression in asked), name
    assert all(any(text.startswith(name) for name in records()) for text in names)
