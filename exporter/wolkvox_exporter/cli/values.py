"""How the values of flags are read; ValueError says what would be right, and never repeats what was written."""

import re
from pathlib import Path

from wolkvox_exporter.cli.command_line import did_you_mean
from wolkvox_exporter.simulator.fault import Fault


def path(written: str) -> Path:
    """Read a path."""
    if re.match(r"~[A-Za-z0-9_-]*(?:/|$)", written):
        raise ValueError(
            "~ is the shell's, and only at the beginning of a word; write a space for =, or the whole path"
        )
    return Path(written)


def url(written: str) -> str:
    """Read a URL; a slash at its end is left out."""
    if not re.fullmatch(r"https?://[\w.~:/\[\]%-]+", written):
        raise ValueError("write a URL such as https://grafana.example.com")
    return written.rstrip("/")


def job(written: str) -> str:
    """Read the name of a job."""
    if not re.fullmatch(r"[\w./-]+", written):
        raise ValueError("a job's name has letters, digits and . _ - / only, such as wolkvox")
    return written


def number(written: str) -> int:
    """Read a whole number from 0."""
    if not re.fullmatch(r"[0-9]{1,6}", written):
        raise ValueError("write a whole number of up to six digits, such as 40")
    return int(written)


def seed(written: str) -> int:
    """Read a whole number."""
    if not re.fullmatch(r"-?[0-9]{1,18}", written):
        raise ValueError("write a whole number of up to 18 digits, such as 2024")
    return int(written)


def speed(written: str) -> float:
    """Read a number of simulated seconds in a second."""
    speed = float(written) if re.fullmatch(r"[0-9]*\.?[0-9]+(e[0-9])?", written) else 0.0
    if not 0 < speed <= _FASTEST:
        raise ValueError(f"a speed is a number above 0 and up to {_FASTEST}")
    return speed


_FASTEST = 3600


def fault(written: str) -> Fault:
    """Read a fault of the simulator."""
    if written not in FAULTS:
        raise ValueError(f"no such fault; there are {', '.join(FAULTS)}{did_you_mean(written, FAULTS)}")
    return Fault(written)


FAULTS = tuple(Fault)
LOG_FORMATS = ("logfmt", "json")
LOG_LEVELS = ("debug", "info", "warn", "error")
OUTPUTS = ("text", "json", "github")
SHELLS = ("bash", "zsh", "fish")
