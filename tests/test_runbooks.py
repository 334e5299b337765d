"""What the runbooks promise: a page for each alert, which names only what there is."""

import json
import re
from pathlib import Path

import pytest

from docs.generate import ROOT
from mixin.rulefiles import alerts
from mixin.rules import Alert
from mixin.settings import Settings
from mixin.texts import LANGUAGES, Language, text
from support.promql import unknown
from support.rulebook import recorded
from wolkvox_exporter.assets.thresholds import THRESHOLDS

FOLDER = ROOT / "docs" / "runbooks"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}
INDEX = PAGES.pop("README")
ALERTS = {alert.name: alert for alert in alerts(Settings())}
# supervisors are told in their own language
SPANISH = {path.stem: path.read_text(encoding="utf-8") for path in sorted((FOLDER / "es").glob("*.md"))}
INDEX_IN_SPANISH = SPANISH.pop("README")
TEXTS: dict[tuple[Language, str], str] = {
    **{("en", name): page for name, page in PAGES.items()},
    **{("es", name): page for name, page in SPANISH.items()},
}
HEADINGS = {
    "en": ["What it means", "What to look at", "What to do", "When to call whom", "When it may be wrong"],
    "es": ["Qué significa", "Qué mirar", "Qué hacer", "A quién llamar y cuándo", "Cuándo puede equivocarse"],
}
IN_SPANISH = "En español"
"""The last section of the pages that are in English only."""
SEVERITIES = {"critical": "crítica", "warning": "advertencia", "info": "informativa"}
RECORDED = recorded()
# as a list's item has it, too
QUERY = re.compile(r"^ *```promql\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
LONGEST_PAGE = 60
"""Lines that somebody who was woken up can be asked to read."""
each_page = pytest.mark.parametrize("name", PAGES)
each_text = pytest.mark.parametrize(("language", "name"), TEXTS)
each_pair = pytest.mark.parametrize("name", SPANISH)


def panels(language: Language) -> set[str]:
    """Return every panel of the dashboards in a language, as the pages write them: `Dashboard → Panel`."""
    folder = ROOT / "grafana" / "dashboards" / ("" if language == "en" else language)
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return {f"{board['title']} → {panel['title']}" for board in boards for panel in board["panels"] if "title" in panel}


def test_every_alert_has_its_page() -> None:
    """If an alert fires, then the page that it links to is there, and no page is about an alert that is gone."""
    assert set(PAGES) == set(ALERTS)


def test_every_alert_of_supervisors_has_a_spanish_page() -> None:
    """If an alert reaches supervisors, then there is a page for it in Spanish, too."""
    assert set(SPANISH) == {name for name, alert in ALERTS.items() if alert.area == "campaign"}


@each_text
def test_a_page_has_its_headings_in_order(language: Language, name: str) -> None:
    """If somebody knows one page, then they find their way in all of them; what has no Spanish page has a section."""
    wanted = HEADINGS[language] if name in SPANISH else [*HEADINGS[language], IN_SPANISH]
    found = re.findall(r"^#+ .*", TEXTS[language, name], re.MULTILINE)
    assert found == [f"# {name}", *(f"## {each}" for each in wanted)]


@each_text
def test_a_page_can_be_read_at_night(language: Language, name: str) -> None:
    """If somebody was woken up, then the page is short."""
    assert len(TEXTS[language, name].splitlines()) <= LONGEST_PAGE


@each_page
def test_a_page_begins_with_what_the_rule_says_of_itself(name: str) -> None:
    """If a rule's severity, area or schedule changes, then its page says the new one."""
    alert = ALERTS[name]
    hours = "Waits for business hours" if alert.business_hours else "Sent at any hour"
    assert PAGES[name].splitlines()[2] == f"Severity: {alert.severity}. Area: {alert.area}. {hours}."


@each_pair
def test_a_spanish_page_begins_with_the_same(name: str) -> None:
    """If a rule's severity or schedule changes, then its Spanish page says the new one as well."""
    alert = ALERTS[name]
    hours = "Espera el horario laboral" if alert.business_hours else "Se envía a cualquier hora"
    assert SPANISH[name].splitlines()[2] == f"Severidad: {SEVERITIES[alert.severity]}. Área: campañas. {hours}."


@each_text
def test_the_panels_of_a_page_exist(language: Language, name: str) -> None:
    """If a page sends somebody to a panel, always in bold, then a dashboard in its language has it under that title."""
    page = TEXTS[language, name]
    named = {" ".join(found.split()) for found in re.findall(r"\*\*(.+?)\*\*", page, re.DOTALL)}
    known = panels(language) | (panels("es") if IN_SPANISH in page else set())
    assert named - known == set()
    assert named or name == "WolkvoxExporterAbsent"


@each_text
def test_the_queries_of_a_page_can_be_asked(language: Language, name: str) -> None:
    """If a page has a query, then it is PromQL over what the exporter publishes."""
    page = TEXTS[language, name]
    for query in QUERY.findall(page):
        assert unknown(query, RECORDED) == []
    assert page.count("```promql") == len(QUERY.findall(page))


@each_text
def test_the_settings_of_a_page_exist(language: Language, name: str) -> None:
    """If a page names a threshold with its value, then there is that threshold, and the value is its default."""
    defaults = {threshold.name: threshold.default for threshold in THRESHOLDS}
    for setting, value in re.findall(r"`(\w+)` \(([\d.]+)\)", TEXTS[language, name]):
        assert (defaults[setting] if setting in defaults else getattr(Settings(), setting)) == float(value)


@each_pair
def test_both_languages_say_the_same(name: str) -> None:
    """If a page changes, then so does the other one: queries, thresholds, alerts, links, and what is but a guess."""
    one, other = PAGES[name], SPANISH[name]
    for same in (QUERY.pattern, r"`[a-z]\w+`(?: \([\d.]+\))?", r"\bWolkvox[A-Z]\w+", r"\]\([^)]+\)"):
        assert _all(same, one) == _all(same, other)
    assert re.findall(r"\[(?:doc|seen|guess)\b", one) == re.findall(r"\[(?:doc|seen|guess)\b", other)
    assert len(re.findall(r"^(?:\d\.|-) ", one, re.MULTILINE)) == len(re.findall(r"^(?:\d\.|-) ", other, re.MULTILINE))


def _all(pattern: str, page: str) -> list[str]:
    return sorted(re.findall(pattern, page, re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.md")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_links_lead_somewhere(path: Path) -> None:
    """If a page links to a file, then the file is there."""
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@each_text
def test_alerts_named_in_a_page_exist(language: Language, name: str) -> None:
    """If a page names another alert, then there is one."""
    assert set(re.findall(r"\bWolkvox[A-Z]\w+", TEXTS[language, name])) <= ALERTS.keys()


@each_page
def test_both_languages_tell_the_same_remedy(name: str) -> None:
    """If the Spanish page tells to restart or to reload, then so does the English one: the two are not the same."""
    english, _, section = PAGES[name].casefold().partition(f"## {IN_SPANISH}".casefold())
    spanish = section or SPANISH[name].casefold()
    for word, its in (("reinici", "restart"), ("recarg", "reload")):
        assert word not in spanish or its in english


def test_a_new_token_is_explained_for_every_place_of_it() -> None:
    """If a token is refused, then page and alert are right where no restart is needed, and where one is."""
    english, _, spanish = PAGES["WolkvoxTokenRejected"].partition(f"## {IN_SPANISH}")
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


def test_the_spanish_index_has_every_alert_of_supervisors_once() -> None:
    """If an alert reaches supervisors, then the Spanish index tells its severity and when it is sent."""
    rows = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \| (.+?) \|", INDEX_IN_SPANISH, re.MULTILINE)
    assert [name for name, link, *_ in rows if name != link] == []
    assert sorted(name for name, *_ in rows) == sorted(SPANISH)
    assert {name: told for name, _, *told in rows} == {
        name: [
            SEVERITIES[ALERTS[name].severity],
            "horario laboral" if ALERTS[name].business_hours else "a cualquier hora",
        ]
        for name in SPANISH
    }


def who(alert: Alert) -> str:
    """Return whom the example for Alertmanager tells, and when."""
    if alert.severity == "none":
        return "dead man's switch"
    if alert.area == "campaign":
        return "supervisors, business hours" if alert.business_hours else "supervisors"
    return "SRE, pager" if alert.severity == "critical" else "SRE"
