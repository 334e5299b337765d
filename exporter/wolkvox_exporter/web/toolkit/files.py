"""Files that are named in a configuration, before something opens them that would wait."""

import errno
import os
import stat
from pathlib import Path


def require_regular(path: Path) -> None:
    """Raise `OSError` where there is no regular file that can be read; a pipe is not waited for."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
    finally:
        os.close(handle)
