"""What this machine can run short of, and what to do about it."""

import errno
from collections.abc import Mapping
from types import MappingProxyType

from wolkvox_exporter.runtime.concurrency import NoThreadError

# of CPython's own, which has no class for it
_NO_THREAD = "can't start new thread"
_MEMORY = "give this machine or its container more memory, or find out what uses it up"
REMEDIES: Mapping[int, str] = MappingProxyType(
    {
        errno.EMFILE: "raise this process's limit of open files (LimitNOFILE, ulimit), or find out what uses them up",
        errno.ENFILE: "raise this machine's limit of open files (fs.file-max), or find out what uses them up",
        errno.ENOMEM: _MEMORY,
        errno.ENOBUFS: "give this machine more memory for its network, or find out what uses it up",
    }
)
"""By the number of the system's error."""


def remedy(error: BaseException | None) -> str:
    """Return what to do about an error that is a shortage of this machine, nothing if it is none."""
    if isinstance(error, NoThreadError) or (isinstance(error, RuntimeError) and str(error) == _NO_THREAD):
        return str(NoThreadError())
    if isinstance(error, MemoryError):
        return _MEMORY
    return REMEDIES.get(error.errno or 0, "") if isinstance(error, OSError) else ""
