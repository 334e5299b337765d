"""A system without threads to give."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

MORE_THAN_THERE_IS = 2**47


@contextmanager
def no_threads() -> Iterator[None]:
    """Let the system refuse every new thread meanwhile: none can have so large a stack."""
    before = threading.stack_size(MORE_THAN_THERE_IS)
    try:
        yield
    finally:
        threading.stack_size(before)
