"""Asks the exporter of this container how it is: `python -m wolkvox_exporter.cli.healthcheck`.

Where it answers is what its command line says, or the flags `--web.listen-address` that are given here. The exit code
is 0 if it is at work, or if it answers but wants more than a health check has, a password or a client certificate say;
1 if not, with the reason on stderr. Little is imported, since this runs twice a minute.
"""

import argparse
import ssl
import sys
from collections.abc import Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

from wolkvox_exporter.cli import PORT
from wolkvox_exporter.cli.output import failed
from wolkvox_exporter.web.toolkit.address import Address, parse_address, shown

_PROGRAMS = {"wolkvox-exporter", "wolkvox_exporter"}
_LOOPBACK = {None: ("127.0.0.1", "::1"), "0.0.0.0": ("127.0.0.1",)}  # noqa: S104 - nothing is bound here
_TIMEOUT = 2.0
_AT_WORK = {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}


def main(flags: Sequence[str], processes: Path = Path("/proc")) -> int:
    """Return the exit code; `processes` is the folder that has one for each."""
    try:
        wanted = _given(flags) if flags else _in_use(_flags_of_exporter(processes))
    except ValueError as error:
        return failed(error)
    except SystemExit as misused:
        # containers keep the code for themselves that argparse has for it
        return 1 if misused.code else 0
    reasons = []
    for host, port in wanted:
        for reached in _LOOPBACK.get(host, (str(host),)):
            if (reason := _illness(reached, port)) is None:
                return 0
            reasons.append(f"{shown((reached, port))}: {reason}")
    # kept with the container's state, for people
    return failed(*reasons)


def _given(flags: Sequence[str]) -> list[Address]:
    return _addresses(_parser().parse_args(flags))


def _in_use(flags: Sequence[str]) -> list[Address]:
    return _addresses(_parser().parse_known_args(flags)[0]) or [(None, PORT)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="healthcheck", allow_abbrev=False)
    text = "where the exporter answers, if not where its own command line says; may be repeated"
    parser.add_argument("--web.listen-address", dest="addresses", action="append", metavar="[HOST]:PORT", help=text)
    return parser


def _addresses(flags: argparse.Namespace) -> list[Address]:
    return [parse_address(written) for written in flags.addresses or ()]


def _flags_of_exporter(processes: Path) -> Sequence[str]:
    """Return the flags of the exporter's process, the first that is found; an init process may stand before it."""
    for number in sorted(int(entry.name) for entry in processes.iterdir() if entry.name.isdecimal()):
        try:
            words = (processes / str(number) / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            # it has ended, or it is another user's
            continue
        for place, word in enumerate(words):
            if Path(word).name in _PROGRAMS and not word.startswith("-"):
                return words[place + 1 :]
    return ()


def _illness(host: str, port: int) -> str | None:
    """Return what is wrong, or None."""
    try:
        status = _status_behind_any_scheme(host, port)
    except (OSError, HTTPException) as error:
        return str(error) or type(error).__name__
    return None if status in _AT_WORK else f"it answers {status}"


def _status_behind_any_scheme(host: str, port: int) -> int:
    # http.client knows no proxy that the environment may name
    try:
        return _status(HTTPConnection(host, port, timeout=_TIMEOUT))
    except ConnectionRefusedError:
        raise
    except (ConnectionError, HTTPException):
        return _status_behind_tls(host, port)


def _status_behind_tls(host: str, port: int) -> int:
    connection = HTTPSConnection(host, port, timeout=_TIMEOUT, context=_trusting())
    # fails while there is no usable certificate
    connection.connect()
    try:
        return _status(connection)
    except (ssl.SSLError, ConnectionError, HTTPException):
        # a client without a certificate learns only now that it needs one
        return HTTPStatus.UNAUTHORIZED


def _status(connection: HTTPConnection) -> int:
    try:
        # whatever the host's name here, a zone of IPv6 too: it is this machine
        connection.request("GET", "/-/healthy", headers={"Host": "localhost"})
        return connection.getresponse().status
    finally:
        connection.close()


def _trusting() -> ssl.SSLContext:
    """Return a context that takes any certificate: it is this machine, and nothing secret is sent."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
