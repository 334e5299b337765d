"""Replicas, on the exporter's dashboard: who has the database, who polls what, and how often that changes."""

from mixin.dashboards.colours import BLUE, VERMILLION
from mixin.dashboards.model import Column, Panel, Query, State
from mixin.dashboards.shared import ANSWERING, OF_TARGET, TARGET
from mixin.replica_alerts import HANDOVERS, LEASE_HELD, STORE_UP

_ALONE = "an exporter has replicas only where its state is a database"
_POLLED = (State(1, "state.polled", BLUE), State(0, "state.not_polled", VERMILLION))
_HELD = f"max by (operation, instance) ({LEASE_HELD}{{{OF_TARGET}}} == 1)"


def panels(row: int) -> tuple[Panel, ...]:
    """Return the panels that stand in a row of the grid."""
    return (_store(row), _holders(row), _handovers(row))


def _store(row: int) -> Panel:
    return Panel(
        "store",
        "timeline",
        (0, row, 8, 7),
        (Query(f"max by (instance) ({STORE_UP}{{{TARGET}}})", "{{instance}}", rightly_empty=_ALONE),),
        "none",
        states=ANSWERING,
        legend=False,
        empty="empty.no_replicas",
    )


def _holders(row: int) -> Panel:
    asked = f"{_HELD} or on (operation) max by (operation) ({LEASE_HELD}{{{OF_TARGET}}})"
    return Panel(
        "holders",
        "table",
        (8, row, 8, 7),
        (),
        "none",
        columns=(
            Column("column.operation", 200, "operation"),
            Column("column.polled", 110, None, Query(asked, rightly_empty=_ALONE), "none", "colour", _POLLED),
            Column("column.replica", 200, "instance"),
        ),
        least_first=("column.polled", "column.operation"),
        paged=True,
        empty="empty.no_replicas",
    )


def _handovers(row: int) -> Panel:
    asked = f"sum by (instance) (increase({HANDOVERS}{{{TARGET}}}[$__rate_interval]))"
    return Panel(
        "handovers",
        "series",
        (16, row, 8, 7),
        (Query(asked, "{{instance}}", rightly_empty=_ALONE),),
        bars=True,
        stacked=True,
        empty="empty.no_replicas",
    )
