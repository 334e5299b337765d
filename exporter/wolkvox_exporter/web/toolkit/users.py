"""Who may come in: basic authentication against bcrypt hashes."""

import asyncio
import base64
import binascii
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import TypeAlias

from pydantic import SecretStr

from wolkvox_exporter.runtime.concurrency import in_thread
from wolkvox_exporter.web.toolkit import passwords

MOST_WAITING = 10
"""Comparisons that may wait for the one under way."""
_REMEMBERED = 100

Hashes: TypeAlias = Mapping[str, SecretStr]
"""bcrypt hashes by user."""
Matches: TypeAlias = Callable[[bytes, str], bool]
"""Returns whether a password has a hash."""


class Verdict(Enum):
    """What becomes of a request."""

    ADMITTED = auto()
    REFUSED = auto()
    BUSY = auto()


class Users:
    """Judges requests; passwords that were right are remembered, as digests under a key of this process."""

    def __init__(self, matches: Matches = passwords.matches) -> None:
        self._matches = matches
        # one comparison at a time: they are made to be costly, and the machine has other work
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0
        self._secret = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()

    async def verdict(self, authorization: str, hashes: Hashes) -> Verdict:
        """Judge a request by its `Authorization` header."""
        credentials = _credentials(authorization)
        if credentials is None:
            return Verdict.REFUSED
        user, password = credentials
        own = hashes[user].get_secret_value() if user in hashes else ""
        digest = self._digest(user.encode(), own.encode(), password)
        if digest in self._right:
            self._right.move_to_end(digest)
            return Verdict.ADMITTED
        if self._waiting > MOST_WAITING:
            return Verdict.BUSY
        if own in await self._matching(password, _comparisons(own, hashes)):
            self._remember(digest)
            return Verdict.ADMITTED
        return Verdict.REFUSED

    async def _matching(self, password: bytes, compared: Sequence[str]) -> list[str]:
        """Return those of the hashes that the password has; all are compared, whichever do."""
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                return await in_thread("password", self._having, password, compared)
        finally:
            self._waiting -= 1

    def _having(self, password: bytes, compared: Sequence[str]) -> list[str]:
        return [each for each in compared if self._matches(password, each)]

    def _remember(self, digest: bytes) -> None:
        self._right[digest] = None
        while len(self._right) > _REMEMBERED:
            self._right.popitem(last=False)

    def _digest(self, *parts: bytes) -> bytes:
        # with lengths: no two triples may make the same bytes
        written = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hashlib.blake2b(written, key=self._secret).digest()


def _credentials(authorization: str) -> tuple[str, bytes] | None:
    """Return user and password; bytes, since people's passwords are no text that could be normalised."""
    scheme, _, written = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(written.strip(), validate=True).partition(b":")
        return (user.decode(), password) if colon else None
    except (binascii.Error, ValueError):
        return None


def _comparisons(own: str, hashes: Hashes) -> list[str]:
    """Return what a password is compared with: a hash of each cost that any user has, at its cost the user's own.

    So the work is the same for all users and for whoever is none, and time does not show who is one.
    """
    costs = {passwords.cost(password_hash.get_secret_value()) for password_hash in hashes.values()}
    cost_of_own = passwords.cost(own) if own else None
    return [own if cost == cost_of_own else passwords.stand_in(cost) for cost in sorted(costs)]
