"""Programs that run meanwhile, and what the system knows of them: processor time, memory, bytes written."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
PATIENCE = 300.0
"""Seconds that the largest fleet may take to do what it is bound to do."""
_GRACE = 15.0
_STEP = 0.1


class MeasurementError(Exception):
    """Something could not be measured, and why."""


@contextmanager
def program(*command: str, port: int, folder: Path, package: Path = ROOT) -> Iterator[int]:
    """Run a program meanwhile, and yield its id once it listens; Python finds the exporter in a checkout, `package`."""
    source = package / "exporter" if (package / "exporter").is_dir() else package
    kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    environment = kept | {"PYTHONPATH": os.pathsep.join(map(str, (source, ROOT / "dev")))}
    started = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _listens(port) or started.poll() is not None, f"{command[0]} listens")
        if started.returncode is not None:
            raise MeasurementError(f"{' '.join(command)}: ended with {started.returncode}")
        yield started.pid
    finally:
        started.terminate()
        try:
            started.wait(_GRACE)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a module of this package."""
    return sys.executable, "-m", f"bench.{module}", *arguments


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with closing(socket.socket()) as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def wait_until(is_so: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Return once something is so; raises `MeasurementError` if it does not become so in time."""
    last = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > last:
            raise MeasurementError(f"{what}: not within {patience:g} s")
        time.sleep(_STEP)


def cpu(pid: int) -> float:
    """Return the processor time that a process and all its descendants have used so far, in seconds."""
    return _total(pid, lambda each: _cpu_clock(each) + _reaped(each))


def resident(pid: int) -> float:
    """Return the resident memory of a process and all its descendants in bytes; what they share is counted for each."""
    return _total(pid, lambda each: 1024 * _field(each, "status", "VmRSS"))


def proportional(pid: int) -> float:
    """Return the same, but of what processes share, whoever they are, each has its part only."""
    return _total(pid, lambda each: 1024 * _field(each, "smaps_rollup", "Pss"))


def peak(pid: int) -> float:
    """Return the most that was resident, in bytes; what they share is counted for each."""
    return _total(pid, lambda each: 1024 * _field(each, "status", "VmHWM"))


def to_disk(pid: int) -> float:
    """Return the bytes that went towards a disk so far, in whole pages; files in memory have none."""
    return _total(pid, lambda each: _field(each, "io", "write_bytes"))


def to_files(pid: int) -> float:
    """Return the bytes that were written to files so far, and to pipes, but not to sockets."""
    return _total(pid, lambda each: _field(each, "io", "wchar"))


def wait_for_quiet(pid: int, share: float = 0.1, patience: float = PATIENCE) -> float:
    """Wait until a process uses less than a share of a core for a second; returns when that second began."""
    last = time.monotonic() + patience
    while time.monotonic() < last:
        began, before = time.monotonic(), cpu(pid)
        time.sleep(1.0)
        if cpu(pid) - before < share * (time.monotonic() - began):
            return began
    raise MeasurementError(f"the exporter is still busy after {patience:g} s")


def _listens(port: int) -> bool:
    with closing(socket.socket()) as tried:
        return tried.connect_ex((HOST, port)) == 0


def _total(pid: int, read: Callable[[int], float]) -> float:
    total = read(pid)
    for each in _descendants(pid):
        # one that has just ended
        with suppress(OSError):
            total += read(each)
    return total


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for each in [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]:
        with suppress(OSError):
            children.setdefault(int(_stat(each)[1]), []).append(each)
    found = list(children.get(pid, ()))
    for each in found:
        found.extend(children.get(each, ()))
    return found


def _cpu_clock(pid: int) -> float:
    # what clock_getcpuclockid(3) gives: nanoseconds instead of ticks, of threads that have ended, too
    return time.clock_gettime(~pid << 3 | 2)


def _reaped(pid: int) -> float:
    """Return what children have used that have ended, in seconds."""
    return sum(map(int, _stat(pid)[13:15])) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    # from the third field on: the second, the name, may have spaces
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return text.rsplit(") ", 1)[1].split()


def _field(pid: int, file: str, name: str) -> int:
    text = Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8")
    found = re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)
    # a process that has ended and waits for its parent has no memory
    return int(found[1]) if found else 0
