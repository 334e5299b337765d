"""What replicas want of the operations in effect, and what a replica says of itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.replicas.leases import is_free
from wolkvox_exporter.replicas.store import View


@dataclass(frozen=True, slots=True)
class Lead:
    """From what on an operation is asked for here: a state or, without one, what it is now."""

    state: OperationState | None
    busy: float | None
    """Until when a call may last that was made with its token, monotonic."""
    is_new_token: bool
    """Whether the state was reached with another token."""
    is_to_be_kept: bool
    """Whether the state is to be kept, and published, before anything is asked."""


class Operations(Protocol):
    """The operations in effect, and what may be done with them; all by name."""

    def all(self) -> Mapping[str, Operation]:
        """Return them."""

    async def tokens(self, salt: str) -> Mapping[str, str]:
        """Return what stands for the token of each in the database; one whose token cannot be read is missing."""

    def is_idle(self, name: str) -> bool:
        """Return whether no call of it is under way, and no answer is being read or kept."""

    def is_led(self, name: str) -> bool:
        """Return whether it is asked for."""

    async def lead(self, name: str, how: Lead) -> None:
        """Ask for it from now on."""

    def finish(self, name: str) -> None:
        """Begin no further call for it; what the one under way brings is kept and published yet."""

    def stand_down(self, name: str) -> None:
        """Begin no call for it from now on, and keep and publish nothing of it."""

    def is_shown(self, name: str) -> bool:
        """Return whether anything of it is published that was kept, here or by another replica."""

    def follow(self, name: str, state: OperationState) -> None:
        """Publish what another replica has kept of it."""

    def initial(self, name: str) -> OperationState:
        """Return the state of one of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a replica stands with the others, for people and metrics."""

    is_up: bool = False
    """Whether the database did all that was asked of it last."""
    holders: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The replica that polls each operation, by name; none where nobody does."""
    led: frozenset[str] = frozenset()
    """The operations that are polled here."""
    handovers: int = 0
    """How many tokens were taken over that another replica had before."""
    differing: tuple[str, ...] = ()
    """The replicas whose operations in effect differ from those here."""
    trouble: str = ""
    """What is wrong with the database, and what to do about it."""


def polled_by(operations: Iterable[Operation], tokens: Mapping[str, str], view: View) -> dict[str, str]:
    """Return the replica that polls each operation, by name, as the database says; none where nobody does.

    `tokens` are those that are had here; of others the last writer's counts.
    """
    written = {(row.name, row.server): row.token for row in view.rows}
    found = {each.name: tokens.get(each.name, written.get((each.name, each.base_url), "")) for each in operations}
    had = {name: view.leases[token] for name, token in found.items() if token in view.leases}
    return {name: lease.holder for name, lease in had.items() if not is_free(lease, view.now)}
