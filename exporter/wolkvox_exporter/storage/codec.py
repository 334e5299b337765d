"""How a state is written: a line with the SHA-256 of the rest, one that says whose it is, one with the state itself.

The last two are JSON. Instants are Unix time, see `runtime.serializable`; nothing in it is derived from a token. A note
is written the same way: the calls that went out since the state was written that it names by its SHA-256.
"""

import hashlib
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from wolkvox_exporter import __version__
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling import resume, timing
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.state import Begun, OperationState
from wolkvox_exporter.runtime.clock import Clock

_Value = TypeVar("_Value")
FORM = 2
"""Raise it when a state that was written before can be read no longer."""
DIGEST_LENGTH = 65
"""Bytes at the beginning of a file that tell its content from others."""


@dataclass(frozen=True, slots=True)
class _Note:
    """The calls that went out since the state with this digest was written."""

    of: str
    calls: tuple[Begun, ...]


# made when the first is read or written: many keep no state, and what reads one takes 20 ms to make
@cache
def _states() -> TypeAdapter[OperationState]:
    return TypeAdapter(OperationState)


@cache
def _notes() -> TypeAdapter[_Note]:
    return TypeAdapter(_Note)


class UnusableError(Exception):
    """The content is nothing that the operation could go on from; the message says why.

    `of_another`: whether it is good, but of another operation or server.
    """

    def __init__(self, reason: str, *, of_another: bool = False) -> None:
        super().__init__(reason)
        self.of_another = of_another


class Head(BaseModel):
    """Whose state it is, and who wrote it when: at `saved_at`, Unix time, and `monotonic` of `boot`."""

    model_config = ConfigDict(strict=True, frozen=True)

    form: int
    exporter: str
    operation: str
    base_url: str
    saved_at: float
    monotonic: float = 0.0
    boot: str = ""


def encode(operation: Operation, state: OperationState, clock: Clock) -> bytes:
    """Write the state of an operation."""
    return _written(operation, _states(), state, clock)


def encode_note(operation: Operation, state: OperationState, content: bytes, clock: Clock) -> bytes:
    """Write the calls that went out since `content`, empty if there is none, was written."""
    return _written(operation, _notes(), _Note(digest(content), state.unsaved), clock)


def digest(content: bytes) -> str:
    """Return what tells a file's content from others."""
    return content[:DIGEST_LENGTH].decode(errors="replace").strip()


def decode(content: bytes | None, operation: Operation, clock: Clock) -> OperationState:
    """Read the state of an operation, or raise `UnusableError`."""
    return _read(content, operation, _states(), clock)


def noted(
    state: OperationState | None, content: bytes | None, note: bytes | None, operation: Operation, clock: Clock
) -> OperationState | None:
    """Return the state with the calls of a note, if it is one of this content; the last of them may still last."""
    try:
        found = _read(note, operation, _notes(), clock)
    except UnusableError:
        return state
    if found.of != digest(content or b"") or not found.calls:
        return state
    now = Now(clock.monotonic(), clock.time())
    state = state or resume.initial(operation, found.calls[0].at)
    for call in found.calls:
        # what became of the one before was not written down
        state, _ = timing.cut_off(state, state.token)
        state = resume.begun_before(state, operation, call, now)
    return replace(state, unsaved=found.calls)


def _written(operation: Operation, adapter: TypeAdapter[_Value], value: _Value, clock: Clock) -> bytes:
    now, monotonic = clock.time(), clock.monotonic()
    body = adapter.dump_json(value, context=now - monotonic)
    head = Head(
        form=FORM,
        exporter=__version__,
        operation=operation.name,
        base_url=operation.base_url,
        saved_at=now,
        monotonic=monotonic,
        boot=clock.boot(),
    )
    content = b"%b\n%b\n" % (head.model_dump_json().encode(), body)
    return _digest(content) + content


def _read(content: bytes | None, operation: Operation, adapter: TypeAdapter[_Value], clock: Clock) -> _Value:
    head, body = _whole(content)
    if head.form != FORM:
        raise UnusableError(f"it was written by version {head.exporter} in form {head.form}, this version reads {FORM}")
    if (head.operation, head.base_url) != (operation.name, operation.base_url):
        raise UnusableError("it belongs to another operation or another address", of_another=True)
    try:
        return adapter.validate_json(body, strict=True, context=_offset(head, clock))
    except (ValidationError, TypeError):
        raise UnusableError("it is whole, but no state that this version knows") from None


def _offset(head: Head, clock: Clock) -> float:
    """Return what lies between the time of day by which it was written and the monotonic clock of now.

    Without a boot of the machine in between that is what it was, whatever the time of day was set to since. Else what
    was on the clock has passed; but where it stands before the time of writing, and so was set back, no time counts as
    passed, so that what was past then is past now.
    """
    now = clock.monotonic()
    # a container may have a monotonic clock of its own in the same boot
    if head.boot and head.boot == clock.boot() and now >= head.monotonic:
        return head.saved_at - head.monotonic
    return max(clock.time(), head.saved_at) - now


def _whole(content: bytes | None) -> tuple[Head, bytes]:
    if content is None:
        raise UnusableError("it is no file that an exporter wrote")
    digest, rest = content[:DIGEST_LENGTH], content[DIGEST_LENGTH:]
    if digest != _digest(rest):
        raise UnusableError("it is damaged: what it holds is not what was written")
    first, _, body = rest.partition(b"\n")
    try:
        return Head.model_validate_json(first), body
    except ValidationError:
        raise UnusableError("it is whole, but no state that this version knows") from None


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode() + b"\n"
