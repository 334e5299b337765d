"""The rules of Grafana's dashboard-linter, restated, since the linter itself cannot be installed everywhere.

They hold for bar gauges and state timelines as well, which the linter does not look at.
"""

import re
from collections.abc import Callable, Iterator
from itertools import product

import promql_parser
import pytest
import yaml

from mixin.dashboards.model import TIMES
from mixin.rules import Board
from mixin.texts import LANGUAGES, Language
from support.grafana import BOARDS, FOLDERS, Json, interpolated, load
from support.promql import selectors

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
UNITS = {"short", "none", "percentunit", "cpm", "dthms", "s", "bytes", "string", "locale", TIMES}
"""Of Grafana's list, those that are used; times is written in its syntax for units of one's own."""
Rule = Callable[[Json], Iterator[str]]


def variable(document: Json, name: str) -> Json:
    """Return a variable, empty if there is none."""
    return next((each for each in document["templating"]["list"] if each["name"] == name), {})


def targets(document: Json) -> Iterator[tuple[str, str]]:
    """Yield panel and expression of every query, variables in place."""
    choice = {"operation": ["o"], "campaign_id": ["1"]} if "wolkvox-campaign" in document["uid"] else {}
    for panel in document["panels"]:
        for target in panel["targets"]:
            yield panel["title"], interpolated(target["expr"], document, choice, hours=12)


def template_datasource(document: Json) -> Iterator[str]:
    """There is one variable of type datasource, named and labelled as the linter wants it."""
    (source,) = (each for each in document["templating"]["list"] if each["type"] == "datasource")
    if (source["name"], source["label"], source["query"]) != ("datasource", "Data source", "prometheus"):
        yield str(source)


def template_job(document: Json) -> Iterator[str]:
    """There is a variable for the job."""
    yield from _target_variable(document, "job", "Job")


def template_instance(document: Json) -> Iterator[str]:
    """There is a variable for the instance."""
    yield from _target_variable(document, "instance", "Instance")


def _target_variable(document: Json, name: str, label: str) -> Iterator[str]:
    found = variable(document, name)
    wanted = {"type": "query", "label": label, "datasource": SOURCE, "multi": True, "allValue": ".+"}
    if {key: found.get(key) for key in wanted} != wanted:
        yield name


def template_label_promql(document: Json) -> Iterator[str]:
    """Variables ask a function of Grafana about PromQL."""
    choice = {"operation": ["o"]} if "wolkvox-campaign" in document["uid"] else {}
    for each in document["templating"]["list"]:
        if each["type"] == "query":
            query = interpolated(each["query"]["query"], document, choice, hours=12)
            found = re.fullmatch(r"(?:label_values\((.*), \w+\)|query_result\((.*)\))", query)
            if not found:
                yield query
            else:
                promql_parser.parse(found[1] or found[2])


def template_on_time_change_reload(document: Json) -> Iterator[str]:
    """Variables are read again when the time range changes."""
    yield from (v["name"] for v in document["templating"]["list"] if v["type"] == "query" and v["refresh"] != 2)


def panel_datasource(document: Json) -> Iterator[str]:
    """Panels and their queries name the variable of the data source."""
    for panel in document["panels"]:
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        if any(source != SOURCE for source in sources):
            yield panel["title"]


def panel_title_description(document: Json) -> Iterator[str]:
    """Panels have a title and a description."""
    yield from (str(panel["id"]) for panel in document["panels"] if not panel["title"] or not panel["description"])


def panel_units(document: Json) -> Iterator[str]:
    """Panels have a unit of Grafana's list, unless their values are words."""
    for panel in document["panels"]:
        config = panel["fieldConfig"]
        own = [p["value"] for o in config["overrides"] for p in o["properties"] if p["id"] == "unit"]
        if not {config["defaults"]["unit"], *own} <= UNITS:
            yield panel["title"]


def panel_no_targets(document: Json) -> Iterator[str]:
    """Panels ask something."""
    yield from (panel["title"] for panel in document["panels"] if not panel["targets"])


def target_promql(document: Json) -> Iterator[str]:
    """Panels ask in PromQL."""
    for panel, expression in targets(document):
        try:
            promql_parser.parse(expression)
        except ValueError as error:
            yield f"{panel}: {error}"


def target_rate_interval(document: Json) -> Iterator[str]:
    """Rates are taken over $__rate_interval."""
    for panel in document["panels"]:
        for target in panel["targets"]:
            windows = re.findall(r"\b(?:irate|rate)\([^\[]*\[([^\]]*)\]", target["expr"])
            if set(windows) - {"$__rate_interval"}:
                yield panel["title"]


def target_job(document: Json) -> Iterator[str]:
    """Every selector is narrowed down to the job."""
    yield from _without(document, "job")


def target_instance(document: Json) -> Iterator[str]:
    """Every selector is narrowed down to the instance."""
    yield from _without(document, "instance")


def _without(document: Json, label: str) -> Iterator[str]:
    for panel, expression in targets(document):
        if any(matchers.get(label) != '=~".+"' for _, matchers in selectors(expression)):
            yield f"{panel}: {expression}"


def target_counter_agg(document: Json) -> Iterator[str]:
    """Counters are read through rate or increase."""
    for panel, expression in targets(document):
        for name in re.findall(r"\b(\w+_total)\b", expression):
            if not re.search(rf"\b(?:rate|irate|increase)\({name}\{{[^}}]*\}}\[", expression):
                yield f"{panel}: {name}"


def uneditable_dashboard(document: Json) -> Iterator[str]:
    """Dashboards of a file cannot be edited."""
    if document["editable"] is not False:
        yield document["title"]


RULES: dict[str, Rule] = {
    "template-datasource-rule": template_datasource,
    "template-job-rule": template_job,
    "template-instance-rule": template_instance,
    "template-label-promql-rule": template_label_promql,
    "template-on-time-change-reload-rule": template_on_time_change_reload,
    "panel-datasource-rule": panel_datasource,
    "panel-title-description-rule": panel_title_description,
    "panel-units-rule": panel_units,
    "panel-no-targets-rule": panel_no_targets,
    "target-promql-rule": target_promql,
    "target-rate-interval-rule": target_rate_interval,
    "target-job-rule": target_job,
    "target-instance-rule": target_instance,
    "target-counter-agg-rule": target_counter_agg,
    "uneditable-dashboard": uneditable_dashboard,
}


def excluded(language: Language, rule: str) -> set[str]:
    """Return the dashboards for which a rule is passed over."""
    exclusions = yaml.safe_load((FOLDERS[language] / ".lint").read_text(encoding="utf-8"))["exclusions"]
    return {entry["dashboard"] for entry in exclusions.get(rule, {}).get("entries", ())}


@pytest.mark.parametrize(("board", "language"), list(product(BOARDS, LANGUAGES)))
@pytest.mark.parametrize("rule", RULES)
def test_the_linters_rules_hold(rule: str, board: Board, language: Language) -> None:
    """If Grafana's linter is run, then it finds nothing, or what a reason excludes."""
    document = load(board, language)
    complaints = list(RULES[rule](document))
    if document["title"] in excluded(language, rule):
        assert complaints, "this exclusion is no longer needed"
    else:
        assert complaints == []
