"""A database as the configuration names it, opened by libpq."""

from functools import partial

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from wolkvox_exporter.config.database import Database, PasswordUnreadableError
from wolkvox_exporter.replicas.leases import Pace
from wolkvox_exporter.replicas.store import DatabaseError
from wolkvox_exporter.storage.postgresql.database import PATIENCE, Postgresql

CONNECT_TIMEOUT = 2
"""Seconds for which a host is waited for that does not answer, so that the next one has its chance; libpq's least."""

LEAST_PATIENCE = 1.0
"""Seconds that anything may take, however short leases are."""


def opened(written: Database) -> Postgresql:
    """Return a database, to which a connection is made once something is asked of it."""
    # a renewal that takes until the next one is due is of no use; but any machine may be busy for a moment
    patience = min(PATIENCE, max(LEAST_PATIENCE, Pace(written.lease).renewal))
    return Postgresql(partial(conninfo, written), written.schema, patience)


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
