"""How polling goes, in a line for whoever asks the service manager."""

from collections.abc import Iterable
from textwrap import shorten

from wolkvox_exporter.polling.snapshot import Snapshot

# a line on a terminal; there may be hundreds of operations
_LONGEST = 200


def status(snapshots: Iterable[Snapshot], *, is_live: bool, config_loaded: bool = True) -> str:
    """Return which operations do not answer, and why; names and reasons only."""
    if not is_live:
        # no reason to end all the others: it is started again by itself
        return "a worker has died; see the log"
    operations = list(snapshots)
    waiting = sum(all(state.up is None for state in snapshot.reports.values()) for snapshot in operations)
    failing = [
        f"{snapshot.operation} ({', '.join(reasons)})"
        for snapshot in operations
        if (reasons := sorted({state.trouble.reason for state in snapshot.reports.values() if state.trouble}))
    ]
    parts = [f"{len(operations)} operation{'s' * (len(operations) != 1)}"]
    parts += ["the changed configuration is bad, see the log"] * (not config_loaded)
    parts += [f"{waiting} not polled yet"] * bool(waiting)
    parts += [f"failing: {', '.join(failing)}"] * bool(failing)
    return shorten(", ".join(parts if parts[1:] else [*parts, "none failing"]), _LONGEST)
