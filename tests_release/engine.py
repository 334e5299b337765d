"""A real container engine, podman, in namespaces of its own: what it starts reaches nothing but itself.

It has its own network and mounts, so that published ports meet nobody else's, and the control groups of version 2 that
it wants, whatever the machine has. Its images are kept in build/containers, so that only the first run makes them.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from docs.generate import ROOT
from support.tools import unavailable
from tests_release.toolbox import passes, run, tool

PATIENCE = 900.0
"""Seconds that a command may take: making an image downloads packages."""
NEEDED = ("podman", "crun", "mmdebstrap", "curl", "nsenter", "ip")
_LIBRARIES = ("netavark", "aardvark-dns")
"""The engine's own network, where Debian puts them."""
_IMAGES = ROOT / "build" / "containers"
_STARTED = 180.0
"""Seconds within which services have started; one that ends at once is started again for ever."""
_LOOK_AGAIN = 0.5
_ENTER = """\
umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup || exit 1
for own in containers crun libpod netns; do
  mkdir -p /run/$own && mount -t tmpfs none /run/$own || exit 1
done
ip link set lo up
echo entered
exec sleep infinity
"""
# nobody here may raise a limit, and control groups are not what is tried
_CONTAINERS = """\
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
"""
_STORAGE = f"""\
[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "{_IMAGES}"
"""


@dataclass(frozen=True)
class Engine:
    """The engine, for as long as its namespaces live; `folder` is for whoever uses it."""

    folder: Path
    mounts: str
    network: str

    def run(
        self, *arguments: str | Path, download: bool = False, stdin: str = "", patience: float = PATIENCE
    ) -> subprocess.CompletedProcess[str]:
        """Run a program beside the containers to its end; in the network of the machine if it has to download."""
        inside = (self.mounts,) if download else (self.mounts, self.network)
        settings = {
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
        }
        return run("nsenter", *inside, *arguments, env=settings, stdin=stdin, patience=patience)

    def podman(self, *arguments: str | Path, download: bool = False) -> str:
        """Run one of the engine's commands, and return what it prints; an error if it fails."""
        return passes(self.run("podman", *arguments, download=download))

    def has(self, image: str) -> bool:
        """Return whether the engine has an image of this name."""
        return self.run("podman", "image", "exists", image).returncode == 0

    def get(self, url: str, words: str = "", patience: float = 120.0) -> str:
        """Return what a published port answers, as soon as these words are in it; an error if they never are."""
        return self.until(words, "curl", "--silent", "--show-error", "--fail", url, patience=patience)

    def until(self, words: str, *arguments: str, patience: float = 120.0) -> str:
        """Return what a program prints as soon as it succeeds with these words in it; an error if it never does."""
        latest = time.monotonic() + patience
        while True:
            ended = self.run(*arguments)
            if ended.returncode == 0 and words in ended.stdout:
                return ended.stdout
            assert time.monotonic() < latest, f"no {words!r}:\n{ended.stdout[-2000:]}\n{ended.stderr[-2000:]}"
            time.sleep(_LOOK_AGAIN)


@dataclass(frozen=True)
class Composition:
    """The services of compose files."""

    engine: Engine
    files: tuple[Path, ...]

    def __call__(self, *arguments: str) -> str:
        """Run one of podman-compose's commands, and return what it prints; an error if it fails."""
        named = (f"--file={file}" for file in self.files)
        started = self.engine.run(tool("podman-compose"), "--in-pod=false", *named, *arguments, patience=_STARTED)
        return passes(started)


@contextmanager
def engine(folder: Path) -> Iterator[Engine]:
    """Run an engine meanwhile; the test is skipped where there is none, or this user may make no namespaces."""
    _require()
    for name, text in {"containers.conf": _CONTAINERS, "storage.conf": _STORAGE}.items():
        (folder / name).write_text(text)
    _IMAGES.mkdir(parents=True, exist_ok=True)
    command = ("unshare", "--mount", "--net", "--propagation=private", "sh", "-c", _ENTER)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            if holder.stdout.readline() != "entered\n":
                unavailable("this system makes no namespaces")
            namespaces = f"/proc/{holder.pid}/ns"
            running = Engine(folder, f"--mount={namespaces}/mnt", f"--net={namespaces}/net")
            # what a run that was ended by force has left
            running.podman("rm", "--all", "--force", "--time=1")
            try:
                yield running
            finally:
                running.podman("rm", "--all", "--force", "--time=1")
        finally:
            holder.kill()


@contextmanager
def composed(engine: Engine, *files: Path) -> Iterator[Composition]:
    """Run the services of compose files meanwhile; no image is made or fetched."""
    composition = Composition(engine, files)
    try:
        composition("up", "--detach", "--no-build", "--pull=never")
        yield composition
    finally:
        composition("down", "--volumes", "--timeout=1")


def _require() -> None:
    missing = [name for name in NEEDED if shutil.which(name) is None]
    missing += [name for name in _LIBRARIES if not Path("/usr/lib/podman", name).exists()]
    reason = f"an engine wants root, and {', '.join(missing) or 'nothing else'}"
    if missing or os.geteuid():
        unavailable(reason)
