"""The way in: a command line is read and its command run; little is imported before it is known which."""

from collections.abc import Callable, Sequence
from importlib import import_module

from wolkvox_exporter.cli import output
from wolkvox_exporter.cli.options import parse
from wolkvox_exporter.cli.output import ReaderGone, failed
from wolkvox_exporter.config.problems import ConfigError
from wolkvox_exporter.runtime.plain_error import PlainError

INTERRUPTED = 130
"""The exit code after Ctrl-C before all was done, as shells have it."""
READER_GONE = 141
"""The exit code where whoever read the output left before its end, as shells have it for what SIGPIPE has ended."""


def _nothing() -> None:
    """Do nothing."""


def main(arguments: Sequence[str] | None = None, loaded: Callable[[], object] = _nothing) -> int:
    """Run a command, calling `loaded` once all is imported that it needs; returns the exit code."""
    output.prepare()
    try:
        options = parse(arguments)
        exit_code: int = import_module("wolkvox_exporter.cli.running").run(options, loaded)
    except ConfigError as error:
        return failed(*error.problems)
    except PlainError as error:
        return failed(error)
    except ReaderGone:
        return READER_GONE
    except KeyboardInterrupt:
        return INTERRUPTED
    return exit_code
