"""A Debian system in a folder, by Debian's own installer, in which packages are installed as people install them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from docs.generate import ROOT
from tests_release.toolbox import passes, run

NEEDED = ("mmdebstrap", "unshare", "rpm")
_PATIENCE = 900.0
_INCLUDED = ("systemd", "procps", "python3", "python3-venv", "ca-certificates")
_MADE = ROOT / "build" / "roots" / "+".join(("bookworm", *_INCLUDED))
"""Kept, since making it takes minutes; what tests change lies over it."""
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
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    for name in ("changes", "work", "root"):
        (folder / name).mkdir()
    layers = f"lowerdir={debian()},upperdir={folder / 'changes'},workdir={folder / 'work'}"
    passes(run("mount", "-t", "overlay", "overlay", "-o", layers, folder / "root"))
    try:
        yield Root(folder / "root")
    finally:
        passes(run("umount", folder / "root"))


def debian() -> Path:
    """Return the folder of the system as it is made, which nobody may change."""
    if not _MADE.exists():
        partial = _MADE.with_name("partial")
        partial.mkdir(parents=True, exist_ok=True)
        made = ("--variant=minbase", "--format=directory", f"--include={','.join(_INCLUDED)}", "bookworm", partial)
        passes(run("mmdebstrap", *made, patience=_PATIENCE))
        partial.rename(_MADE)
    return _MADE
