"""How graphs, timelines and tables draw what they show, as Grafana's options of a field."""

from grafana_foundation_sdk.models import common, statetimeline

from mixin.dashboards.model import Panel, Query

SPAN = 600_000
"""Milliseconds: a poll that is missed is bridged, an outage is not."""


def custom(panel: Panel) -> object:
    """Return the options that a kind of panel has of its own; None if there are none."""
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
        bar_alignment=common.BarAlignment.BEFORE if panel.hourly else None,
        bar_width_factor=0.95 if panel.hourly else None,
    )


def fixed(colour: str) -> dict[str, str]:
    """Return a colour that is always the same."""
    return {"mode": "fixed", "fixedColor": colour}


def style(query: Query) -> dict[str, object]:
    """Return in what the result of a query differs from the panel's others."""
    properties: dict[str, object] = {}
    if query.colour:
        properties["color"] = fixed(query.colour)
    if query.unit:
        properties["unit"] = query.unit
    if query.dashed:
        properties["custom.lineStyle"] = {"fill": "dash", "dash": [8, 6]}
    if query.line:
        properties["custom.drawStyle"] = "line"
        properties["custom.lineInterpolation"] = "stepBefore"
        properties["custom.fillOpacity"] = 0
        properties["custom.axisPlacement"] = "right"
        properties["custom.stacking"] = {"mode": "none", "group": "B"}
    return properties
