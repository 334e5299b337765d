"""The families of the agents report: totals of an operation, of which none is about a person."""

from collections.abc import Callable, Iterator, Mapping

from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.api.reports import agents
from wolkvox_exporter.api.reports.agents import Agents
from wolkvox_exporter.metrics.builders import described
from wolkvox_exporter.metrics.family import Family, Sample
from wolkvox_exporter.polling.snapshot import Snapshot

_DIRECTIONS = {name: name for name in ("inbound", "outbound", "internal")}
_ACTIVITIES = {f"{name}_time": name for name in ("ready", "inbound", "outbound", "acw", "ring", "aux", "login")}
_TODAY = "as the API counts it, it seems in the day; falls when somebody leaves the list, absent while a row lacks it"


def _gauge(
    name: str, text: str, label: str, values: Callable[[Agents], Mapping[str, float]], *fields: str
) -> Family[Snapshot]:
    """Return the family of some totals of an operation by one label."""

    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        if snapshot.agents is not None:
            for key, number in values(snapshot.agents).items():
                yield (snapshot.operation, key), number

    source = ", ".join(fields)
    told = described(text, source, ReportName.AGENTS)
    return Family(name, "gauge", told, ("operation", label), source, samples, ReportName.AGENTS)


def _sums(names: Mapping[str, str]) -> Callable[[Agents], Mapping[str, float]]:
    return lambda totals: {name: totals.sums[field] for field, name in names.items() if field in totals.sums}


FAMILIES: tuple[Family[Snapshot], ...] = (
    _gauge(
        "wolkvox_agents",
        f"Agents by their state: {', '.join(agents.ALWAYS)} always, others while somebody is in them; beyond "
        f"{agents.MOST_STATUSES} of the operation's own the rest is {agents.OTHER}",
        "status",
        lambda totals: totals.statuses,
        agents.STATUS,
    ),
    _gauge(
        "wolkvox_agents_state_max_seconds",
        "For how long the agent who is in the state longest is in it",
        "status",
        lambda totals: totals.longest,
        agents.IN_STATE,
    ),
    _gauge(
        "wolkvox_agents_calls", f"Calls of all agents together, {_TODAY}", "direction", _sums(_DIRECTIONS), *_DIRECTIONS
    ),
    _gauge(
        "wolkvox_agents_time_seconds",
        f"Time that all agents together have spent so, {_TODAY}",
        "activity",
        _sums(_ACTIVITIES),
        *_ACTIVITIES,
    ),
)
