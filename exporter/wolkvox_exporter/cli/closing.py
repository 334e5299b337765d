"""What came of asking each report once, in a line."""

from collections.abc import Sequence

from wolkvox_exporter.polling.snapshot import ReportState, Snapshot
from wolkvox_exporter.web.words import count


def closing_line(snapshots: Sequence[Snapshot], seconds: float) -> str:
    """Return how many reports answered, and which did not and why."""
    reports = [(snapshot.operation, name, state) for snapshot in snapshots for name, state in snapshot.reports.items()]
    failed = [f"{operation} {name} ({_why(state)})" for operation, name, state in reports if state.up is False]
    waiting = [f"{operation} {name} ({state.held})" for operation, name, state in reports if state.up is None]
    good = len(reports) - len(failed) - len(waiting)
    parts = [f"{count(good, 'report')} of {count(len(snapshots), 'operation')} answered in {seconds:.1f} s"]
    parts += [f"{len(failed)} failed: {', '.join(failed)}"] * bool(failed)
    parts += [f"{len(waiting)} not asked: {', '.join(waiting)}"] * bool(waiting)
    return "; ".join(parts)


def _why(state: ReportState) -> str:
    return str(state.trouble.reason if state.trouble else state.held or "no answer")
