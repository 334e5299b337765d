"""How a memory is written: a line with the SHA-256 of the rest, one that says whose it is, one with what is remembered.

The last two are JSON. Instants are Unix time, see `runtime.serializable`; nothing in it is derived from a token.
"""

import hashlib

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from wolkvox_exporter import __version__
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling.memory import Memory
from wolkvox_exporter.runtime.clock import Clock

FORM = 1
"""Raise it when a memory that was written before can be read no longer."""
_MEMORY = TypeAdapter(Memory)
_DIGEST_LENGTH = 65


class UnusableError(Exception):
    """The content is nothing that the operation could go on from; the message says why.

    `of_another`: whether it is good, but of another operation or server.
    """

    def __init__(self, reason: str, *, of_another: bool = False) -> None:
        super().__init__(reason)
        self.of_another = of_another


class Head(BaseModel):
    """Whose memory it is, and who wrote it when: at `saved_at`, Unix time, and `monotonic` of `boot`."""

    model_config = ConfigDict(strict=True, frozen=True)

    form: int
    exporter: str
    operation: str
    base_url: str
    saved_at: float
    monotonic: float = 0.0
    boot: str = ""


def encode(operation: Operation, memory: Memory, clock: Clock) -> bytes:
    """Write what is remembered of an operation."""
    now, monotonic = clock.time(), clock.monotonic()
    body = _MEMORY.dump_json(memory, context=now - monotonic)
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


def decode(content: bytes | None, operation: Operation, clock: Clock) -> Memory:
    """Read what is remembered of an operation, or raise `UnusableError`."""
    head, body = _whole(content)
    if head.form != FORM:
        raise UnusableError(f"it was written by version {head.exporter} in form {head.form}, this version reads {FORM}")
    if (head.operation, head.base_url) != (operation.name, operation.base_url):
        raise UnusableError("it belongs to another operation or another address", of_another=True)
    try:
        return _MEMORY.validate_json(body, strict=True, context=_offset(head, clock))
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
    digest, rest = content[:_DIGEST_LENGTH], content[_DIGEST_LENGTH:]
    if digest != _digest(rest):
        raise UnusableError("it is damaged: what it holds is not what was written")
    first, _, body = rest.partition(b"\n")
    try:
        return Head.model_validate_json(first), body
    except ValidationError:
        raise UnusableError("it is whole, but no state that this version knows") from None


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode() + b"\n"
