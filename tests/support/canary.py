"""Where a secret could show, and the log in which it could."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from support.operations import TOKEN, Running
from wolkvox_exporter.runtime import logs

PATHS = ("/", "/metrics", "/-/ready", "/-/healthy", "/nowhere")


@contextmanager
def debug_log(log_format: str) -> Iterator[None]:
    """Log as the exporter does at its most talkative, to the standard error of this moment."""
    root, loop = logging.getLogger(), logging.getLogger("asyncio")
    kept = list(root.handlers), root.level, loop.level
    root.handlers.clear()
    logs.configure("debug", log_format)
    try:
        yield
    finally:
        root.handlers[:] = kept[0]
        root.setLevel(kept[1])
        loop.setLevel(kept[2])
        structlog.reset_defaults()


async def pages(exporter: Running) -> str:
    """Return everything that the exporter shows."""
    await exporter.exporter.publisher.refresh()
    shown = [await exporter.get(path) for path in PATHS]
    shown.append(await exporter.get("/metrics", Accept="application/openmetrics-text"))
    return "\n".join(f"{status} {text}" for status, text in shown)


def told_by(error: BaseException | None) -> str:
    """Return all that an exception and those behind it say of themselves."""
    if error is None:
        return ""
    own = f"{error} {error!r} {error.args} {vars(error)}\n{''.join(traceback.format_exception(error))}"
    return "\n".join([own, told_by(error.__cause__), told_by(error.__context__)])


def assert_secret(text: str, *secrets: str) -> None:
    """Check that no secret, the token among them, shows in a text, in whatever case."""
    for secret in (TOKEN, *secrets):
        assert secret.casefold() not in text.casefold()
