"""Asks the exporter on this machine how it is: `python -m wolkvox_exporter.cli.healthcheck PORT`, for containers.

The exit code is 0 if it is at work, or if it answers but wants more than a health check has, a password or a client
certificate say; 1 if not.
"""

import ssl
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection

_HOST = "127.0.0.1"
_TIMEOUT = 2.0
_AT_WORK = {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}


def main(port: int) -> int:
    """Return the exit code."""
    try:
        return 0 if _is_at_work(port) else 1
    except (OSError, HTTPException):
        return 1


def _is_at_work(port: int) -> bool:
    # http.client knows no proxy that the environment may name
    try:
        return _status(HTTPConnection(_HOST, port, timeout=_TIMEOUT)) in _AT_WORK
    except (ConnectionError, HTTPException):
        return _is_at_work_behind_tls(port)


def _is_at_work_behind_tls(port: int) -> bool:
    connection = HTTPSConnection(_HOST, port, timeout=_TIMEOUT, context=_trusting())
    # fails while there is no usable certificate
    connection.connect()
    try:
        return _status(connection) in _AT_WORK
    except (ssl.SSLError, ConnectionError, HTTPException):
        # a client without a certificate learns only now that it needs one
        return True


def _status(connection: HTTPConnection) -> int:
    try:
        connection.request("GET", "/-/healthy")
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
    sys.exit(main(int(sys.argv[1])))
