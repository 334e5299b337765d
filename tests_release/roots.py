"""A Debian system in a folder, by Debian's own installer, in which packages are installed as people install them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from docs.generate import ROOT
from support.tools import unavailable
from tests_release.toolbox import passes, run

NEEDED = ("mmdebstrap", "unshare", "rpm")
_PATIENCE = 900.0
_INCLUDED = ("systemd", "procps", "python3", "python3-venv", "ca-certificates")
_MADE = ROOT / "build" / "roots" / "+".join(("bookworm", *_INCLUDED))
"""Kept, since making it takes minutes; what tests change lies over it."""
_CHANGES = "1g"
_ENTER = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'


@dataclass(frozen=True)
class Root:
    """The system, whose systemd does not run."""

    folder: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the system to its end, as its root."""
        return run("unshare", "--mount", "--propagation=private", "sh", "-c", _ENTER, self.folder, *command)

    def passes(self, *command: str) -> str:
        """Run a program of the system, and return what it prints; an error if it fails."""
        return passes(self.run(*command))

    def __truediv__(self, path: str) -> Path:
        return self.folder / path.removeprefix("/")


@contextmanager
def new_root(folder: Path) -> Iterator[Root]:
    """Give a fresh system meanwhile; the test is skipped where none can be made."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing or os.geteuid():
        reason = f"a system in a folder wants root, and {', '.join(missing) or 'nothing else'}"
        unavailable(reason)
    root = folder / "root"
    # in memory, since what changes cannot lie where a container's own files do
    with _mounted(folder, "tmpfs", f"size={_CHANGES}"):
        for name in ("changes", "work", "root"):
            (folder / name).mkdir()
        layers = f"lowerdir={debian()},upperdir={folder / 'changes'},workdir={folder / 'work'}"
        with _mounted(root, "overlay", layers):
            yield Root(root)


@contextmanager
def _mounted(folder: Path, kind: str, options: str) -> Iterator[None]:
    passes(run("mount", "-t", kind, "-o", options, kind, folder))
    try:
        yield
    finally:
        passes(run("umount", folder))


def debian() -> Path:
    """Return the folder of the system as it is made, which nobody may change."""
    if not _MADE.exists():
        partial = _MADE.with_name("partial")
        partial.mkdir(parents=True, exist_ok=True)
        made = ("--variant=minbase", "--format=directory", f"--include={','.join(_INCLUDED)}", "bookworm", partial)
        passes(run("mmdebstrap", *made, patience=_PATIENCE))
        partial.rename(_MADE)
    return _MADE
