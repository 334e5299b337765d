"""What the runbooks promise: a page for each alert, which names only what there is."""

import json
import re
from pathlib import Path

import pytest

from docs.generate import ROOT
from mixin.rulefiles import alerts
from mixin.rules import Alert
from mixin.settings import Settings
from mixin.texts import LANGUAGES, text
from support.promql import unknown
from support.rulebook import recorded
from wolkvox_exporter.assets.thresholds import THRESHOLDS

FOLDER = ROOT / "docs" / "runbooks"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}
INDEX = PAGES.pop("README")
ALERTS = {alert.name: alert for alert in alerts(Settings())}
DEFAULTS = {threshold.name: threshold.default for threshold in THRESHOLDS}
HEADINGS = [
    "What it means",
    "What to look at",
    "What to do",
    "When to call whom",
    "When it may be wrong",
    "En español",
]
RECORDED = recorded()
# as a list's item has it, too
QUERY = re.compile(r"^ *```promql\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
LONGEST_PAGE = 60
"""Lines that somebody who was woken up can be asked to read."""
each_page = pytest.mark.parametrize("name", PAGES)


def panels() -> set[str]:
    """Return every panel of the dashboards, in all languages, as the pages write them: `Dashboard → Panel`."""
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "grafana").rglob("dashboards/**/*.json")]
    return {f"{board['title']} → {panel['title']}" for board in boards for panel in board["panels"] if "title" in panel}


def test_every_alert_has_its_page() -> None:
    """If an alert fires, then the page that it links to is there, and no page is about an alert that is gone."""
    assert set(PAGES) == set(ALERTS)


@each_page
def test_a_page_has_its_headings_in_order(name: str) -> None:
    """If somebody knows one page, then they find their way in all of them."""
    assert re.findall(r"^#+ .*", PAGES[name], re.MULTILINE) == [f"# {name}", *(f"## {each}" for each in HEADINGS)]


@each_page
def test_a_page_can_be_read_at_night(name: str) -> None:
    """If somebody was woken up, then the page is short."""
    assert len(PAGES[name].splitlines()) <= LONGEST_PAGE


@each_page
def test_a_page_begins_with_what_the_rule_says_of_itself(name: str) -> None:
    """If a rule's severity, area or schedule changes, then its page says the new one."""
    alert = ALERTS[name]
    hours = "Waits for business hours" if alert.business_hours else "Sent at any hour"
    assert PAGES[name].splitlines()[2] == f"Severity: {alert.severity}. Area: {alert.area}. {hours}."


@each_page
def test_the_panels_of_a_page_exist(name: str) -> None:
    """If a page sends somebody to a panel, always in bold, then a dashboard has it under that title."""
    named = {" ".join(found.split()) for found in re.findall(r"\*\*(.+?)\*\*", PAGES[name], re.DOTALL)}
    assert named - panels() == set()
    assert any(" → " in each for each in named) or name == "WolkvoxExporterAbsent"


@each_page
def test_the_queries_of_a_page_can_be_asked(name: str) -> None:
    """If a page has a query, then it is PromQL over what the exporter publishes."""
    for query in QUERY.findall(PAGES[name]):
        assert unknown(query, RECORDED) == []
    assert PAGES[name].count("```promql") == len(QUERY.findall(PAGES[name]))


@each_page
def test_the_settings_of_a_page_exist(name: str) -> None:
    """If a page names a threshold with its value, then there is such a one, and the value is its default."""
    for setting, value in re.findall(r"`(\w+)` \(([\d.]+)\)", PAGES[name]):
        assert DEFAULTS[setting] == float(value)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    """If a page links to a file, then the file is there."""
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@each_page
def test_alerts_named_in_a_page_exist(name: str) -> None:
    """If a page names another alert, then there is one."""
    assert set(re.findall(r"\bWolkvox[A-Z]\w+", PAGES[name])) <= ALERTS.keys()


@each_page
def test_both_languages_tell_the_same_remedy(name: str) -> None:
    """If the Spanish part tells to restart or to reload, then so does the English one: the two are not the same."""
    english, _, spanish = PAGES[name].casefold().partition("## en español")
    for word, its in (("reinici", "restart"), ("recarg", "reload")):
        assert word not in spanish or its in english


def test_a_new_token_is_explained_for_every_place_of_it() -> None:
    """If a token is refused, then page and alert are right where no restart is needed, and where one is."""
    english, _, spanish = PAGES["WolkvoxTokenRejected"].partition("## En español")
    for word in ("systemctl restart wolkvox-exporter", "/etc/wolkvox-exporter/tokens/", "`token_env`", "`token`"):
        assert word in english
        assert word in spanish
    assert "a new token asks at once" in english
    assert "sin reiniciar" in spanish
    said = {language: text("alert.WolkvoxTokenRejected.description", language) for language in LANGUAGES}
    assert all(word in said["en"] for word in ("within seconds", "systemd", "restarted"))
    assert all(word in said["es"] for word in ("en segundos", "systemd", "reiniciar"))


def test_the_index_has_every_alert_once() -> None:
    """If an alert fires, then the index tells its severity and who looks after it."""
    rows = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \| (.+?) \|", INDEX, re.MULTILINE)
    assert [name for name, link, *_ in rows if name != link] == []
    assert sorted(name for name, *_ in rows) == sorted(ALERTS)
    assert {name: (severity, owner) for name, _, severity, owner in rows} == {
        name: (alert.severity, who(alert)) for name, alert in ALERTS.items()
    }


def who(alert: Alert) -> str:
    """Return whom the example for Alertmanager tells, and when."""
    if alert.severity == "none":
        return "dead man's switch"
    if alert.area == "campaign":
        return "supervisors, business hours" if alert.business_hours else "supervisors"
    return "SRE, pager" if alert.severity == "critical" else "SRE"
