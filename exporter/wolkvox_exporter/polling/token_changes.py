"""What it means to an operation that there is no token, or another one. Pure."""

from dataclasses import replace
from types import MappingProxyType

from wolkvox_exporter.polling import token_gate
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.reports import REPORTS
from wolkvox_exporter.polling.state import OperationState, Progress, Question
from wolkvox_exporter.polling.timing import with_progress


def without_token(state: OperationState, question: Question, now: Now) -> OperationState:
    """Return what is known where a call was due and there is no token to make it with."""
    # `started` stays: no call was made
    progress = replace(state.progress[question.report], looked=now.monotonic, retry=None, refused=True)
    state = REPORTS[question.report].failed(state, question.subject)
    return with_progress(state, question.report, progress)


def renewed(state: OperationState, now: Now) -> OperationState:
    """Return what is known once there is another token: reports that were left without one are due at once."""
    progress = {name: _at_once(each, now) if each.refused else each for name, each in state.progress.items()}
    return replace(state, progress=MappingProxyType(progress))


def _at_once(progress: Progress, now: Now) -> Progress:
    refused_by_api = progress.looked is None
    return replace(
        progress,
        started=None if refused_by_api else progress.started,
        since=now.monotonic,
        retry=None,
        refused=False,
        looked=None,
    )


def unrefused(state: OperationState) -> OperationState:
    """Return what stays known where the token may be another one than was refused: nothing is due before its time."""
    progress = {name: replace(each, refused=False, looked=None) for name, each in state.progress.items()}
    token = token_gate.without_refused_token(state.token)
    return replace(state, progress=MappingProxyType(progress), token=token)
