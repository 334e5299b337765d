"""Pieces of PromQL that rules and dashboards share."""

import re

from wolkvox_exporter.config import durations

REPLICA_LABELS = ("instance", "pod", "container", "endpoint", "node")
"""What tells two replicas of an exporter apart: the usual target labels, also those of a PodMonitor."""
NOBODY_WAITS = "|0|VAGENT"
"""Matches the skills at which no agent waits for calls: none, and the virtual agent's."""
WHOLE_HOUR = " * 60 / 61"
"""What an increase in 61 minutes is multiplied by."""
_DURATION = re.compile(r"(?<=\[)[0-9a-z]+(?::[0-9a-z]+)?(?=\])|(?<=offset )[0-9a-z]+")


def of_any_replica(expression: str) -> str:
    """Match, in a set operation, what any of several replicas says: before they are folded there is less to fold."""
    return f"ignoring ({', '.join(REPLICA_LABELS)}) {expression}"


def fold(expression: str) -> str:
    """Make one series of those of several replicas, which would count double otherwise."""
    return f"max without ({', '.join(REPLICA_LABELS)}) ({expression})"


def fold_least(expression: str) -> str:
    """Do the same where the least of what replicas say is what matters."""
    return f"min without ({', '.join(REPLICA_LABELS)}) ({expression})"


def increase_1h(selector: str) -> str:
    """Return by how much a counter has risen in an hour, which is a whole number of polls.

    Scrapes a minute apart see an hour from its beginning to its end only in 61 minutes; those of one hour would see 59,
    that is eleven polls or twelve, and call it sixty.
    """
    return f"increase({selector}[61m]){WHOLE_HOUR}"


def fresh(report: str) -> str:
    """Be silent on old data: one lost poll is forgiven, an outage is another alert's business; where it is off, too."""
    return _polled(report, "6m")


def lasting(report: str) -> str:
    """Do the same for what has to last: two lost polls do not begin a long `for` anew."""
    return _polled(report, "11m")


def _polled(report: str, window: str) -> str:
    up = fold(f'max_over_time(wolkvox_up{{report="{report}"}}[{window}])')
    return f"and on (job, operation)\n  {up} == 1"


def last_begun(report: str = "", exporter: str = "") -> str:
    """Say when a call for each report was last begun; of one that was never asked, when the configuration was loaded.

    `report` selects among the series of reports, `exporter` among those of exporters.
    """
    loaded = f"wolkvox_exporter_config_last_reload_success_timestamp_seconds{_braced(exporter)}"
    return f"""
      wolkvox_report_last_attempt_timestamp_seconds{_braced(report)}
    or
      0 * wolkvox_report_interval_seconds{_braced(report)}
    + on (job, instance) group_left ()
      max by (job, instance) ({loaded})
  """


def _braced(selector: str) -> str:
    return f"{{{selector}}}" if selector else ""


def faster(expression: str, pace: int) -> str:
    """Divide all durations of an expression by `pace`."""
    if pace == 1:
        return expression
    return _DURATION.sub(lambda found: ":".join(shorter(each, pace) for each in found[0].split(":")), expression)


def shorter(duration: str, pace: int) -> str:
    """Divide a duration; the result is written in the units that Prometheus knows."""
    return duration if pace == 1 else durations.written(durations.parse(duration) / pace)
