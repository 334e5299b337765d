"""Where the states of operations are kept beyond the process."""

from typing import Protocol

from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling.state import OperationState

SLACK = 5.0
"""Seconds that a store may take; after that polling goes on without. A call may go out that much later than noted."""


class Store(Protocol):
    """Keeps states; nothing here raises, and what goes wrong is told to the log."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes use it: no call without a note then, and nothing is shown that is not kept."""

    async def load(self, operation: Operation) -> OperationState | None:
        """Return what is kept of an operation, with its instants on this process's clock; None if nothing is."""

    async def note(self, operation: Operation, state: OperationState) -> bool:
        """Keep that the last of `state.unsaved` is about to go out; return whether that is safe within `SLACK`."""

    async def save(self, operation: Operation, state: OperationState) -> bool:
        """Keep the whole; return whether it is safe within `SLACK`."""
