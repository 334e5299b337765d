"""What the dashboards have in common: selectors, variables, colours of states and results."""

from mixin.dashboards.colours import AMBER, BLUE, GREEN, GREY, PURPLE, VERMILLION
from mixin.dashboards.model import Annotation, Series, State, Step, Variable
from mixin.promql import fold
from mixin.recording import STATE, STATES

JOB = 'job=~"$job"'
OPERATION = f'{JOB}, operation=~"$operation"'
OF_SKILL = f'{OPERATION}, skill=~"$skill"'
FIRING = 'alertstate="firing", alertname=~"Wolkvox.+", severity!="none", job=~"$job", operation=~"$operation|"'
"""Alerts of the operations chosen and of the exporter itself; not the one that always fires."""
# where one is chosen: Grafana escapes nothing then, so that a regular expression would take `.` and `+` for its own; in
# this format it writes the quotes, and escapes those in a name, which Grafana 10 does not do otherwise
ONE_OPERATION = f"{JOB}, operation=${{operation:doublequote}}"
CAMPAIGN = f'{ONE_OPERATION}, campaign_id="$campaign_id"'
TARGET = f'{JOB}, instance=~"$instance"'
OF_TARGET = f'{TARGET}, operation=~"$operation"'
IDENTITY = "operation, campaign, campaign_id, skill"

STATES_OF_CAMPAIGN = tuple(
    State(STATES.index(state), word, colour)
    for state, word, colour in (
        ("stopped", "state.stopped", PURPLE),
        ("calling", "state.calling", BLUE),
        ("other_phone", "state.other_phone", GREEN),
        ("list_empty", "state.list_empty", AMBER),
        ("no_calls", "state.no_calls", VERMILLION),
    )
)
ANSWERING = (State(1, "state.up", BLUE), State(0, "state.down", VERMILLION))
ACCEPTED = (State(1, "state.accepted", BLUE), State(0, "state.rejected", VERMILLION))
SEVERITY = (
    State(3, "state.critical", VERMILLION),
    State(2, "state.warning", AMBER),
    State(1, "state.info", BLUE),
)
RESULTS = tuple(
    Series(result, f"result.{result}", colour)
    for result, colour in (
        ("answer", GREEN),
        ("no_answer", BLUE),
        ("answer_machine", PURPLE),
        ("busy_congestion_failed", VERMILLION),
    )
)
BY_ID = r'/campaign="(?<text>.*?)",\s*campaign_id="(?<value>[^"]*)"/'
"""How a variable shows names, which are what people read, for ids, which are what tells campaigns apart."""
PLAIN = (Step(None, BLUE),)

OF_JOB = Variable("job", "label_values(wolkvox_exporter_build_info, job)", all_value=".+")
OF_OPERATION = Variable("operation", f"label_values(wolkvox_report_interval_seconds{{{JOB}}}, operation)")


def above(amber: float, vermillion: float, calm: str = BLUE) -> tuple[Step, ...]:
    """Return the colours of a number that is bad when it is high."""
    return Step(None, calm), Step(amber, AMBER), Step(vermillion, VERMILLION)


def below(amber: float, vermillion: float, calm: str = BLUE) -> tuple[Step, ...]:
    """Return the colours of a number that is bad when it is low."""
    return Step(None, VERMILLION), Step(vermillion, AMBER), Step(amber, calm)


def status_changes(selector: str, *, shown: bool) -> Annotation:
    """Mark when a campaign was started or stopped."""
    changed = _changed("wolkvox_campaign_started", selector)
    return Annotation("annotation.status", changed, "{{operation}}: {{campaign}}", PURPLE, shown)


def recycles(selector: str, *, shown: bool) -> Annotation:
    """Mark when a list was recycled or loaded anew."""
    changed = _changed("wolkvox_campaign_recycles", selector)
    return Annotation("annotation.recycles", changed, "{{operation}}: {{campaign}}", GREEN, shown)


def _changed(metric: str, selector: str) -> str:
    """Return what differs from a step before; changes() would count what appears on some backends."""
    now = fold(f"{metric}{{{selector}}}")
    return f"({now} != bool {fold(f'{metric}{{{selector}}} offset 5m')}) > 0"


def other_phone(selector: str) -> Annotation:
    """Mark passes over another phone, in which records change their results without being dialled anew."""
    passes = f"{STATE}{{{selector}}} == {STATES.index('other_phone')}"
    return Annotation("annotation.other_phone", passes, "{{operation}}: {{campaign}}", GREY, shown=True)


def firing(selector: str) -> Annotation:
    """Mark alerts."""
    alerts = f'ALERTS{{alertstate="firing", alertname=~"Wolkvox.+", {selector}}}'
    return Annotation("annotation.alerts", alerts, "{{alertname}} {{operation}} {{campaign}}", VERMILLION, shown=False)
