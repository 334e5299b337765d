"""What was asked for on the command line, as values."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wolkvox_exporter import __version__, assets
from wolkvox_exporter.app import LOOK_INTERVAL
from wolkvox_exporter.cli import usage
from wolkvox_exporter.cli.command_line import HELP, VERSION, UsageError
from wolkvox_exporter.cli.flags import GRAMMAR, SERVE
from wolkvox_exporter.cli.output import complain, say
from wolkvox_exporter.config import database
from wolkvox_exporter.simulator.fault import Fault
from wolkvox_exporter.web.toolkit import MAX_REQUESTS
from wolkvox_exporter.web.toolkit.address import Address


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; the values here are the defaults."""

    command: str = SERVE
    config_file: Path = Path("config.yaml")
    listen_addresses: Sequence[Address] = ()
    """In the order in which they are written; none is the command's own choice."""
    telemetry_path: str = "/metrics"
    output: str = "text"
    log_level: str = "info"
    log_format: str = "logfmt"
    speed: float = 60.0
    seed: int = 2024
    faults: Sequence[Fault] = ()
    save_replies: Path | None = None
    folder: Path = Path()
    role: str = ""
    schema: str = database.SCHEMA
    shell: str = ""
    grafana_url: str = assets.GRAFANA_URL
    runbook_url: str = assets.RUNBOOK_URL
    settings_file: Path | None = None
    job: str = assets.JOB
    language: str = "en"
    force: bool = False
    enable_lifecycle: bool = False
    web_config_file: Path | None = None
    max_requests: int = MAX_REQUESTS
    enable_auto_reload: bool = False
    auto_reload_interval: float = LOOK_INTERVAL


def parse(arguments: Sequence[str] | None) -> Options:
    """Read the command line; ends the process where it cannot be read, and with what is asked for by --help."""
    written = sys.argv[1:] if arguments is None else arguments
    if shown := _shown(written):
        say(shown)
        raise SystemExit(0)
    try:
        command, values = _read(written)
    except UsageError as error:
        complain(usage.error(error, GRAMMAR))
        raise SystemExit(2) from None
    given: dict[str, Any] = values
    return Options(command=command, **given)


def _read(arguments: Sequence[str]) -> tuple[str, dict[str, Any]]:
    command, values = GRAMMAR.read(arguments)
    if "auto_reload_interval" in values and "enable_auto_reload" not in values:
        raise UsageError("--config.auto-reload-interval means nothing without --config.enable-auto-reload; write both")
    return command, values


def _shown(arguments: Sequence[str]) -> str:
    """Return what is shown instead of a command being run, whatever else is written, or nothing."""
    flags = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if any(each in flags for each in HELP):
        named = (word for word in flags if word in GRAMMAR.commands and word != GRAMMAR.default)
        return usage.help_of(next(named, GRAMMAR.default), GRAMMAR)
    return f"{usage.PROGRAM} {__version__}" if VERSION in flags else ""
