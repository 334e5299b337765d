"""What PostgreSQL's refusals mean for whoever operates the exporter: what happened, and what to do."""

import psycopg
from psycopg import errors

from wolkvox_exporter.replicas.store import DatabaseError

_RIGHTS = "grant the role what is missing, or let its owner make the schema; see the documents on high availability"
_WRITABLE = "name all its hosts in state with target_session_attrs=read-write, or make it writable"
_REMEDIES: tuple[tuple[type[psycopg.Error], str], ...] = (
    (errors.InvalidPassword, "put the right password where state_password_file, state_password_env or libpq looks"),
    (errors.InvalidAuthorizationSpecification, "look at the user in state, and at pg_hba.conf of the server"),
    (errors.InvalidCatalogName, "create the database, or name another one in state"),
    (errors.InsufficientPrivilege, _RIGHTS),
    (errors.ReadOnlySqlTransaction, _WRITABLE),
    (errors.DiskFull, "make room on the database's disk"),
    (errors.OutOfMemory, "give the database more memory"),
    (errors.TooManyConnections, "allow the database more connections; each exporter needs two"),
    (errors.CannotConnectNow, "wait until it has started"),
    (errors.AdminShutdown, "start the database again"),
    (errors.QueryCanceled, "look what the database is busy with"),
    (errors.LockNotAvailable, "look what else holds the tables of the exporter's schema"),
)
_UNREACHABLE = "look whether it runs, and at host, port, user, password and TLS in state"
_UNEXPECTED = "nothing is asked meanwhile; look at the log of the database"


def slow() -> DatabaseError:
    """Return that it takes too long, whatever comes of it."""
    return DatabaseError("the database does not answer in time", "look whether it hangs, or waits for a lost standby")


def explained(error: psycopg.Error) -> DatabaseError:
    """Return what went wrong, in the server's or the library's words, without the statement or what was in it."""
    remedy = next((remedy for kind, remedy in _REMEDIES if isinstance(error, kind)), None)
    if error.diag.message_primary:
        return DatabaseError(error.diag.message_primary, remedy or _UNEXPECTED)
    # of several hosts each has a line
    reasons = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
    return DatabaseError(reasons or type(error).__name__, remedy or _UNREACHABLE)
