"""A database as the configuration names it, opened by libpq."""

from functools import partial

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from wolkvox_exporter.config.database import Database, PasswordUnreadableError
from wolkvox_exporter.replicas.store import DatabaseError
from wolkvox_exporter.storage.postgresql.database import Postgresql

CONNECT_TIMEOUT = 2
"""Seconds for which a host is waited for that does not answer, so that the next one has its chance; libpq's least."""


def opened(written: Database) -> Postgresql:
    """Return a database, to which a connection is made once something is asked of it."""
    return Postgresql(partial(conninfo, written), written.schema)


def conninfo(written: Database) -> str:
    """Return what libpq wants to know, with the password as it is now. Raises `DatabaseError`."""
    added: dict[str, str | int] = {}
    try:
        if written.password:
            added["password"] = written.password.read()
        if "connect_timeout" not in conninfo_to_dict(written.url):
            added["connect_timeout"] = CONNECT_TIMEOUT
        return make_conninfo(written.url, **added)
    except PasswordUnreadableError as error:
        raise DatabaseError(str(error), "put the password there, and nothing else") from None
    except psycopg.Error:
        # without its words, which may hold the password
        raise DatabaseError("libpq does not take its address", "look at state in the configuration") from None
