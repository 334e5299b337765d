"""A pushgateway that holds the same series: what another server of a fleet's series costs."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from bench.processes import HOST, PATIENCE, MeasurementError, free_port, program

PROGRAM = "prometheus-pushgateway"
_OWN = re.compile(rb"^(?:# (?:HELP|TYPE) )?wolkvox_.*\n", re.MULTILINE)


def is_installed() -> bool:
    """Return whether there is one on this machine."""
    return shutil.which(PROGRAM) is not None


@contextmanager
def holding(text: bytes) -> Iterator[tuple[int, int]]:
    """Run one that has been given the series of a text, and yield its process and port.

    Series of the exporter's process are left out: the gateway has its own by these names.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        port = free_port()
        command = (PROGRAM, f"--web.listen-address={HOST}:{port}", "--log.level=error")
        with program(*command, port=port, folder=Path(name)) as pid:
            connection = HTTPConnection(HOST, port, timeout=PATIENCE)
            connection.request("PUT", "/metrics/job/bench", b"".join(_OWN.findall(text)))
            response = connection.getresponse()
            if said := response.read():
                raise MeasurementError(f"the pushgateway: {response.status} {said[:500]!r}")
            yield pid, port
