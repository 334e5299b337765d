"""The machine of a simulation: its clocks, its disk, and operations as the exporter is configured with them.

All instants are multiples of a small power of two, so that sums of them are exact and may be compared with `==`.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from fuzz.course import Terms
from wolkvox_exporter.config import AgentsMode, AmdMode, LiteralToken, Operation, SkillsMode
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.polling.timing import Polled
from wolkvox_exporter.polling.token_gate import TokenState
from wolkvox_exporter.storage import codec

EVENING = datetime.fromisoformat("2026-11-23T21:00:00-05:00").timestamp()
"""The true time of day at which a simulation begins."""
_GRAIN = 1024.0


def exact(seconds: float) -> float:
    """Return seconds as a multiple of the smallest step of time."""
    return round(seconds * _GRAIN) / _GRAIN


@dataclass
class Clock:
    """True time that only passes, and how the machine's clocks show it; see `runtime.clock.Clock`."""

    instant: float = 0.0
    shift: float = 1000.0
    """What the monotonic clock is ahead of true time, since the machine was booted."""
    ahead: float = 0.0
    """What the time of day is ahead of the true one."""
    boots: int = 1

    @property
    def now(self) -> Now:
        """This moment as the exporter sees it."""
        return Now(self.monotonic(), self.time())

    @property
    def true_time(self) -> float:
        """The time of day that no one has set."""
        return EVENING + self.instant

    def time(self) -> float:
        """See `Clock.time`."""
        return self.true_time + self.ahead

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self.instant + self.shift

    def boot(self) -> str:
        """See `Clock.boot`."""
        return f"boot {self.boots}"

    async def sleep_until(self, instant: float, wake: object = None) -> None:
        """See `Clock.sleep_until`: here time passes otherwise."""
        raise NotImplementedError

    def reboot(self) -> None:
        """Let the monotonic clock begin anew."""
        self.boots += 1
        self.shift = 50.0 - exact(self.instant)

    def frozen(self) -> "Clock":
        """Return a clock that stands at this moment."""
        return replace(self)


@dataclass(frozen=True)
class _Written:
    """A state as it was when it was written; it becomes bytes when somebody wants to read it."""

    operation: Operation
    state: OperationState
    clock: Clock


@dataclass
class Disk:
    """The states of operations and the notes beside them, as a folder keeps them."""

    states: dict[str, _Written] = field(default_factory=dict)
    notes: dict[str, tuple[_Written, _Written | None]] = field(default_factory=dict)
    """Each with the state that it goes on from."""

    def save(self, operation: Operation, state: OperationState, clock: Clock) -> None:
        """Write a whole state."""
        self.states[operation.name] = _Written(operation, state, clock.frozen())

    def note(self, operation: Operation, state: OperationState, clock: Clock) -> None:
        """Write the calls that went out since the state was saved."""
        written = _Written(operation, state, clock.frozen())
        self.notes[operation.name] = written, self.states.get(operation.name)

    def load(self, operation: Operation, clock: Clock) -> OperationState | None:
        """Read what is there of an operation."""
        saved, note = self.states.get(operation.name), self.notes.get(operation.name)
        content = _encoded(saved) if saved else None
        state = codec.decode(content, operation, clock) if content else None
        if note is None:
            return state
        written, of = note
        noted = codec.encode_note(written.operation, written.state, _encoded(of) if of else b"", written.clock)
        return codec.noted(state, content, noted, operation, clock)


def _encoded(written: _Written) -> bytes:
    return codec.encode(written.operation, written.state, written.clock)


def read_back(polled: Polled, token: TokenState, clock: Clock) -> Polled:
    """Return an operation as it would be read after it was written now."""
    content = codec.encode(polled.operation, replace(polled.state, token=token), clock)
    return replace(polled, state=codec.decode(content, polled.operation, clock))


@lru_cache(maxsize=1024)
def operation_of(terms: Terms) -> Operation:
    """Return an operation as the exporter has it in effect."""
    return Operation(
        name=terms.name,
        base_url=f"http://{terms.server}/api/v2",
        token=LiteralToken(SecretStr(terms.token)),
        interval=terms.campaigns,
        skills=(terms.chosen or SkillsMode.ALL) if terms.skills else SkillsMode.OFF,
        skills_interval=terms.skills or 300.0,
        agents=AgentsMode.BY_STATUS if terms.agents else AgentsMode.OFF,
        agents_interval=terms.agents or 300.0,
        amd_interval=terms.amd,
        quota_interval=terms.quota,
        amd=AmdMode(terms.mode),
        amd_max_calls=terms.most,
        quota_reserve=terms.reserve,
        timeout=terms.timeout,
        time_zone=ZoneInfo(terms.zone),
    )
