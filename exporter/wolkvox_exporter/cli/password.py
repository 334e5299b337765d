"""A password, typed or sent, to its hash."""

import getpass
import sys

from wolkvox_exporter.cli.options import Options
from wolkvox_exporter.cli.output import failed, say
from wolkvox_exporter.web.toolkit import passwords

_LONGEST_INPUT = 4096


def hash_password(_: Options) -> int:
    """Print the hash of a password for the web configuration file; it is typed twice, or comes through a pipe."""
    try:
        say(passwords.hashed(_typed() if sys.stdin and sys.stdin.isatty() else _piped()))
    except passwords.BadPassword as error:
        return failed(error)
    except EOFError:
        return failed("no password was typed; type one twice, or send one through a pipe")
    except UnicodeError:
        # the error itself quotes what was typed
        return failed("the password has characters that this terminal does not write in UTF-8; send it through a pipe")
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
