"""What a database does for replicas, in memory: the contract of `replicas.store` in its plainest form."""

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from itertools import count

from wolkvox_exporter.replicas.store import DatabaseError, Identity, Lease, Member, Row, View

Key = tuple[str, str]


@dataclass
class Tables:
    """One database; each method is a transaction."""

    time: Callable[[], float]
    identity: Identity
    members: dict[str, Member] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    rows: dict[Key, Row] = field(default_factory=dict)
    contents: dict[Key, tuple[bytes | None, bytes | None]] = field(default_factory=dict)
    is_writable: bool = True
    last_number: int = 0

    def copied(self, identity: Identity) -> "Tables":
        """Return what another database is that had all this until now."""
        other = replace(self, identity=identity)
        for name in ("members", "leases", "rows", "contents"):
            setattr(other, name, copy(getattr(self, name)))
        return other

    def look(self, member: Member, lasts: float) -> View:
        """See `Database.look`."""
        now = self.time()
        self._is_to_be_written()
        self.members[member.name] = replace(member, seen=now)
        gone = [name for name, each in self.members.items() if abs(now - each.seen) > 20 * lasts]
        for name in gone:
            del self.members[name]
        members, rows = tuple(self.members.values()), tuple(self.rows.values())
        return View(now, self.identity, members, dict(self.leases), rows)

    def take(self, token: str, member: str, number: int, lasts: float) -> Lease | None:
        """See `Database.take`."""
        self._is_to_be_written()
        now, before = self.time(), self.leases.get(token)
        if number != (before.number if before else 0):
            return None
        if before and before.holder and now < before.until <= now + before.lasts:
            return None
        self.last_number += 1
        self.leases[token] = Lease(token, self.last_number, member, now + lasts, lasts)
        return self.leases[token]

    def renew(self, leases: Iterable[Lease], lasts: float) -> Mapping[str, Lease]:
        """See `Database.renew`."""
        self._is_to_be_written()
        ours = [each.token for each in leases if self._is_same(each)]
        for token in ours:
            self.leases[token] = replace(self.leases[token], until=self.time() + lasts, lasts=lasts)
        return {token: self.leases[token] for token in ours}

    def release(self, leases: Iterable[Lease]) -> None:
        """See `Database.release`."""
        self._is_to_be_written()
        for each in leases:
            if self._is_same(each):
                self.leases[each.token] = replace(self.leases[each.token], holder="", until=self.time())

    def read(self, name: str, server: str) -> tuple[int, bytes | None, bytes | None]:
        """See `Database.read`."""
        row = self.rows.get((name, server))
        return (row.version, *self.contents[name, server]) if row else (0, None, None)

    def write(self, lease: Lease, row: Row, content: bytes) -> int | None:
        """See `Database.write`."""
        return self._kept(lease, row, content, None)

    def note(self, lease: Lease, row: Row, note: bytes) -> int | None:
        """See `Database.note`."""
        content, _ = self.contents.get((row.name, row.server), (None, None))
        return self._kept(lease, row, content, note)

    def restore(self, row: Row, before: int, content: bytes | None, note: bytes | None) -> bool:
        """See `Database.restore`."""
        self._is_to_be_written()
        if not self._is_version(replace(row, version=before)):
            return False
        self.rows[row.name, row.server], self.contents[row.name, row.server] = row, (content, note)
        return True

    def leave(self, member: str) -> None:
        """See `Database.leave`."""
        self._is_to_be_written()
        self.members.pop(member, None)

    def _is_to_be_written(self) -> None:
        if not self.is_writable:
            raise DatabaseError("it takes no writes", "name the primary")

    def _kept(self, lease: Lease, row: Row, content: bytes | None, note: bytes | None) -> int | None:
        self._is_to_be_written()
        if not self._is_current(lease) or not self._is_version(row):
            return None
        key = row.name, row.server
        self.rows[key] = Row(row.name, row.server, row.version + 1, lease.token)
        self.contents[key] = content, note
        return row.version + 1

    def _is_same(self, lease: Lease) -> bool:
        now = self.leases.get(lease.token)
        return now is not None and (now.number, now.holder) == (lease.number, lease.holder)

    def _is_current(self, lease: Lease) -> bool:
        return self._is_same(lease) and self.time() < self.leases[lease.token].until

    def _is_version(self, row: Row) -> bool:
        found = self.rows.get((row.name, row.server))
        return row.version == (found.version if found else 0)


NUMBERS = count(2)
"""Of systems and schemas that are made anew."""


def made_anew(tables: Tables) -> Tables:
    """Return an empty database in the place of another."""
    number = next(NUMBERS)
    return Tables(tables.time, Identity(f"system {number}", 1, f"made {number}", f"salt {number}"))


def failed_over(tables: Tables, copied: Tables) -> Tables:
    """Return the database that goes on from a copy."""
    return copied.copied(replace(tables.identity, timeline=tables.identity.timeline + 1))
