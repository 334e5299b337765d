"""The life of a database: it is another one where it was made anew, restored, or failed over. Pure.

Failing over may have lost what was acknowledged. Whoever does not know what the last holder of a token knew waits, by
its own clock, until no call of that holder can be under way, and counts every report as asked when the life began.
"""

from dataclasses import dataclass, replace
from types import MappingProxyType

from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.polling.store import SLACK
from wolkvox_exporter.replicas.store import Identity


@dataclass(frozen=True, slots=True)
class Life:
    """A life of the database: its name, and when on the monotonic clock this process first saw it."""

    name: str
    noticed: float
    is_first: bool
    """Whether this process has seen no other before."""


def name_of(identity: Identity) -> str:
    """Return what tells a life from others."""
    return f"{identity.system}/{identity.timeline}/{identity.schema_made}"


def looked(before: Life | None, identity: Identity, now: float) -> Life:
    """Return the life that the database is in, seen at `now`, monotonic; `before` itself if it is still that."""
    name = name_of(identity)
    if before and before.name == name:
        return before
    return Life(name, now, is_first=before is None)


def pause(length: float, timeout: float) -> float:
    """Return for how many seconds a lease of such a length, and a call of its holder, may last that nobody knows of."""
    return length + SLACK + timeout


def counted_as_asked(state: OperationState, at: float) -> OperationState:
    """Return the state in which no report was asked before the instant `at`; rounds that were under way are over."""
    progress = {
        name: replace(each, started=at if each.started is None else max(each.started, at), retry=None, calls=0)
        for name, each in state.progress.items()
    }
    return replace(state, progress=MappingProxyType(progress))
