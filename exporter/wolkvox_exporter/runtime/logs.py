"""Structured logs on stderr: logfmt or JSON, one line an event, the library's own lines among them."""

import asyncio
import logging
import os
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from wolkvox_exporter.runtime import shortages
from wolkvox_exporter.runtime.printing import printable

_NUMBERS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


def configure(level: str, log_format: str) -> None:
    """Send every log line to stderr, from `level` upwards."""
    shared: list[Processor] = [
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("msg"),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(log_format)],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=_NUMBERS[level], force=True)
    # at debug level the loop would speak of itself, not of the exporter
    logging.getLogger("asyncio").setLevel(max(logging.INFO, _NUMBERS[level]))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(_NUMBERS[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def report_dropped(lines: int) -> None:
    """Log that lines were dropped, as an error, so that no level leaves it out."""
    remedy = "look at what reads this log: it stood still"
    structlog.get_logger().error("log lines dropped", lines=lines, remedy=remedy)


class Shortage:
    """Takes the event loop's complaint that no connection can be accepted, and logs it once a minute.

    The loop would repeat it with a traceback for every connection it might have accepted, every second.
    """

    def __init__(self) -> None:
        self._logged = float("-inf")

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Be the loop's exception handler; leaves all else to the usual one."""
        error = context.get("exception")
        if not isinstance(error, OSError) or not (remedy := shortages.remedy(error)):
            loop.default_exception_handler(context)
        elif loop.time() - self._logged >= _LOGGED_EVERY:
            self._logged = loop.time()
            reason, remedy = os.strerror(error.errno or 0), f"{remedy}; it is tried again every second"
            structlog.get_logger().warning("connections cannot be accepted", error=reason, remedy=remedy)


_LOGGED_EVERY = 60.0
_FIRST = ("ts", "level", "msg")
"""What a line begins with."""


def _renderer(log_format: str) -> Processor:
    renderer: Processor = structlog.processors.LogfmtRenderer(bool_as_flag=False)
    if log_format == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)

    def render(logger: WrappedLogger, name: str, event: EventDict) -> str:
        first = {key: event[key] for key in _FIRST if key in event}
        return printable(str(renderer(logger, name, {**first, **event})))

    return render
