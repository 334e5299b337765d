"""The command that is not written: poll and answer until told to stop."""

import asyncio
from functools import partial

from wolkvox_exporter import app
from wolkvox_exporter.app import Listen
from wolkvox_exporter.cli import PORT
from wolkvox_exporter.cli.options import Options
from wolkvox_exporter.config import load


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
