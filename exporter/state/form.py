"""How a memory is written: a line that says whose it is and whether it is whole, and a line with what is remembered.

Both are JSON. Instants are Unix time, see `exporter.durable`; nothing in it is derived from a token.
"""

import hashlib

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from exporter import __version__
from exporter.clock import Clock
from exporter.config import Operation
from exporter.polling.memory import Memory

FORM = 1
"""Raise it when a memory that was written before can be read no longer."""
_MEMORY = TypeAdapter(Memory)


class UnusableError(Exception):
    """The content is nothing that the operation could go on from; the message says why."""


class Head(BaseModel):
    """The first line. `saved_at` is Unix time, `sha256` that of the second line."""

    model_config = ConfigDict(strict=True, frozen=True)

    form: int
    exporter: str
    operation: str
    base_url: str
    saved_at: float
    sha256: str


def encode(operation: Operation, memory: Memory, clock: Clock) -> bytes:
    """Write what is remembered of an operation."""
    now = clock.time()
    body = _MEMORY.dump_json(memory, context=now - clock.monotonic())
    head = Head(
        form=FORM,
        exporter=__version__,
        operation=operation.name,
        base_url=operation.base_url,
        saved_at=now,
        sha256=hashlib.sha256(body).hexdigest(),
    )
    return b"%b\n%b\n" % (head.model_dump_json().encode(), body)


def decode(content: bytes | None, operation: Operation, clock: Clock) -> Memory:
    """Read what is remembered of an operation, or raise `UnusableError`.

    Where the clock stands before the time of writing it was set back: no time counts as passed, so that what was past
    then is past now.
    """
    if content is None:
        raise UnusableError("it is no file that an exporter wrote")
    first, _, rest = content.partition(b"\n")
    body = rest.removesuffix(b"\n")
    head = _head(first)
    if head.form != FORM:
        raise UnusableError(f"it was written by version {head.exporter} in form {head.form}, this version reads {FORM}")
    if hashlib.sha256(body).hexdigest() != head.sha256:
        raise UnusableError("it is damaged: what it holds is not what was written")
    if (head.operation, head.base_url) != (operation.name, operation.base_url):
        raise UnusableError("it belongs to another operation or another address")
    try:
        now = max(clock.time(), head.saved_at)
        return _MEMORY.validate_json(body, strict=True, context=now - clock.monotonic())
    except ValidationError:
        raise UnusableError("it is whole, but no state that this version knows") from None


def _head(line: bytes) -> Head:
    try:
        return Head.model_validate_json(line)
    except ValidationError:
        raise UnusableError("it is damaged: its first line is none that was ever written") from None
