"""The simulated agent: on a call, on a break or ready for the next call, and what it did today."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum, auto

from wolkvox_exporter.simulator.answers import Row
from wolkvox_exporter.simulator.skill import Caller, percent

ACTIVITIES = ("ready", "inbound", "outbound", "acw", "ring", "aux", "login")
"""What the agents report gives the time of, each in a column of its own."""
DIRECTIONS = ("inbound", "outbound", "internal")
"""What it counts the calls of."""


class Status(StrEnum):
    """The states that every operation has; all others are texts of its own."""

    LOGOUT = auto()
    READY = auto()
    RING = auto()
    TALK = auto()
    ACW = auto()


@dataclass(frozen=True)
class LogIn:
    """Begin to work."""


@dataclass(frozen=True)
class LogOut:
    """End work: at once, or after the call and its after-call work."""


@dataclass(frozen=True)
class Break:
    """Be in a state with this `text` for so many `seconds`: at once, or after the call and its after-call work."""

    text: str
    seconds: int


Duty = LogIn | LogOut | Break


@dataclass(eq=False)
class Agent:
    """A person who takes the calls of some skills.

    `spelled` is how the report writes the predefined states. Times are seconds of simulated time. `changes` counts the
    changes of state: what was to end an earlier one is void.
    """

    id: str
    name: str
    skills: tuple[str, ...]
    spelled: Callable[[str], str] = str.upper
    state: str = Status.LOGOUT
    since: int = 0
    changes: int = 0
    caller: Caller | None = None
    next_duty: LogOut | Break | None = None
    calls: Counter[str] = field(default_factory=Counter)
    _times: Counter[str] = field(default_factory=Counter, init=False, repr=False)
    _booked: int = field(default=0, init=False, repr=False)

    def enter(self, state: str, now: int, caller: Caller | None = None) -> None:
        """Be in another state from `now` on, with the `caller` whom it is about."""
        self._book(now)
        self.state, self.since, self.caller = state, now, caller
        self.changes += 1

    def _book(self, now: int) -> None:
        """Count the time in the present state until `now` as today's."""
        if self.state == Status.TALK and self.caller is not None:
            self._times[self.caller.direction] += now - self._booked
        elif self.state != Status.LOGOUT:
            self._times[self.state if self.state in _TIMED else "aux"] += now - self._booked
        self._booked = now

    def times(self, now: int) -> Counter[str]:
        """Give today's seconds until `now` by activity."""
        self._book(now)
        return Counter({**self._times, "login": self._times.total()})

    def begin_day(self, now: int) -> None:
        """Count from 0 again; the present state goes on."""
        self._book(now)
        self._times.clear()
        self.calls.clear()

    def row(self, now: int) -> Row:
        """Write this agent as the real-time report does, everything as text."""
        times = self.times(now)
        handled = times["inbound"] + times["outbound"] + times["acw"]
        answered = self.calls["inbound"] + self.calls["outbound"]
        return {
            "agent_id": self.id,
            "agent_name": self.name,
            "agent_status": self.spelled(self.state) if self.state in _PREDEFINED else self.state,
            "calls": str(self.calls.total()),
            **{direction: str(self.calls[direction]) for direction in DIRECTIONS},
            "time_state_now": str(now - self.since),
            **{f"{activity}_time": _clock(times[activity]) for activity in ACTIVITIES},
            "aht_time": _clock(handled // answered if answered else 0),
            "ocupation": percent(handled, times["login"] - times["aux"]),
        }


_PREDEFINED = frozenset(Status)
_TIMED = frozenset({Status.READY, Status.RING, Status.ACW})
"""The states whose times have the columns of their names."""


def _clock(seconds: int) -> str:
    return f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
