"""The commands."""

import asyncio
import getpass
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import structlog

from wolkvox_exporter import app, assets
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.cli import PORT, checking, completion, demo, output, replies
from wolkvox_exporter.cli.closing import closing_line
from wolkvox_exporter.cli.flags import GRAMMAR
from wolkvox_exporter.cli.options import Options, parse
from wolkvox_exporter.cli.output import OutputError, ReaderGone, at_terminal, complain, put, require, say
from wolkvox_exporter.cli.replies import Recorder, RepliesError
from wolkvox_exporter.config import Config, ConfigError, Problem, load
from wolkvox_exporter.metrics.encoder import Format
from wolkvox_exporter.polling.pool import TOGETHER
from wolkvox_exporter.runtime import logs, shortages, signals, stderr
from wolkvox_exporter.runtime.logs import printable
from wolkvox_exporter.storage import StateError
from wolkvox_exporter.web.toolkit import passwords, web_config
from wolkvox_exporter.web.toolkit.sockets import AddressError

INTERRUPTED = 130
"""The exit code after Ctrl-C before all was done, as shells have it."""
READER_GONE = 141
"""The exit code where whoever read the output left before its end, as shells have it for what SIGPIPE has ended."""
FEWEST_FILES = 10
"""Files that a command must be able to open at a time; the event loop takes three, a call three more."""
_LONGEST_INPUT = 4096

log = structlog.get_logger()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    output.prepare()
    try:
        return _run(parse(arguments))
    except ConfigError as error:
        return _failed(*error.problems)
    except (AddressError, StateError, RepliesError, OutputError) as error:
        return _failed(error)
    except ReaderGone:
        return READER_GONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except (OSError, RuntimeError) as error:
        if not (sentence := _sentence(error)):
            raise
        return _failed(sentence)


def _run(options: Options) -> int:
    with ExitStack() as stack:
        if options.command in UNATTENDED:
            # a reload before the configuration is first read changes nothing
            stack.enter_context(signals.ending_in_order(reloadable=options.command == "serve"))
            stderr.write_in_background(logs.report_dropped)
        signals.unblock()
        logs.configure(options.log_level, options.log_format)
        _require_files()
        return COMMANDS[options.command](options)


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


def serve(options: Options) -> int:
    """Poll and answer until told to stop."""
    listen = Listen(
        options.listen_addresses or [(None, PORT)],
        options.telemetry_path,
        lifecycle=options.enable_lifecycle,
        web_config_file=options.web_config_file,
        max_requests=options.max_requests,
    )
    # what comes through a pipe cannot be looked at again
    read = partial(load, options.config_file, may_be_pipe=not options.enable_auto_reload)
    asyncio.run(app.serve(read, listen, options.auto_reload_interval if options.enable_auto_reload else None))
    return 0


def check(options: Options) -> int:
    """Print what is wrong with the configuration, and with the web configuration file if one is named."""
    config, problems = _checked(options)
    limits = checking.limits_last_seen(config) if config else {}
    findings = checking.Findings(str(options.config_file), config, tuple(problems), limits)
    checking.show(findings, options.output)
    return 0 if findings.is_good else 1


def _checked(options: Options) -> tuple[Config | None, list[Problem]]:
    config, problems = None, list[Problem]()
    try:
        config = load(options.config_file)
        problems += config.unreadable_tokens
    except ConfigError as error:
        problems += error.problems
    try:
        if options.web_config_file:
            web_config.load(options.web_config_file)
    except ConfigError as error:
        problems += error.problems
    return config, problems


def once(options: Options) -> int:
    """Ask each report once and print the exposition."""
    require()
    config = load(options.config_file)
    if options.save_replies:
        replies.make(options.save_replies)
    return 0 if asyncio.run(_once(config, options.save_replies)) else 1


async def _once(config: Config, folder: Path | None) -> bool:
    recorders = [Recorder(operation.name, number, folder) for number, operation in enumerate(config.operations, 1)]
    exporter = Exporter(config, spread=TOGETHER, observers=recorders)
    began = exporter.clock.monotonic()
    good = await exporter.once()
    _, text = await exporter.publisher.text(Format.TEXT)
    put(b"".join(text))
    snapshots = [account.state.published for account in exporter.accounts]
    _close(closing_line(snapshots, exporter.clock.monotonic() - began), good=good)
    return good


def _close(line: str, *, good: bool) -> None:
    """Say what came of it: to a person at a terminal as it is, else as a line of the log, of its level and format."""
    if at_terminal():
        complain(printable(line))
    else:
        log.log(logging.INFO if good else logging.WARNING, line)


def run_demo(options: Options) -> int:
    """Run simulator and exporter together."""
    listen = Listen(options.listen_addresses or [("127.0.0.1", PORT)])
    asyncio.run(demo.demo(listen, options.speed, options.seed))
    return 0


def simulate(options: Options) -> int:
    """Run the simulator alone."""
    addresses = options.listen_addresses or [("127.0.0.1", 0)]
    asyncio.run(demo.simulate(addresses, options.speed, options.seed, options.faults))
    return 0


def write_assets(options: Options) -> int:
    """Write dashboards, rules, examples and documents into a folder."""
    fitting = assets.replacements(options.job, options.grafana_url, options.runbook_url)
    settings = assets.load_settings(options.settings_file) if options.settings_file else None
    try:
        files = assets.write(options.folder, fitting, options.language, settings, force=options.force)
    except assets.ExistingFilesError as error:
        return _failed(error)
    except OSError as error:
        return _failed(f"{error.filename}: {error.strerror}; {shortages.remedy(error) or 'choose another folder'}")
    start = options.folder / "config.example.yaml"
    say(f"{len(files)} files are in {options.folder}; {start} is a start, {options.folder / 'docs'} has what to read")
    return 0


def print_completion(options: Options) -> int:
    """Print a script for a shell, which then completes what can be written."""
    say(completion.script(options.shell, GRAMMAR))
    return 0


def hash_password(_: Options) -> int:
    """Print the hash of a password for the web configuration file; it is typed twice, or comes through a pipe."""
    try:
        say(passwords.hashed(_typed() if sys.stdin and sys.stdin.isatty() else _piped()))
    except passwords.BadPassword as error:
        return _failed(error)
    except EOFError:
        return _failed("no password was typed; type one twice, or send one through a pipe")
    except UnicodeError:
        # the error itself quotes what was typed
        return _failed("the password has characters that this terminal does not write in UTF-8; send it through a pipe")
    return 0


def _typed() -> bytes:
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise passwords.BadPassword("the two are not the same; try again")
    return password.encode()


def _piped() -> bytes:
    if not sys.stdin:
        raise EOFError
    return sys.stdin.buffer.read(_LONGEST_INPUT).removesuffix(b"\n").removesuffix(b"\r")


COMMANDS: dict[str, Callable[[Options], int]] = {
    "serve": serve,
    "check": check,
    "once": once,
    "demo": run_demo,
    "simulate": simulate,
    "assets": write_assets,
    "completion": print_completion,
    "hash-password": hash_password,
}


UNATTENDED = {"serve", "demo", "simulate"}
"""Commands that run until a signal stops them, whether or not anybody reads what they write."""


def _failed(*problems: object) -> int:
    complain(*problems)
    return 1
