"""What a replica knows of the rows that it shares with others, and which of two values goes on. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """A row as it was read or written last: its version, 0 if there is none, content and note, each sealed."""

    version: int = 0
    content: bytes | None = None
    note: bytes | None = None

    def is_of(self, life: str) -> bool:
        """Return whether any of it was written in this life of the database."""
        return any(part is not None and _life(part) == life for part in (self.content, self.note))


@dataclass(frozen=True, slots=True)
class Interrupted:
    """What this process was about to write under the lease of a number; it may have been written."""

    number: int
    written: bytes = b""


def sealed(life: str, content: bytes) -> bytes:
    """Return content as it is kept: with the life of the database in which it is written."""
    return life.encode() + b"\n" + content


def opened(content: bytes | None) -> bytes | None:
    """Return content without its life."""
    return None if content is None else content.partition(b"\n")[2]


def _life(content: bytes) -> str:
    return content.partition(b"\n")[0].decode(errors="replace")


def is_to_be_restored(mine: Known | None, theirs: Known, life: str) -> bool:
    """Return whether a database that was failed over, restored or made anew has lost what is known here.

    What was written in its present life is never written over: whoever did so knew what to wait for.
    """
    return mine is not None and mine.version > theirs.version and not theirs.is_of(life)


def goes_on(mine: Known | None, interrupted: Interrupted | None, theirs: Known, number: int) -> bool:
    """Return whether the value of this process may go on, under the lease `number`: nobody else has changed the row."""
    if mine is None or interrupted is None or interrupted.number != number:
        return False
    is_written = bool(interrupted.written) and interrupted.written in (theirs.content, theirs.note)
    return theirs.version == mine.version or is_written
