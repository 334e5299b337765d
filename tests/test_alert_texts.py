"""What alerts say, whole and in both languages: written by hand, and filled in by promtool from series given by hand.

The English texts are those that the cases of `prometheus/tests` expect; the Spanish ones, for one case of each alert,
are in `golden/alerts.es.yaml`.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.generate import ROOT
from mixin.rulefiles import runbook
from support.processes import run
from support.rule_cases import dated
from support.rulebook import PROMETHEUS, RULES, alerts, less, named
from support.tools import tool

ALERTS = alerts("es")
SPANISH: dict[str, dict[str, str]] = yaml.safe_load((ROOT / "tests/golden/alerts.es.yaml").read_text(encoding="utf-8"))
LONGEST = 330
"""Characters that a message shows of a description."""
LASTING = re.compile(r"\b[0-9]+[ms]\b")
Case = dict[str, Any]
every_alert = pytest.mark.parametrize("name", ALERTS)


def case_of(name: str) -> Case:
    """Return the case of an alert that the Spanish texts are about, with no check but the first that expects it."""
    wanted = SPANISH[name].get("case", "firing: ")
    file = dated(PROMETHEUS / "tests" / f"{name}.test.yml")
    case = next(case for case in file["tests"] if case["name"].startswith(wanted))
    firing = [each for each in case["alert_rule_test"] if each["alertname"] == name and each.get("exp_alerts")]
    return {**file, "tests": [{**case, "alert_rule_test": firing[:1]}]}


def english(name: str) -> dict[str, str]:
    """Return what is said in that case in English."""
    said: dict[str, str] = case_of(name)["tests"][0]["alert_rule_test"][0]["exp_alerts"][0]["exp_annotations"]
    return said


def translated(name: str) -> dict[str, str]:
    """Return what is to be said in Spanish: other words, the Spanish dashboard, and a Spanish page if there is one."""
    said = english(name)
    return {
        "summary": SPANISH[name]["summary"],
        "description": SPANISH[name]["description"],
        "runbook_url": said["runbook_url"].replace(f"{name}.md", runbook(name, "es")),
        "dashboard_url": re.sub(r"(/d/wolkvox-[a-z]+)", r"\1-es", said["dashboard_url"]),
    }


def test_every_alert_has_its_texts() -> None:
    """If an alert is added or dropped, then so are its texts in Spanish; those in English are in its cases."""
    assert SPANISH.keys() == ALERTS.keys()


@every_alert
async def test_what_is_said_in_spanish(name: str, tmp_path: Path) -> None:
    """If an alert fires, then it says in Spanish, word by word, what stands in the file."""
    case = case_of(name)
    (firing,) = case["tests"][0]["alert_rule_test"][0]["exp_alerts"]
    firing["exp_annotations"] = translated(name)
    for folder in ("rules", "tests"):
        (tmp_path / folder).mkdir()
    for rules in (RULES / "es").glob("*.yml"):
        wanted = {name} | named([str(ALERTS[name]["expr"]), str(ALERTS[name]["annotations"])])
        (tmp_path / "rules" / rules.name).write_text(less(rules, wanted), encoding="utf-8")
    file = tmp_path / "tests" / "case.yml"
    file.write_text(yaml.safe_dump(case, allow_unicode=True, sort_keys=False), encoding="utf-8")
    said = await run(tool("promtool"), "test", "rules", file)
    assert said.code == 0, said.out + said.err


@every_alert
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_description_says_whose_it_is_and_since_when(name: str, language: str) -> None:
    """If an alert fires, then it begins with whose matter it is and has a duration, unless it fires all the time."""
    if name == "WolkvoxWatchdog":
        return
    said, labels = english(name) if language == "en" else translated(name), case_labels(name)
    subject = labels.get("operation") or labels.get("instance") or ""
    assert said["description"].startswith(subject)
    assert LASTING.search(said["description"])
    if "campaign_id" in labels:
        assert f" · {labels['campaign']} ({labels['campaign_id']})" in said["description"]
    assert len(said["description"]) <= LONGEST


def case_labels(name: str) -> dict[str, str]:
    """Return the labels of the alert in that case."""
    labels: dict[str, str] = case_of(name)["tests"][0]["alert_rule_test"][0]["exp_alerts"][0]["exp_labels"]
    return labels


@every_alert
def test_links_lead_to_the_exporter_meant(name: str) -> None:
    """If an alert is about one exporter, then the link to the dashboard chooses it."""
    assert ("instance" in case_labels(name)) == ("&var-instance=a%3A10842" in english(name)["dashboard_url"])
