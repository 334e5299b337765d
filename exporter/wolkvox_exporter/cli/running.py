"""A command at work: from what was asked for to an exit code."""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from pkgutil import resolve_name

from wolkvox_exporter import cli
from wolkvox_exporter.cli.options import Options
from wolkvox_exporter.cli.output import failed
from wolkvox_exporter.runtime import logs, shortages, signals, stderr

FEWEST_FILES = 10
"""Files that a command must be able to open at a time; the event loop takes three, a call three more."""
COMMANDS: Mapping[str, str] = {
    "serve": "serving:serve",
    "check": "checking:check",
    "once": "once:once",
    "demo": "demo:demo",
    "simulate": "demo:simulate",
    "assets": "asset_files:write_assets",
    "database-schema": "database_schema:database_schema",
    "completion": "completion:completion",
    "hash-password": "password:hash_password",
}
"""Where the function of each is: a module is read only for its own commands."""
UNATTENDED = {"serve", "demo", "simulate"}
"""Commands that run until a signal stops them, whether or not anybody reads what they write."""


def run(options: Options, loaded: Callable[[], object]) -> int:
    """Run a command, calling `loaded` once its modules are; returns the exit code."""
    try:
        command = resolve_name(f"{cli.__name__}.{COMMANDS[options.command]}")
        loaded()
        return _run(command, options)
    except (OSError, RuntimeError) as error:
        if not (sentence := _sentence(error)):
            raise
        return failed(sentence)


def _run(command: Callable[[Options], int], options: Options) -> int:
    with ExitStack() as stack:
        if options.command in UNATTENDED:
            # a reload before the configuration is first read changes nothing
            stack.enter_context(signals.ending_in_order(reloadable=options.command == "serve"))
            stderr.write_in_background(logs.report_dropped)
        signals.unblock()
        logs.configure(options.log_level, options.log_format)
        _require_files()
        return command(options)


def _sentence(error: Exception) -> str:
    """Return what this machine lacks and what to do about it, nothing if the error is of another kind."""
    if isinstance(error, FileNotFoundError) and _is_nowhere():
        return "the current folder no longer exists; change to another one"
    remedy, reason = shortages.remedy(error), isinstance(error, OSError) and error.strerror
    return f"{reason}; {remedy}" if reason and remedy else remedy


def _is_nowhere() -> bool:
    """Return whether the folder that relative paths begin at was removed."""
    try:
        os.getcwd()  # noqa: PTH109 - what Path.cwd does
    except FileNotFoundError:
        return True
    return False


def _require_files() -> None:
    """Raise `OSError` now rather than within the event loop's own start, which would leave a trail of warnings."""
    with ExitStack() as stack:
        for _ in range(FEWEST_FILES):
            stack.enter_context(Path(os.devnull).open())
