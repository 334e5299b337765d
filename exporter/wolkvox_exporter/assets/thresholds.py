"""From where on alerts speak: what the bundled rules take unless a settings file says otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """A threshold; the unit ends the name: seconds, or a ratio of 0-1, else a plain number."""

    name: str
    default: float
    about: str

    @property
    def in_seconds(self) -> bool:
        """Return whether it is a duration."""
        return self.name.endswith("_seconds")

    @property
    def is_ratio(self) -> bool:
        """Return whether it is a share of 0-1."""
        return self.name.endswith("_ratio")

    @property
    def setting(self) -> str:
        """The series, by operation, of a file made from the user's settings."""
        return f"operation:wolkvox_{self.name}:setting"

    @property
    def record(self) -> str:
        """The series, of every operation, that alerts compare with."""
        return f"operation:wolkvox_{self.name}:threshold"


def of_operations(value: float, selector: str = "") -> str:
    """Return PromQL that gives operations a value: all of them, or those that a selector of labels finds."""
    return f"0 * group by (job, operation) (wolkvox_operation_info{selector}) + {value:.12g}"


THRESHOLDS = (
    Threshold("running_out_seconds", 2700, "Time to empty below which a list runs out."),
    Threshold("rotating_recycles", 3, "Recycles a day from which on a list is known to be worked again and again."),
    Threshold("machine_ratio", 0.5, "Share of answering machines among an hour's results."),
    Threshold("failure_ratio", 0.4, "Share of busy, congested and failed calls among an hour's results."),
    Threshold("answer_drop_ratio", 0.5, "Share of a campaign's usual answer rate."),
    Threshold("dialed_for_shares", 100, "Records dialled in an hour below which shares of results mean nothing."),
    Threshold("dialed_for_hits", 300, "Records dialled in an hour below which the absence of hits means nothing."),
    Threshold("quota_used_ratio", 0.8, "Share of the day's calls to the API; above the exporter's reserve."),
    Threshold("failed_polls_ratio", 0.4, "Share of an hour's polls; an outage of twenty minutes stays below."),
    Threshold("late_attempt_seconds", 600, "How much later than after two intervals a report may be asked."),
    Threshold("waiting_calls", 5, "Calls waiting for an agent of a skill, above which its queue is long."),
    Threshold("abandon_ratio", 0.03, "Share of an hour's calls that were abandoned."),
    Threshold("offered_for_shares", 100, "Calls offered to a skill in an hour below which shares mean nothing."),
    Threshold("service_level_ratio", 0.8, "Share of the day's calls that should be answered in time."),
    Threshold("service_level_threshold", 20, "In how many seconds that is: 10, 20, 30, or service_level_seconds."),
    Threshold("acw_seconds", 1800, "After-call work of one agent."),
    Threshold("agent_state_seconds", 4500, "Any other state of one agent but ready: a call, a break."),
)
"""A new one is an entry here."""
