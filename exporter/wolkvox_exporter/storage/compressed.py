"""States as they are kept in a database: compressed, since each goes over the network at every change.

A state of 250 campaigns has 320 kB, and 27 kB compressed, which takes a millisecond.
"""

import zlib

from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.storage import codec

_LEVEL = 1
"""Level 6 leaves a fifth less, and takes three times as long."""


def encode(operation: Operation, state: OperationState, clock: Clock) -> bytes:
    """Return what keeps a state; see `codec.encode`. The digest, by which notes know it, is as it is there."""
    content = codec.encode(operation, state, clock)
    return content[: codec.DIGEST_LENGTH] + zlib.compress(content[codec.DIGEST_LENGTH :], _LEVEL)


def decode(content: bytes | None, operation: Operation, clock: Clock) -> OperationState:
    """Return the state that was kept; see `codec.decode`. Raises `codec.UnusableError`."""
    return codec.decode(content and text(content), operation, clock)


def text(content: bytes) -> bytes:
    """Return what was compressed, with its digest; of what is damaged the digest alone, which fits nothing."""
    digest, rest = content[: codec.DIGEST_LENGTH], content[codec.DIGEST_LENGTH :]
    try:
        return digest + zlib.decompress(rest)
    except zlib.error:
        return digest
