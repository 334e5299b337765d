"""Rules and alerts: generated, well-formed, and told in both languages."""

import re
from pathlib import PurePosixPath
from typing import Any, get_args
from urllib.parse import urlsplit

import promql_parser
import pytest

from docs.generate import ROOT
from mixin import texts
from mixin.files import files
from mixin.promql import REPLICA_LABELS
from mixin.rules import Area, Board, Severity, board_uid
from mixin.settings import Settings
from support.processes import run
from support.promql import labels
from support.rulebook import PROMETHEUS, RULES, Rule, alerts, groups, recorded, records, rules
from support.tools import tool
from wolkvox_exporter.config import durations

GENERATED = files(Settings())
ALERTS = alerts()
SCRAPE = 60.0
"""Seconds between two scrapes in the example configuration."""
COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}
OF_ONE_EXPORTER = {
    "WolkvoxExporterDown",
    "WolkvoxConfigReloadFailed",
    "WolkvoxReplicaFailing",
    "WolkvoxReplicaWithoutDatabase",
    "WolkvoxStateNotWritten",
}
OF_CAMPAIGN = {"operation", "campaign", "campaign_id"}
NEEDED = {
    "campaign>": OF_CAMPAIGN,
    "calls>": OF_CAMPAIGN,
    "usual>": OF_CAMPAIGN,
    "busiest>": {"operation"},
    "reason ": {"operation", "report"},
    "ownreason ": {"instance", "operation", "report"},
}
"""The labels that pieces of texts rely on."""
every_alert = pytest.mark.parametrize("name", ALERTS)


@pytest.mark.parametrize("path", GENERATED, ids=str)
def test_generated_files_are_up_to_date(path: PurePosixPath) -> None:
    """If the code that a file is made from changes, then the file is made anew."""
    assert (ROOT / path).read_text(encoding="utf-8") == GENERATED[path], "run make generate"


def test_no_rule_file_is_left_over() -> None:
    """If a file of rules is renamed, then the old one is deleted."""
    found = {PurePosixPath(file.relative_to(ROOT)) for file in RULES.rglob("*.yml")}
    assert found == {path for path in GENERATED if path.parts[:2] == ("prometheus", "rules")}


@pytest.mark.parametrize("folder", [RULES, RULES / "es"], ids=["en", "es"])
async def test_prometheus_takes_the_rules(folder: PurePosixPath) -> None:
    """If Prometheus reads the rules of a language, then it has nothing to say."""
    said = await run(tool("promtool"), "check", "rules", *sorted(map(str, (ROOT / folder).glob("*.yml"))))
    assert (said.code, said.err) == (0, "")
    assert said.out.count("SUCCESS") == 3


async def test_prometheus_takes_the_example_configuration() -> None:
    """If Prometheus reads the example, then it finds the rules that it names, and has nothing to say."""
    said = await run(tool("promtool"), "check", "config", PROMETHEUS / "prometheus.yml")
    assert (said.code, said.err) == (0, "")
    assert said.out.count("rules found") == 2


def test_both_languages_have_the_same_rules() -> None:
    """If a rule is read in Spanish, then it differs only in its texts, and in where it leads to."""

    def untold(language: texts.Language) -> list[Rule]:
        boards = {board_uid(board, language): board for board in get_args(Board)}
        return [_untold(group, boards) for group in groups(language)]

    assert untold("es") == untold("en")


def _untold(group: Rule, boards: dict[str, str]) -> Rule:
    return {**group, "rules": [_without_texts(rule, boards) for rule in group["rules"]]}


def _without_texts(rule: Rule, boards: dict[str, str]) -> Rule:
    if "record" in rule:
        return rule
    links = {key: text for key, text in rule["annotations"].items() if key not in ("summary", "description")}
    head, uid, query = re.split(r"/d/([^?]+)", links["dashboard_url"])
    page = links["runbook_url"].replace("/es/", "/")
    return {**rule, "annotations": {"runbook_url": page, "dashboard_url": (head, boards[uid], query)}}


def test_no_two_rules_have_the_same_name() -> None:
    """If a name is read, then it is clear which rule is meant."""
    names = [rule.get("alert") or rule["record"] for rule in rules()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", records())
def test_recorded_names_say_level_metric_and_operations(name: str) -> None:
    """If a recorded series is met, then its name says what it stands for, as is the custom of Prometheus."""
    level, metric, operations = name.split(":")
    assert re.fullmatch("[a-z_]+", level)
    assert metric.startswith("wolkvox_")
    assert re.fullmatch("[a-z0-9_]+", operations)


def test_no_group_leaves_holes() -> None:
    """If a group is evaluated, then again before Prometheus forgets the result, after five minutes.

    What is evaluated more seldom is read by one rule alone, over twice its interval.
    """
    seldom = [(group, durations.parse(group.get("interval", "1m"))) for group in groups()]
    for name, interval in [
        (rule["record"], every) for group, every in seldom if every > 300 for rule in group["rules"]
    ]:
        (reader,) = [rule["expr"] for rule in rules() if name in rule["expr"]]
        (window,) = re.findall(rf"^last_over_time\({name}\[(\w+)\]\)$", reader)
        assert durations.parse(window) > 2 * interval


@every_alert
def test_an_alert_compares(name: str) -> None:
    """If an alert could speak of any value, then it says so by its name: only the watchdog does."""
    operators: set[str] = set()

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.BinaryExpr):
            operators.add(str(node.op))

    promql_parser.walk(promql_parser.parse(ALERTS[name]["expr"]), visit)
    unconditional = name == "WolkvoxWatchdog" or ALERTS[name]["expr"].startswith("absent(")
    assert bool(operators & COMPARISONS) != unconditional


@every_alert
def test_an_alert_has_the_labels_that_routes_rely_on(name: str) -> None:
    """If an alert is routed, then by a severity, an area and a schedule that the routes know."""
    given = dict(ALERTS[name]["labels"])
    assert given.pop("severity") in get_args(Severity)
    assert given.pop("area") in get_args(Area)
    assert given in ({}, {"schedule": "business_hours"})


@every_alert
def test_an_alert_that_absence_raises_outlasts_a_lost_scrape(name: str) -> None:
    """If one scrape is lost, then no alert on a missing series fires."""
    if "absent" in ALERTS[name]["expr"]:
        assert durations.parse(ALERTS[name]["for"]) >= 2 * SCRAPE


@every_alert
def test_an_alert_fires_once_however_many_replicas_there_are(name: str) -> None:
    """If two exporters report the same, then there is one alert, unless it is about one of the exporters."""
    left = labels(ALERTS[name]["expr"], recorded()) & set(REPLICA_LABELS)
    assert bool(left) == (name in OF_ONE_EXPORTER)


@every_alert
@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_an_alert_says_what_is_wrong_and_where_to_read_on(name: str, language: texts.Language) -> None:
    """If an alert arrives, then with a summary that stays the same while it fires, a description, and two links."""
    said: dict[str, Any] = alerts(language)[name]["annotations"]
    assert said.keys() == {"summary", "description", "runbook_url", "dashboard_url"}
    assert all(said.values())
    assert "$value" not in said["summary"] + str(ALERTS[name]["labels"])
    uids = {board_uid(board, language) for board in get_args(Board)}
    assert urlsplit(said["dashboard_url"]).path.removeprefix("/d/") in uids


@every_alert
def test_an_alert_has_a_runbook(name: str) -> None:
    """If an alert arrives, then there is a page that says what to do about it."""
    page = PurePosixPath(urlsplit(ALERTS[name]["annotations"]["runbook_url"]).path).name
    assert page == f"{name}.md"
    assert (ROOT / "docs" / "runbooks" / page).is_file()


@every_alert
def test_an_alert_in_spanish_opens_a_page_in_spanish(name: str) -> None:
    """If an alert has a page in Spanish, then what it says in Spanish leads there, else to the English one."""
    path = urlsplit(alerts("es")[name]["annotations"]["runbook_url"]).path.removeprefix("/wolkvox/")
    translated = (ROOT / "docs" / "runbooks" / "es" / f"{name}.md").is_file()
    assert path == (f"es/{name}.md" if translated else f"{name}.md")
    assert (ROOT / "docs" / "runbooks" / path).is_file()


@every_alert
@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_texts_name_only_labels_that_the_alert_has(name: str, language: texts.Language) -> None:
    """If a text names a label, then the alert has it, or the text would have a hole."""
    told = " ".join(texts.text(f"alert.{name}.{part}", language) for part in ("summary", "description"))
    named = set(re.findall(r"\$labels\.(\w+)", told))
    named = named.union(*(needed for piece, needed in NEEDED.items() if f"<{piece}" in told))
    assert named <= labels(ALERTS[name]["expr"], recorded()).union(ALERTS[name]["labels"])


def test_the_table_of_texts_has_those_of_every_alert_and_no_others() -> None:
    """If an alert is added or dropped, then so are its texts; the table itself wants both languages."""
    wanted = {f"alert.{name}.{text}" for name in ALERTS for text in ("summary", "description", "title")}
    assert {key for key in texts.table() if key.startswith("alert.")} == wanted
    assert all(texts.table()[key].keys() == set(texts.LANGUAGES) for key in wanted)
