"""The real-time agents report: `real_time.php?api=agents`, one row an agent, of which only totals are kept.

A row is about a person. Nothing but its state, its counts and its times is looked at, and none of these is kept by row.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from unicodedata import normalize

from wolkvox_exporter.api import response, values
from wolkvox_exporter.api.client import Call
from wolkvox_exporter.api.fields import Field, Fields, Unread
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.runtime.serializable import Table

API = "agents"
STATUS = "agent_status"
IN_STATE = "time_state_now"
CALL = Call("real_time.php", {"api": API}, "agents", about_people=True)
TEXTS: Fields = {STATUS: Field("READY")}
SUMMED: Fields = {
    "inbound": Field("2", values.count),
    "outbound": Field("29", values.count),
    "internal": Field("0", values.count),
    "ready_time": Field("01:02:03", values.duration),
    "inbound_time": Field("00:07:10", values.duration),
    "outbound_time": Field("02:11:45", values.duration),
    "acw_time": Field("00:40:02", values.duration),
    "ring_time": Field("00:03:20", values.duration),
    "aux_time": Field("00:25:00", values.duration),
    "login_time": Field("04:40:00", values.duration),
}
"""The numbers that are added up over all agents."""
NUMBERS: Fields = {IN_STATE: Field("14", values.seconds), **SUMMED}
FIELDS = (*TEXTS, *NUMBERS)
ALWAYS = ("ready", "talk", "ring", "acw")
"""The states of wolkvox that are counted also where nobody is in them, since the report is the whole list."""
_OWN_OF_WOLKVOX = frozenset((*ALWAYS, "logout"))
MOST_STATUSES = 50
"""States of the operation's own that are told apart."""
OTHER = "other"
"""What stands for the rest of them."""
LONGEST_STATUS = 100
"""Characters of a state's name."""


@dataclass(frozen=True, slots=True)
class Agents:
    """What is kept of all agents: how many are in each state and for how long at most, in seconds, and sums.

    A state is left out of `longest`, and a field out of `sums`, where one of the values in it is not known.
    """

    statuses: Table[str, int]
    longest: Table[str, float]
    sums: Table[str, float]
    """By the API's key; times in seconds."""


@dataclass(frozen=True, slots=True)
class AgentsReport:
    """The totals of one answer, and how much of it could not be read."""

    agents: Agents
    unread: Unread


def read(answer: Answer) -> AgentsReport:
    """Read an answer; raises `ApiError` where the whole is no report. Neither says who an agent is."""
    report = response.read(answer, _report, STATUS, about_people=True)
    if not sum(report.agents.statuses.values()) and (rows := report.unread.counts[STATUS]):
        raise response.unexpected_shape(f"none of the {rows} rows has a state that can be read")
    return report


def _report(rows: Iterator[object]) -> AgentsReport:
    unread, totals = Unread(about_people=True), _Totals()
    for row in rows:
        unread.rows += 1
        if not isinstance(row, dict):
            unread.add(STATUS, row)
            totals.add("", {})
        elif not values.is_blank(row, FIELDS):
            totals.add(unread.read(row, STATUS, _status) or "", unread.read_all(row, NUMBERS))
    return AgentsReport(totals.agents(), unread)


@dataclass
class _Totals:
    """Adds rows up."""

    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(ALWAYS, 0)))
    longest: dict[str, float | None] = field(default_factory=dict)
    sums: dict[str, float | None] = field(default_factory=lambda: dict.fromkeys(SUMMED, 0.0))

    def add(self, status: str, numbers: Mapping[str, float]) -> None:
        """Take a row; without a status it is in no state that is known."""
        for key, before in self.sums.items():
            # a sum over a part of the agents is a wrong number
            self.sums[key] = None if before is None or key not in numbers else before + numbers[key]
        if status:
            self.counts[status] += 1
            self.longest[status] = _longest(self.longest.get(status, 0.0), numbers.get(IN_STATE))

    def agents(self) -> Agents:
        """Return what came of all rows."""
        rest = frozenset(sorted(self.counts.keys() - _OWN_OF_WOLKVOX)[MOST_STATUSES:])
        statuses: Counter[str] = Counter()
        longest: dict[str, float | None] = {}
        for status, number in self.counts.items():
            name = OTHER if status in rest else status
            statuses[name] += number
            if number:
                longest[name] = _longest(longest.get(name, 0.0), self.longest[status])
        return Agents(MappingProxyType(dict(statuses)), _known(longest), _known(self.sums))


def _longest(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)


def _known(numbers: Mapping[str, float | None]) -> Mapping[str, float]:
    return MappingProxyType({key: number for key, number in numbers.items() if number is not None})


def _status(value: object) -> str:
    """Return the state, one of wolkvox in lower case; nothing where the value is blank."""
    written = normalize("NFC", values.text(value))
    # a number is no state: it may be somebody's id, and is none to be shown
    if len(written) > LONGEST_STATUS or (written and not any(map(str.isalpha, written))):
        raise values.Unreadable
    folded = written.lower()
    return folded if folded in _OWN_OF_WOLKVOX else written
