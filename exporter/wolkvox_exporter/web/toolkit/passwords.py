"""Passwords and their bcrypt hashes."""

import bcrypt

LONGEST = 72
"""Bytes of a password that bcrypt looks at."""
COST = 12
"""Of new hashes: one comparison takes some 0.2 s."""


class BadPassword(ValueError):  # noqa: N818 - reads as what it says
    """The password cannot be used; the message never repeats it."""


def hashed(password: bytes, cost: int = COST) -> str:
    """Return the hash of a password; raises `BadPassword`."""
    if not password:
        raise BadPassword("the password is empty; give one")
    if len(password) > LONGEST:
        raise BadPassword(f"the password is longer than {LONGEST} bytes, which bcrypt does not see; give a shorter one")
    if b"\0" in password or b"\n" in password or b"\r" in password:
        raise BadPassword("the password has a line break or a NUL in it, which cannot be typed; give another")
    return bcrypt.hashpw(password, bcrypt.gensalt(cost)).decode()


def matches(password: bytes, password_hash: str) -> bool:
    """Return whether a hash is that of a password; takes as long for one that is too long."""
    # bcrypt refuses more, without doing the work
    same = bcrypt.checkpw(password[:LONGEST], password_hash.encode())
    return same and len(password) <= LONGEST


def stand_in(cost: int) -> str:
    """Return a hash of nothing, which takes as long to compare with as one of that cost."""
    return f"$2b${cost:02}${'.' * 53}"


def cost(password_hash: str) -> int:
    """Return the cost of a valid hash: the base-2 logarithm of its rounds."""
    return int(password_hash.split("$")[2])
