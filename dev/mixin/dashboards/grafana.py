"""Dashboards as Grafana reads them: classic JSON of schema 39, which Grafana 10 to 13 take from a file."""

import json
from collections.abc import Iterator

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as grafana

from mixin.dashboards import campaign, exporter, operations
from mixin.dashboards.model import Annotation, Dashboard, Variable
from mixin.dashboards.panels import SOURCE, Writer
from mixin.rules import board_uid
from mixin.settings import Settings
from mixin.texts import Language

SCHEMA = 39
REFRESH_INTERVALS = ["1m", "5m", "15m", "1h"]


def dashboards(settings: Settings, language: Language) -> tuple[Dashboard, ...]:
    """Return every dashboard."""
    return operations.dashboard(settings, language), campaign.DASHBOARD, exporter.DASHBOARD


def dashboard_files(settings: Settings, language: Language) -> Iterator[tuple[str, str]]:
    """Yield name and text of each dashboard's file."""
    for dashboard in dashboards(settings, language):
        written = json.loads(json.dumps(_written(dashboard, settings, language), cls=JSONEncoder))
        text = json.dumps(finished(written), indent=2, ensure_ascii=False)
        yield f"wolkvox-{dashboard.board}.json", text + "\n"


def finished(node: object) -> object:
    """Leave out what the models add that no Grafana of schema 39 knows, or that hides things on a newer one."""
    if isinstance(node, list):
        return [finished(each) for each in node]
    if not isinstance(node, dict):
        return node
    unknown = {"placement"}
    if node.get("type") in {"query", "datasource", "custom"} and "name" in node:
        unknown |= {"auto", "auto_count", "auto_min", "skipUrlSync"}
    return {key: finished(value) for key, value in node.items() if key not in unknown}


def _written(dashboard: Dashboard, settings: Settings, language: Language) -> grafana.Dashboard:
    writer = Writer(dashboard.board, language, settings.palette)
    tag = board_tag(language)
    return grafana.Dashboard(
        uid=board_uid(dashboard.board, language),
        title=writer.text(f"board.{dashboard.board}.title"),
        description=writer.text(f"board.{dashboard.board}.description"),
        tags=[tag],
        timezone=settings.dashboard_time_zone,
        editable=False,
        graph_tooltip=grafana.DashboardCursorSync.CROSSHAIR,
        time=grafana.DashboardDashboardTime(from_val=f"now-{dashboard.hours}h", to="now"),
        timepicker=grafana.TimePickerConfig(refresh_intervals=REFRESH_INTERVALS),
        refresh=dashboard.refresh,
        schema_version=SCHEMA,
        templating=grafana.DashboardDashboardTemplating(list_val=list(_variables(dashboard, writer))),
        annotations=grafana.AnnotationContainer(list_val=[_mark(each, writer) for each in dashboard.annotations]),
        links=[_others(tag)],
        panels=[writer.panel(panel, number) for number, panel in enumerate(dashboard.panels, 1)],
    )


def board_tag(language: Language) -> str:
    """Return the tag by which the dashboards of a language find each other."""
    return "wolkvox" if language == "en" else f"wolkvox-{language}"


def _others(tag: str) -> grafana.DashboardLink:
    return grafana.DashboardLink(
        title="wolkvox",
        type_val=grafana.DashboardLinkType.DASHBOARDS,
        icon="external link",
        tags=[tag],
        as_dropdown=False,
        include_vars=True,
        keep_time=True,
    )


def _variables(dashboard: Dashboard, writer: Writer) -> Iterator[grafana.VariableModel]:
    yield grafana.VariableModel(
        type_val=grafana.VariableType.DATASOURCE,
        name="datasource",
        label="Data source",
        query="prometheus",
        refresh=grafana.VariableRefresh.ON_DASHBOARD_LOAD,
        current=grafana.VariableOption(selected=True, text="default", value="default"),
    )
    for variable in dashboard.variables:
        yield _variable(variable, writer.text(f"variable.{variable.name}"))


def _variable(variable: Variable, label: str) -> grafana.VariableModel:
    if variable.values:
        return _choice(variable, label)
    everything = grafana.VariableOption(selected=True, text=["All"], value=["$__all"])
    return grafana.VariableModel(
        type_val=grafana.VariableType.QUERY,
        name=variable.name,
        label=label,
        datasource=SOURCE,
        query={"query": variable.query, "refId": f"variable-{variable.name}"},
        definition=variable.query,
        regex=variable.regex,
        refresh=grafana.VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=grafana.VariableSort.ALPHABETICAL_ASC,
        multi=variable.many,
        include_all=variable.many,
        all_value=variable.all_value if variable.many and not variable.hidden else None,
        hide=grafana.VariableHide.HIDE_VARIABLE if variable.hidden else None,
        current=everything if variable.many else None,
    )


def _choice(variable: Variable, label: str) -> grafana.VariableModel:
    options = [
        grafana.VariableOption(selected=value == variable.values[0], text=value, value=value)
        for value in variable.values
    ]
    return grafana.VariableModel(
        type_val=grafana.VariableType.CUSTOM,
        name=variable.name,
        label=label,
        query=",".join(variable.values),
        current=options[0],
        options=options,
    )


def _mark(annotation: Annotation, writer: Writer) -> grafana.AnnotationQuery:
    name = writer.text(annotation.key)
    return grafana.AnnotationQuery(
        name=name,
        datasource=SOURCE,
        enable=annotation.shown,
        hide=False,
        icon_color=annotation.colour,
        expr=annotation.expression,
        step="5m",
        title_format=name,
        text_format=annotation.text,
    )
