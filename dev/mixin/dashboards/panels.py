"""Panels as Grafana reads them: the only place, with `grafana.py`, that knows its models."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from string import ascii_uppercase

from grafana_foundation_sdk.models import bargauge, common, gauge, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import dashboard as grafana

from mixin.dashboards.colours import GREY
from mixin.dashboards.model import Cell, Column, Kind, Panel, Query, State, Step
from mixin.rules import Board
from mixin.texts import Language
from mixin.texts import table as texts

SOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
SPAN = 600_000
"""Milliseconds: a poll that is missed is bridged, an outage is not."""
_TYPES: Mapping[Kind, str] = {
    "stat": "stat",
    "gauge": "gauge",
    "bars": "bargauge",
    "series": "timeseries",
    "table": "table",
    "timeline": "state-timeline",
}
_COLOURED: Mapping[Cell, object] = {
    "colour": {"type": "color-text"},
    "background": {"type": "color-background", "mode": "basic"},
}
_LAST = common.ReduceDataOptions(calcs=["lastNotNull"])
_LEGEND = common.VizLegendOptions(
    display_mode=common.LegendDisplayMode.LIST, placement=common.LegendPlacement.BOTTOM, show_legend=True
)
_NO_LEGEND = common.VizLegendOptions(show_legend=False)
_TOOLTIP = common.VizTooltipOptions(mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.DESCENDING)


@dataclass(frozen=True)
class Writer:
    """Writes the panels of a dashboard in one language."""

    board: Board
    language: Language
    palette: str

    def text(self, key: str) -> str:
        """Return a text of the table, or nothing for no key."""
        return texts()[key][self.language] if key else ""

    def named(self, legend: str) -> str:
        """Return a legend: a template of Grafana as it is, a key's text."""
        return legend if legend.startswith("{{") else self.text(legend)

    def panel(self, panel: Panel, number: int) -> grafana.Panel:
        """Return a panel of the dashboard."""
        key = f"panel.{self.board}.{panel.key}"
        column, row, width, height = panel.place
        return grafana.Panel(
            type_val=_TYPES[panel.kind],
            id_val=number,
            title=self.text(f"{key}.title"),
            description=self.text(f"{key}.description"),
            datasource=SOURCE,
            grid_pos=grafana.GridPos(x=column, y=row, w=width, h=height),
            interval="5m",
            targets=list(self._targets(panel)),
            transformations=self._transformations(panel),
            options=self._options(panel),
            field_config=grafana.FieldConfigSource(defaults=self._defaults(panel), overrides=self._overrides(panel)),
        )

    def _targets(self, panel: Panel) -> Iterable[prometheus.Dataquery]:
        ranged = panel.kind in {"series", "timeline"}
        for letter, query in zip(ascii_uppercase, panel.asked, strict=False):
            yield prometheus.Dataquery(
                expr=query.expression,
                ref_id=letter,
                datasource=SOURCE,
                legend_format=self.named(query.legend) or "__auto",
                instant=not ranged,
                range_val=ranged,
                format_val=prometheus.PromQueryFormat.TABLE
                if panel.kind == "table"
                else prometheus.PromQueryFormat.TIME_SERIES,
            )

    def _transformations(self, panel: Panel) -> list[grafana.DataTransformerConfig] | None:
        if panel.kind != "table":
            return None
        fields = list(_fields(panel))
        organized = {
            "excludeByName": {"Time": True, **({} if any(each.query for each in panel.columns) else {"Value": True})},
            "indexByName": {name: place for place, name in enumerate(fields)},
            "renameByName": {name: self.text(column.title) for name, column in zip(fields, panel.columns, strict=True)},
            "includeByName": {},
        }
        return [
            grafana.DataTransformerConfig(id_val="merge", options={}),
            grafana.DataTransformerConfig(id_val="organize", options=organized),
        ]

    def _options(self, panel: Panel) -> object:
        match panel.kind:
            case "stat":
                return stat.Options(
                    graph_mode=common.BigValueGraphMode.NONE,
                    color_mode=common.BigValueColorMode.VALUE,
                    justify_mode=common.BigValueJustifyMode.AUTO,
                    text_mode=common.BigValueTextMode.AUTO,
                    orientation=_orientation(panel),
                    reduce_options=_LAST,
                )
            case "gauge":
                return gauge.Options(reduce_options=_LAST, show_threshold_markers=False)
            case "bars":
                return bargauge.Options(
                    reduce_options=_LAST,
                    orientation=common.VizOrientation.HORIZONTAL,
                    display_mode=common.BarGaugeDisplayMode.BASIC,
                    value_mode=common.BarGaugeValueMode.TEXT,
                    legend=_NO_LEGEND,
                )
            case "timeline":
                return statetimeline.Options(
                    show_value=common.VisibilityMode.NEVER if panel.legend else common.VisibilityMode.AUTO,
                    legend=_LEGEND if panel.legend else _NO_LEGEND,
                    tooltip=_TOOLTIP,
                    merge_values=True,
                )
            case "series":
                return timeseries.Options(legend=_LEGEND, tooltip=_TOOLTIP)
            case "table":
                order = [
                    common.TableSortByFieldState(display_name=self.text(title), desc=True) for title in panel.order
                ]
                return table.Options(
                    show_header=True,
                    cell_height=common.TableCellHeight.SM,
                    sort_by=order,
                    footer=common.TableFooterOptions(enable_pagination=True) if panel.paged else None,
                )

    def _defaults(self, panel: Panel) -> grafana.FieldConfig:
        colour = self.palette if panel.kind == "series" else "thresholds"
        return grafana.FieldConfig(
            unit=panel.unit,
            decimals=panel.decimals,
            min_val=None if panel.kind in {"table", "timeline"} else panel.least,
            max_val=None if panel.kind == "series" else panel.most,
            display_name=f"${{__field.labels.{panel.label}}}" if panel.label else None,
            mappings=[*self._mappings(panel.states), *self._nothing(panel)],
            thresholds=_thresholds(panel.steps),
            color=grafana.FieldColor(mode=grafana.FieldColorModeId(colour)),
            no_value=self.text(panel.empty) if panel.empty else None,
            custom=_custom(panel),
        )

    def _mappings(self, states: tuple[State, ...]) -> list[grafana.ValueMapping]:
        results = {
            str(state.value): grafana.ValueMappingResult(text=self.text(state.word), color=state.colour, index=place)
            for place, state in enumerate(states)
        }
        return [grafana.ValueMap(options=results)] if states else []

    def _words(self, words: tuple[tuple[str, str], ...]) -> list[grafana.ValueMapping]:
        results = {text: grafana.ValueMappingResult(text=self.text(key)) for text, key in words}
        return [grafana.ValueMap(options=results)] if words else []

    def _nothing(self, panel: Panel) -> list[grafana.ValueMapping]:
        if not panel.empty or panel.kind == "table":
            return []
        # a number that is not there would have the colour of the lowest one
        result = grafana.ValueMappingResult(text=self.text(panel.empty), color=GREY, index=len(panel.states))
        match = grafana.SpecialValueMatch.NULL_AND_NAN
        return [grafana.SpecialValueMap(options=grafana.DashboardSpecialValueMapOptions(match=match, result=result))]

    def _overrides(self, panel: Panel) -> list[grafana.DashboardFieldConfigSourceOverrides]:
        named = [_override("byName", self.text(column.title), self._cells(column)) for column in panel.columns]
        series = [
            _override("byName", each.name, {"displayName": self.text(each.title), "color": _fixed(each.colour)})
            for each in panel.series
        ]
        queries = [
            _override("byFrameRefID", letter, _style(query))
            for letter, query in zip(ascii_uppercase, panel.asked, strict=False)
            if query.colour or query.unit
        ]
        return named + series + queries

    def _cells(self, column: Column) -> dict[str, object]:
        # else an empty cell says what stands for an empty table
        properties: dict[str, object] = {"custom.width": column.width, "unit": column.unit, "noValue": "-"}
        if column.decimals is not None:
            properties["decimals"] = column.decimals
        if column.cell in _COLOURED:
            properties["custom.cellOptions"] = _COLOURED[column.cell]
        if column.cell == "gauge":
            properties |= {"custom.cellOptions": {"type": "gauge", "mode": "basic"}, "min": 0, "max": 1}
        if column.states or column.words:
            properties["mappings"] = self._mappings(column.states) + self._words(column.words)
        if column.steps:
            properties["thresholds"] = _thresholds(column.steps)
        if column.wraps:
            properties["custom.wrapText"] = True
        if column.link:
            properties["links"] = [{"title": self.text(column.link_title), "url": column.link}]
        return properties


def _orientation(panel: Panel) -> common.VizOrientation:
    # one below the other, also where their number is open
    many = panel.stacked or any(query.legend.startswith("{{") for query in panel.queries)
    return common.VizOrientation.HORIZONTAL if many else common.VizOrientation.AUTO


def _fields(panel: Panel) -> Iterator[str]:
    """Yield what Grafana calls the columns of a table: values bear the letters of their queries, a single one none."""
    letters = iter(ascii_uppercase[len(panel.queries) :])
    single = len(panel.asked) == 1
    for column in panel.columns:
        value = "Value" if single else "Value #{}"
        yield value.format(next(letters)) if column.query else str(column.label)


def _custom(panel: Panel) -> object:
    match panel.kind:
        case "series":
            return _graph(panel)
        case "timeline":
            # a gap is a time of which nothing is known
            return statetimeline.FieldConfig(line_width=0, fill_opacity=80, span_nulls=False)
        case "table":
            return common.TableFieldOptions(align=common.FieldTextAlignment.AUTO)
        case _:
            return None


def _graph(panel: Panel) -> common.GraphFieldConfig:
    stacking = common.StackingMode.NORMAL if panel.stacked else common.StackingMode.NONE
    return common.GraphFieldConfig(
        draw_style=common.GraphDrawStyle.BARS if panel.bars else common.GraphDrawStyle.LINE,
        line_interpolation=common.LineInterpolation.STEP_AFTER if panel.stepped else common.LineInterpolation.LINEAR,
        line_width=2,
        fill_opacity=60 if panel.stacked or panel.bars else 0,
        show_points=common.VisibilityMode.NEVER,
        span_nulls=SPAN,
        stacking=common.StackingConfig(mode=stacking, group="A"),
        axis_soft_max=panel.most,
    )


def _thresholds(steps: tuple[Step, ...]) -> grafana.ThresholdsConfig | None:
    if not steps:
        return None
    return grafana.ThresholdsConfig(
        mode=grafana.ThresholdsMode.ABSOLUTE,
        steps=[grafana.Threshold(value=step.above, color=step.colour) for step in steps],
    )


def _fixed(colour: str) -> dict[str, str]:
    return {"mode": "fixed", "fixedColor": colour}


def _style(query: Query) -> dict[str, object]:
    style: dict[str, object] = {}
    if query.colour:
        style["color"] = _fixed(query.colour)
    if query.unit:
        style["unit"] = query.unit
    if query.dashed:
        style["custom.lineStyle"] = {"fill": "dash", "dash": [8, 6]}
    return style


def _override(matcher: str, of: str, properties: Mapping[str, object]) -> grafana.DashboardFieldConfigSourceOverrides:
    return grafana.DashboardFieldConfigSourceOverrides(
        matcher=grafana.MatcherConfig(id_val=matcher, options=of),
        properties=[grafana.DynamicConfigValue(id_val=name, value=value) for name, value in properties.items()],
    )
