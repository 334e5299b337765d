"""What replicas share: a database, as they want it; the values that cross the border to it.

Instants are Unix time by the database's clock, in seconds. A token is named by what cannot be turned back into it.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class DatabaseError(Exception):
    """The database did not do what was asked, as far as can be told; what was asked for may have happened all the same.

    `reason` is what was established, `remedy` what a person does about it; neither has a secret in it.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Identity:
    """Which database it is: where any of it differs, what was acknowledged before may be missing."""

    system: str
    """The system identifier of the cluster."""
    timeline: int
    """It grows when a standby becomes the primary, or a backup is restored."""
    schema_made: str
    """A random id, made with the schema."""
    salt: str = field(repr=False)
    """With what tokens are made into their names, by scrypt."""


@dataclass(frozen=True, slots=True)
class Member:
    """A replica: `configuration` is the fingerprint of the operations in effect there."""

    name: str
    seen: float
    configuration: str


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to use a token: until `until`; `number` grows with each taking, `holder` is empty after a release."""

    token: str
    number: int
    holder: str
    until: float
    lasts: float
    """Its length in seconds, as the last taking or renewal had it: replicas may be configured differently."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept of an operation, by the address of its server; `version` grows with each change of it, 0 is none.

    `token` is that of its last writer.
    """

    name: str
    server: str
    version: int
    token: str


@dataclass(frozen=True, slots=True)
class View:
    """All that the database says at `now`, but for the contents."""

    now: float
    identity: Identity
    members: tuple[Member, ...]
    leases: Mapping[str, Lease]
    """By token."""
    rows: tuple[Row, ...]


class Database(Protocol):
    """Each method but the last two is one transaction, bounded in time; raises `DatabaseError`."""

    async def look(self, member: Member, lasts: float) -> View:
        """Say that a member is there, forget those that were not seen for long, and return all there is.

        `member.seen` is ignored: the database's own time counts. `lasts` is the length of a lease, in seconds.
        """

    async def take(self, token: str, member: str, number: int, lasts: float) -> Lease | None:
        """Return a lease with a number greater than any before; None where another has it.

        It is had if its number is still `number`, 0 if there never was one, and it is free or has run out, or ends
        later than in `lasts` of the lease from now, which only a clock that was set back since explains.
        """

    async def renew(self, leases: Iterable[Lease], lasts: float) -> Mapping[str, Lease]:
        """Return those leases, by token, whose number and holder are still the same, with their new ends."""

    async def release(self, leases: Iterable[Lease]) -> None:
        """Give leases back that are still the same."""

    async def read(self, name: str, server: str) -> tuple[int, bytes | None, bytes | None]:
        """Return version, content and note of an operation; version 0 where there is nothing."""

    async def write(self, lease: Lease, row: Row, content: bytes) -> int | None:
        """Keep an operation's content, without a note, in the place of the version of `row`; return the new version.

        None, and nothing is changed, where the lease is no longer the current one, by number and holder, or has run
        out, or where the version is another. After a `DatabaseError` it may have happened.
        """

    async def note(self, lease: Lease, row: Row, note: bytes) -> int | None:
        """Keep a note beside an operation's content, on the same terms."""

    async def restore(self, row: Row, before: int, content: bytes | None, note: bytes | None) -> bool:
        """Keep what a lost database had, as version `row.version`, in the place of version `before`, 0 if none.

        It takes no lease, and is for rows that nobody has written in this database. Returns whether the version was
        still `before`.
        """

    async def leave(self, member: str) -> None:
        """Forget a member."""

    def changes(self) -> AsyncGenerator[tuple[str, str] | None, None]:
        """Yield the name and server of each operation that changes; None where something else did.

        It may miss some.
        """

    async def close(self) -> None:
        """Give all connections back."""
