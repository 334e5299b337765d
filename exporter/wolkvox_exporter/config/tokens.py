"""Where an operation's token comes from; it is read when it is needed, so that it can be renewed without a restart."""

import os
import re
import stat
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from pydantic import SecretStr

from wolkvox_exporter.config import placeholders
from wolkvox_exporter.runtime import files, shortages

_LENGTH = 1024
_TOKEN = re.compile(r"[!-~]+")
# allows for white space around the token; a file larger than this holds something else
_READ_BYTES = 4 * _LENGTH
# of a setting, a header or JSON; the = at the end of a token belongs to it
_NAMED = re.compile(
    r"^\s*(?:(?:export|set)\s+)?(?:[A-Z][A-Z0-9_]*|[a-z][a-z0-9_]*|[\w.-]*[Tt]oken[\w.-]*)\s*=\s*[^=\s]"
    r"|^[A-Za-z][\w-]*:\s+\S|(?i:wolkvox-token|authorization)\W*:|^(?i:bearer)\s|\A\{\s*\"",
    re.MULTILINE,
)
_QUOTED = re.compile(r"""(["']).*\1""", re.DOTALL)
_READ_AGAIN = "it is read again within seconds, without a restart"
# systemd copies each service's credentials to a folder of its own below this
_CREDENTIALS = Path("/run/credentials")


class TokenUnreadable(Exception):  # noqa: N818 - reads as what it says
    """There is no usable token now; the message says what to do and shows neither the token nor where it was sought."""


class TokenSource(ABC):
    """A place that holds a token."""

    is_at_hand: ClassVar[bool] = False
    """Whether reading it takes no time, and cannot hang."""

    @abstractmethod
    def read(self) -> str:
        """Return the token as it is now, or raise `TokenUnreadable`."""

    @abstractmethod
    def describe(self) -> str:
        """Name the place for people."""

    @property
    def renewal(self) -> str:
        """How another token in this place comes into effect, for people."""
        return _READ_AGAIN

    def changed_at(self) -> float | None:
        """Return when the token was written, in seconds since the epoch; None if there is no telling."""
        return None


@dataclass(frozen=True, slots=True)
class FileToken(TokenSource):
    """A token in a file of its own."""

    path: Path = field(repr=False)
    is_shown: bool = field(default=True, compare=False)
    """Whether the path may be shown; what names no file might be the token itself, pasted in the wrong place."""

    def read(self) -> str:
        """Read the file."""
        try:
            if not self.path.is_file():
                if self.path.exists():
                    raise TokenUnreadable(f"this is {files.NOT_REGULAR}; name the file that holds the token")
                raise TokenUnreadable("there is no such file; it must exist and hold the token")
            with self.path.open("rb") as file:
                content = file.read(_READ_BYTES)
        except OSError as error:
            remedy = shortages.remedy(error) or "make it readable for the exporter"
            raise TokenUnreadable(
                f"the token file cannot be read ({os.strerror(error.errno or 0)}); {remedy}"
            ) from None
        return _checked(content.decode("latin-1"), "the token file")

    def changed_at(self) -> float | None:
        """Look at the file's times; one that was moved here counts as written then."""
        try:
            status = self.path.stat()
        except (OSError, ValueError):
            return None
        return max(status.st_mtime, status.st_ctime)

    def describe(self) -> str:
        """Name the file."""
        return f"file {self.path}" if self.is_shown else "the file that token_file names"

    @property
    def renewal(self) -> str:
        """A file is read again; but what systemd copied at the start stays what it was."""
        own = os.environ.get("CREDENTIALS_DIRECTORY")
        folders = [_CREDENTIALS, *([Path(own)] if own else [])]
        if any(self.path.is_relative_to(folder) for folder in folders):
            return (
                "systemd copies credentials at the start only: write it where LoadCredential= takes it from, "
                "then restart the service"
            )
        return _READ_AGAIN

    def exposed_mode(self) -> int | None:
        """Return the file's permissions if they let every user of this machine read it, else nothing.

        A group is somebody's choice, and its bits also show the mask of an access list, as systemd's credentials have
        one. On a file system mounted read-only, as containers get their secrets, the mode is not the reader's to change
        and says nothing of who else sees the file; nor is a file in a folder that others cannot enter open to them.
        """
        try:
            path = self.path.resolve()
            mode = stat.S_IMODE(path.stat().st_mode)
            entered = all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)
            fixed = os.statvfs(path).f_flag & os.ST_RDONLY
        except (OSError, ValueError):
            # reading it says what is wrong
            return None
        return mode if mode & stat.S_IROTH and entered and not fixed else None


@dataclass(frozen=True, slots=True)
class EnvironmentToken(TokenSource):
    """A token in an environment variable."""

    is_at_hand: ClassVar[bool] = True

    name: str

    def read(self) -> str:
        """Look the variable up."""
        if self.name not in os.environ:
            raise TokenUnreadable("the environment variable is not set; set it to the token before the exporter starts")
        return _checked(os.environ[self.name], "the environment variable")

    @property
    def renewal(self) -> str:
        """A process does not see its environment change."""
        return "the environment is read at the start only: restart the exporter with the new value"

    def describe(self) -> str:
        """Name the variable."""
        return f"environment variable {self.name}"


@dataclass(frozen=True, slots=True)
class LiteralToken(TokenSource):
    """A token in the configuration file itself."""

    is_at_hand: ClassVar[bool] = True

    secret: SecretStr

    def read(self) -> str:
        """Reveal the token."""
        return _checked(self.secret.get_secret_value(), "the value")

    @property
    def renewal(self) -> str:
        """A reload reads the configuration file again."""
        return "it stands in the configuration file: reload once it is changed there"

    def describe(self) -> str:
        """Name the configuration file."""
        return "configuration file"


def _checked(content: str, place: str) -> str:
    token = content.strip()
    if not token:
        raise TokenUnreadable(f"{place} is empty; it must hold the token")
    if len(token) > _LENGTH:
        raise TokenUnreadable(f"{place} holds more than {_LENGTH} characters; it must hold the token and nothing else")
    if _NAMED.search(token):
        raise TokenUnreadable(f"{place} holds a name before the token; it must hold the token alone")
    if _QUOTED.fullmatch(token):
        raise TokenUnreadable(f"{place} holds the token in quotes, which would be sent with it; remove them")
    if placeholders.in_token(token):
        raise TokenUnreadable(f"{place} holds a placeholder; it must hold the token itself")
    if not _TOKEN.fullmatch(token):
        raise TokenUnreadable(
            f"{place} holds white space inside the token or characters beyond ASCII; it must hold the token only"
        )
    return token
