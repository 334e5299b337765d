"""Each report asked once."""

import asyncio
import logging
from pathlib import Path

import structlog

from wolkvox_exporter.app import Exporter
from wolkvox_exporter.cli import replies
from wolkvox_exporter.cli.closing import closing_line
from wolkvox_exporter.cli.options import Options
from wolkvox_exporter.cli.output import at_terminal, complain, put, require
from wolkvox_exporter.cli.replies import Recorder
from wolkvox_exporter.config import Config, load
from wolkvox_exporter.metrics.encoder import Format
from wolkvox_exporter.polling.pool import TOGETHER
from wolkvox_exporter.runtime.printing import printable

log = structlog.get_logger()


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
