"""Alerts on replicas and the database that they share; silent where there are none."""

from mixin.promql import fold
from mixin.rules import Alert, Group

STORE_UP = "wolkvox_exporter_store_up"
LEASE_HELD = "wolkvox_exporter_lease_held"
HANDOVERS = "wolkvox_exporter_lease_handovers_total"
DIFFERING = "wolkvox_exporter_replicas_differing"
# a database that answers only now and then is none, and so is an exporter that restarts meanwhile
_LATELY = f"(avg_over_time({STORE_UP}[10m]) and {STORE_UP})"
_ALERTS = (
    Alert(
        "WolkvoxReplicaWithoutDatabase",
        f"  {STORE_UP} == 0\nor\n  {_LATELY} < 0.5",
        *("5m", "warning", "platform", "exporter"),
    ),
    Alert(
        "WolkvoxDatabaseDown",
        f"  max by (job) ({STORE_UP}) == 0\nor\n  max by (job) {_LATELY} < 0.5",
        *("5m", "critical", "platform", "exporter"),
    ),
    Alert(
        "WolkvoxOperationNotPolled",
        f"""\
  # a token that is handed over is nobody's for some seconds
  {fold(f"max_over_time({LEASE_HELD}[3m])")} == 0
and on (job)
  max by (job) ({STORE_UP}) == 1""",
        *("5m", "critical", "platform", "exporter"),
    ),
    Alert(
        "WolkvoxReplicasDiffer",
        f"max by (job) (max_over_time({DIFFERING}[3m])) > 0",
        # longer than a change takes that comes to one after the other
        *("15m", "warning", "platform", "exporter"),
    ),
    Alert(
        "WolkvoxHandoversRepeating",
        f"""\
  sum by (job) (increase({HANDOVERS}[1h]))
>
  # replacing all replicas, one after the other, takes two of each token
  6 * count by (job) (group by (job, operation) ({LEASE_HELD}))""",
        *("5m", "warning", "platform", "exporter"),
    ),
)
GROUP = Group("wolkvox-replicas.alerts", _ALERTS)
"""The alerts of the area `platform` that several exporters need which are one."""
