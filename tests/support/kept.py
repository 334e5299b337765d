"""What is in a database, for tests that search it."""

from wolkvox_exporter.replicas import records
from wolkvox_exporter.storage import compressed


def readable(content: bytes | None) -> str:
    """Return a state or a note as it is kept, and the text of what is compressed in it."""
    whole = content or b""
    return (whole + compressed.text(records.opened(whole) or b"")).decode(errors="replace")
