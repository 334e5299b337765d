"""The flags of the commands, named as Prometheus' own programs name theirs."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wolkvox_exporter import __version__, assets
from wolkvox_exporter.cli import checking, usage
from wolkvox_exporter.cli.command_line import Command, Flag, Grammar, Positional, UsageError, did_you_mean, one_of
from wolkvox_exporter.cli.output import complain, say
from wolkvox_exporter.runtime import logs
from wolkvox_exporter.simulator import Fault
from wolkvox_exporter.web.toolkit.address import Address, parse_address
from wolkvox_exporter.web.toolkit.guard import MAX_REQUESTS

PORT = 10842
"""Where the exporter answers unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; the values here are the defaults."""

    command: str = "serve"
    config_file: Path = Path("config.yaml")
    listen_address: Address | None = None
    telemetry_path: str = "/metrics"
    output: str = "text"
    log_level: str = "info"
    log_format: str = "logfmt"
    speed: float = 60.0
    seed: int = 2024
    faults: Sequence[Fault] = ()
    save_replies: Path | None = None
    folder: Path = Path()
    grafana_url: str = assets.GRAFANA_URL
    runbook_url: str = assets.RUNBOOK_URL
    job: str = assets.JOB
    force: bool = False
    enable_lifecycle: bool = False
    web_config_file: Path | None = None
    max_requests: int = MAX_REQUESTS


def parse(arguments: Sequence[str] | None) -> Options:
    """Read the command line; ends the process where it cannot be read, and with what is asked for by --help."""
    written = sys.argv[1:] if arguments is None else arguments
    if shown := _shown(written):
        say(shown)
        raise SystemExit(0)
    try:
        command, values = GRAMMAR.read(written)
    except UsageError as error:
        complain(usage.error(error, GRAMMAR))
        raise SystemExit(2) from None
    given: dict[str, Any] = values
    return Options(command=command, **given)


def _shown(arguments: Sequence[str]) -> str:
    """Return what is shown instead of a command being run, whatever else is written, or nothing."""
    flags = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "-h" in flags or "--help" in flags:
        named = (word for word in flags if word in GRAMMAR.commands and word != GRAMMAR.default)
        return usage.help_of(next(named, GRAMMAR.default), GRAMMAR)
    return f"{usage.PROGRAM} {__version__}" if "--version" in flags else ""


def _address(written: str) -> Address:
    return parse_address(written)


def _path(written: str) -> str:
    if not written.startswith("/") or any(character in written for character in "{} ?#"):
        raise ValueError("a path begins with / and has no {}, space, ? or #, such as /metrics")
    if written.startswith("/-/"):
        raise ValueError("paths under /-/ are taken; write another, such as /metrics")
    return written


def _url(written: str) -> str:
    if not re.fullmatch(r"https?://[\w.~:/\[\]%-]+", written):
        raise ValueError("write a URL such as https://grafana.example.com")
    return written.rstrip("/")


def _job(written: str) -> str:
    if not re.fullmatch(r"[\w./-]+", written):
        raise ValueError("a job's name has letters, digits and . _ - / only, such as wolkvox")
    return written


def _number(written: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", written):
        raise ValueError("write a whole number, such as 40")
    return int(written)


def _seed(written: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", written):
        raise ValueError("write a whole number, such as 2024")
    return int(written)


def _speed(written: str) -> float:
    speed = float(written) if re.fullmatch(r"[0-9]*\.?[0-9]+(e[0-9])?", written) else 0.0
    if not 0 < speed <= _FASTEST:
        raise ValueError(f"a speed is a number above 0 and up to {_FASTEST}")
    return speed


_FASTEST = 3600


def _fault(written: str) -> Fault:
    if written not in _FAULTS:
        raise ValueError(f"no such fault; there are {', '.join(_FAULTS)}{did_you_mean(written, _FAULTS)}")
    return Fault(written)


_FAULTS = tuple(Fault)

_SERVE, _CHECK, _ONCE, _DEMO, _SIMULATE, _ASSETS = "serve", "check", "once", "demo", "simulate", "assets"
_LOGGING = (_SERVE, _ONCE, _DEMO, _SIMULATE)
_NEW_FOLDER = Positional("folder", "DIR", "where to write; made if it is missing", Path)

GRAMMAR = Grammar(
    default=_SERVE,
    commands={
        _SERVE: Command("poll and answer until told to stop"),
        _CHECK: Command("say what is wrong with the configuration; exit code 1 if anything is"),
        _ONCE: Command("ask each report once, print the exposition; exit code 1 if one failed"),
        _DEMO: Command("run a simulated contact centre and an exporter that polls it"),
        _SIMULATE: Command("run the simulated contact centre alone"),
        _ASSETS: Command("write dashboards, rules, alerts, examples and runbooks into a folder", _NEW_FOLDER),
        "hash-password": Command("read a password from the terminal or a pipe, print its bcrypt hash"),
    },
    flags=(
        Flag(
            "--config.file",
            "config_file",
            (_SERVE, _CHECK, _ONCE),
            "the configuration",
            read=Path,
            metavar="FILE",
            default="config.yaml",
        ),
        Flag(
            "--web.listen-address",
            "listen_address",
            (_SERVE, _DEMO, _SIMULATE),
            f"where to answer; demo 127.0.0.1:{PORT}, simulate 127.0.0.1 and a free port",
            read=_address,
            metavar="[HOST]:PORT",
            default=f":{PORT}",
        ),
        Flag(
            "--web.config.file",
            "web_config_file",
            (_SERVE, _CHECK),
            "TLS, users and a rate limit",
            read=Path,
            metavar="FILE",
        ),
        Flag(
            "--web.telemetry-path",
            "telemetry_path",
            (_SERVE,),
            "where the metrics are",
            read=_path,
            metavar="PATH",
            default="/metrics",
        ),
        Flag(
            "--web.enable-lifecycle",
            "enable_lifecycle",
            (_SERVE,),
            "let POST /-/reload read the configuration anew, as SIGHUP always does",
        ),
        Flag(
            "--web.max-requests",
            "max_requests",
            (_SERVE,),
            "requests that are answered at a time, more get 503; 0 is any number",
            read=_number,
            metavar="N",
            default=f"{MAX_REQUESTS}",
        ),
        Flag(
            "--output",
            "output",
            (_CHECK,),
            "how it is said: to people, as one JSON object, or as annotations of a GitHub workflow",
            read=one_of(checking.OUTPUTS),
            metavar="FORM",
            default="text",
            choices=checking.OUTPUTS,
        ),
        Flag(
            "--log.level",
            "log_level",
            _LOGGING,
            "lowest level that is logged",
            read=one_of(logs.LEVELS),
            metavar="LEVEL",
            default="info",
            choices=logs.LEVELS,
        ),
        Flag(
            "--log.format",
            "log_format",
            _LOGGING,
            "form of the log lines",
            read=one_of(logs.FORMATS),
            metavar="FORMAT",
            default="logfmt",
            choices=logs.FORMATS,
        ),
        Flag(
            "--save-replies",
            "save_replies",
            (_ONCE,),
            "keep the replies in this folder, with names replaced and digits kept, for reporting a surprise",
            read=Path,
            metavar="DIR",
        ),
        Flag(
            "--speed",
            "speed",
            (_DEMO, _SIMULATE),
            "simulated seconds in a second",
            read=_speed,
            metavar="N",
            default="60",
        ),
        Flag(
            "--seed",
            "seed",
            (_DEMO, _SIMULATE),
            "makes the simulated figures repeatable",
            read=_seed,
            metavar="N",
            default="2024",
        ),
        Flag(
            "--fault",
            "faults",
            (_SIMULATE,),
            "fail in this way; may be repeated",
            read=_fault,
            metavar="NAME",
            choices=_FAULTS,
            repeatable=True,
        ),
        Flag(
            "--grafana-url",
            "grafana_url",
            (_ASSETS,),
            "where Grafana is",
            read=_url,
            metavar="URL",
            default=assets.GRAFANA_URL,
        ),
        Flag(
            "--runbook-url",
            "runbook_url",
            (_ASSETS,),
            "where your people find docs/runbooks",
            read=_url,
            metavar="URL",
            default=assets.RUNBOOK_URL,
        ),
        Flag(
            "--job",
            "job",
            (_ASSETS,),
            "the job of the scrape configuration",
            read=_job,
            metavar="NAME",
            default=assets.JOB,
        ),
        Flag("--force", "force", (_ASSETS,), "overwrite files that differ"),
    ),
)
