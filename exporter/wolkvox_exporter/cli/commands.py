"""The commands."""

import asyncio
import getpass
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from wolkvox_exporter import app, assets
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.cli import PORT, demo, replies
from wolkvox_exporter.cli.options import Options, parse
from wolkvox_exporter.cli.replies import Recorder, RepliesError
from wolkvox_exporter.config import Config, ConfigError, Problem, load
from wolkvox_exporter.metrics.encoder import Format
from wolkvox_exporter.runtime import logs, shortages, signals, stderr
from wolkvox_exporter.storage import StateError
from wolkvox_exporter.web.toolkit import passwords, web_config
from wolkvox_exporter.web.toolkit.sockets import AddressError

INTERRUPTED = 130
"""The exit code after Ctrl-C before all was done, as shells have it."""
FEWEST_FILES = 10
"""Files that a command must be able to open at a time; the event loop takes three, a call three more."""
_LONGEST_INPUT = 4096


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = parse(arguments)
    try:
        return _run(options)
    except ConfigError as error:
        return _failed(*error.problems)
    except (AddressError, StateError, RepliesError) as error:
        return _failed(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (OSError, RuntimeError) as error:
        if not (remedy := shortages.remedy(error)):
            raise
        reason = isinstance(error, OSError) and error.strerror
        return _failed(f"{reason}; {remedy}" if reason else remedy)


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
    if config is None or problems:
        return _failed(*problems)
    for warning in config.warnings:
        print(f"{warning} (a warning)", file=sys.stderr)
    print(f"{options.config_file} is good: {', '.join(operation.name for operation in config.operations)}")
    return 0


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
    config = load(options.config_file)
    if options.save_replies:
        replies.make(options.save_replies)
    good, exposition = asyncio.run(_once(config, options.save_replies))
    sys.stdout.buffer.write(exposition)
    return 0 if good else 1


async def _once(config: Config, folder: Path | None) -> tuple[bool, bytes]:
    recorders = [Recorder(operation.name, number, folder) for number, operation in enumerate(config.operations, 1)]
    exporter = Exporter(config, spread=0.0, observers=recorders)
    good = await exporter.once()
    return good, await exporter.publisher.body(Format.TEXT, gzipped=False)


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
    """Write dashboards, rules, examples and runbooks into a folder."""
    fitting = assets.replacements(options.job, options.grafana_url, options.runbook_url)
    try:
        files = assets.write(options.folder, fitting, force=options.force)
    except assets.ExistingFilesError as error:
        return _failed(error)
    except OSError as error:
        return _failed(f"{error.filename}: {error.strerror}; {shortages.remedy(error) or 'choose another folder'}")
    print(f"{len(files)} files are in {options.folder}; {options.folder / 'prometheus' / 'prometheus.yml'} is a start")
    return 0


def hash_password(_: Options) -> int:
    """Print the hash of a password for the web configuration file; it is typed twice, or comes through a pipe."""
    try:
        print(passwords.hashed(_typed() if sys.stdin.isatty() else _piped()))
    except passwords.BadPassword as error:
        return _failed(error)
    except EOFError:
        return _failed("no password was typed; type one twice, or send one through a pipe")
    return 0


def _typed() -> bytes:
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise passwords.BadPassword("the two are not the same; try again")
    return password.encode()


def _piped() -> bytes:
    return sys.stdin.buffer.read(_LONGEST_INPUT).removesuffix(b"\n").removesuffix(b"\r")


COMMANDS: dict[str, Callable[[Options], int]] = {
    "serve": serve,
    "check": check,
    "once": once,
    "demo": run_demo,
    "simulate": simulate,
    "assets": write_assets,
    "hash-password": hash_password,
}


UNATTENDED = {"serve", "demo", "simulate"}
"""Commands that run until a signal stops them, whether or not anybody reads what they write."""


def _failed(*problems: object) -> int:
    print(*problems, sep="\n", file=sys.stderr)
    return 1
