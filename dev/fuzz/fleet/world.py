"""The API that is asked, and the referee who watches who asks and what is shown."""

import json
from dataclasses import dataclass, field
from random import Random

from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.polling.state import Failure, OperationState
from wolkvox_exporter.replicas.offset import DRIFT

FAILED = Failure(Reason.TIMEOUT, "no answer", "wait", "none", reset=False)


class BrokenError(AssertionError):
    """A promise was broken."""


@dataclass
class Referee:
    """What was promised; raises `BrokenError`."""

    interval: float
    last: dict[str, float] = field(default_factory=dict)
    """When each operation was last asked."""
    busy: dict[str, tuple[float, str]] = field(default_factory=dict)
    """Until when the last call of each token lasts, and whose it is."""
    shown: dict[tuple[str, str], float] = field(default_factory=dict)
    """What each replica shows of each operation: calls dialled."""
    highest: dict[str, float] = field(default_factory=dict)
    """The most that any replica alive has shown of it."""

    def asked(self, name: str, token: str, replica: str, *, at: float, begins: float, ends: float) -> None:
        """See a call that is attempted `at` an instant, and lasts from its first byte to its end."""
        until, by = self.busy.get(token, (float("-inf"), ""))
        if begins < until:
            raise BrokenError(f"overlap at {begins:.3f}: {replica} asks with {token}, as {by} does until {until:.3f}")
        early = self.last.get(name, float("-inf")) + self.interval * (1 - 2 * DRIFT)
        if at < early:
            raise BrokenError(f"early at {at:.3f}: {replica} asks for {name}, due at {early:.3f}")
        self.busy[token], self.last[name] = (ends, replica), at

    def keeps(self, replica: str, name: str, state: OperationState) -> None:
        """See what the replica that asks shows."""
        dialled = _dialled(state)
        if dialled < self.highest.get(name, 0.0):
            raise BrokenError(f"fall: {replica} goes on with {dialled} of {name}, shown was {self.highest[name]}")
        self.shows(replica, name, state)

    def shows(self, replica: str, name: str, state: OperationState) -> None:
        """See what a replica shows."""
        dialled, before = _dialled(state), self.shown.get((replica, name), 0.0)
        if dialled < before:
            raise BrokenError(f"fall: {replica} shows {dialled} of {name} after {before}")
        self.shown[replica, name] = dialled
        self.highest[name] = max(self.highest.get(name, 0.0), dialled)

    def dies(self, replica: str) -> None:
        """Forget what a replica shows."""
        self.shown = {key: value for key, value in self.shown.items() if key[0] != replica}

    def forgets_the_dead(self) -> None:
        """Count what the living show: what only others knew was lost."""
        self.highest = {}
        for (_, name), value in self.shown.items():
            self.highest[name] = max(self.highest.get(name, 0.0), value)


def _dialled(state: OperationState) -> float:
    return sum(values.get("dial", 0.0) for values in state.published.activity.values())


Reply = tuple[float, Answer | Failure]
"""After how many seconds a call ends, and what it brings."""


@dataclass
class Api:
    """Answers calls; every answer shows more calls dialled than the one before."""

    random: Random
    referee: Referee
    dialled: dict[str, int] = field(default_factory=dict)
    calls: int = 0

    def called(self, name: str, token: str, replica: str, *, at: float, gap: float, timeout: float) -> Reply:
        """Take a call whose first byte comes a `gap` after it was attempted; return when it ends, and how."""
        fails = self.random.random() < 0.1
        longest = timeout - gap
        takes = gap + (longest if fails else self.random.choice((0.2, 1.0, self.random.uniform(0, longest))))
        self.referee.asked(name, token, replica, at=at, begins=at + gap, ends=at + takes)
        self.calls += 1
        if fails:
            return takes, FAILED
        self.dialled[name] = self.dialled.get(name, 0) + self.random.randint(1, 9)
        rows = [{"campaign": "1 - A", "status": "started", "dial": f"{self.dialled[name]}"}]
        return takes, Answer(200, json.dumps(rows).encode())
