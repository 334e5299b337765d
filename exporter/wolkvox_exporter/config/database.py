"""The database that replicas share: its address as written, and where its password is."""

import os
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qsl, urlsplit

from wolkvox_exporter.config import placeholders
from wolkvox_exporter.config.problems import BadValue

SCHEMA = "wolkvox_exporter"
LEASE = 15.0
"""Seconds for which a replica may use a token after it was last heard of."""
LONGEST_NAME = 63
"""Bytes of a name that PostgreSQL does not cut off."""
_SCHEMES = ("postgresql", "postgres")
_EXAMPLE = "postgresql://wolkvox@db.example.com/wolkvox"
_SECRETS = ("password", "sslpassword")


class PasswordUnreadableError(Exception):
    """There is no password where one should be; the message says where, and what to do."""


@dataclass(frozen=True, slots=True)
class Password:
    """Where the password is: in a file or an environment variable."""

    file: Path | None = None
    variable: str = ""

    def read(self) -> str:
        """Return it as it is now, for a file may change. Raises `PasswordUnreadableError`."""
        if self.file is None:
            return os.environ.get(self.variable, "")
        try:
            return self.file.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError):
            raise PasswordUnreadableError(f"{self.file}: it cannot be read as text; see state_password_file") from None


@dataclass(frozen=True, slots=True)
class Database:
    """A database, and how replicas use it; `lease` is in seconds."""

    url: str
    schema: str = SCHEMA
    lease: float = LEASE
    password: Password | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Return the address, in which there is no secret."""
        return self.url


def url(text: str) -> str:
    """Read an address that libpq takes, and that holds no password."""
    try:
        parts = urlsplit(text)
        secret, keys = parts.password, [key for key, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:
        raise BadValue(f"this is no address of a database; write one such as {_EXAMPLE}") from None
    if parts.scheme not in _SCHEMES:
        supported = "a folder, and PostgreSQL by its address"
        raise BadValue(f"this is no store that is supported: {supported}, such as {_EXAMPLE}")
    if secret is not None or any(key in _SECRETS for key in keys):
        raise BadValue(
            "a password does not belong into the address, which is logged; write state_password_file or "
            "state_password_env, or use libpq's own password file"
        )
    if found := placeholders.in_address(text):
        raise BadValue(f"{found.what}; write the address itself, such as {_EXAMPLE}")
    return _understood(text)


def library() -> ModuleType:
    """Return what speaks to PostgreSQL. Raises `BadValue` where it is not installed."""
    try:
        return import_module("psycopg")
    except ImportError:
        raise BadValue(
            "PostgreSQL needs the extra postgresql; install it: pip install 'wolkvox-exporter[postgresql]'"
        ) from None


def _understood(text: str) -> str:
    libpq = library()
    try:
        libpq.conninfo.conninfo_to_dict(text)
    except libpq.Error as error:
        raise BadValue(
            f"libpq does not take this address ({str(error).strip()}); write one such as {_EXAMPLE}"
        ) from None
    return text


def schema(text: str) -> str:
    """Read the name of a schema."""
    return _name(text, SCHEMA)


def role(text: str) -> str:
    """Read the name of a role."""
    return _name(text, "wolkvox")


def _name(text: str, example: str) -> str:
    # PostgreSQL keeps what begins with pg_ for itself
    if not text.strip() or len(text.encode()) > LONGEST_NAME or not text.isprintable() or text.startswith("pg_"):
        raise BadValue(f"write a name of {LONGEST_NAME} bytes at most that does not begin with pg_, such as {example}")
    return text
