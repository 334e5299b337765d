"""What a connection consists of, and how far one has come: so that what failed has a name."""

import asyncio
from enum import Enum, auto


class Phase(Enum):
    """A part of making a connection, in their order."""

    NAME = auto()
    """A name server is asked for the addresses of the server or its proxy."""
    CONNECTION = auto()
    """TCP, to the server or its proxy."""
    PROXY = auto()
    """The proxy is asked for a tunnel, by CONNECT."""
    TLS = auto()
    """The handshake with the server."""


class Connecting:
    """A connection on its way, within `bound` seconds: to the server itself or a proxy, with TLS in the end or not."""

    def __init__(self, bound: float, *, proxied: bool, encrypted: bool) -> None:
        self.bound = bound
        self.proxied = proxied
        self.phase = Phase.NAME
        self._encrypted = encrypted
        self._took = dict.fromkeys(Phase, 0.0)
        self._since = _now()

    @property
    def peer(self) -> str:
        """Whose name is looked up, and to whom the connection is."""
        return "proxy" if self.proxied else "server"

    def opening(self) -> None:
        """Note that TCP begins, with the first address or the next."""
        self._enter(Phase.CONNECTION)

    def connected(self) -> None:
        """Note that there is a connection for the next protocol to speak on."""
        if not self._encrypted:
            return
        asks_proxy = self.proxied and self.phase is Phase.CONNECTION
        self._enter(Phase.PROXY if asks_proxy else Phase.TLS)

    def longest(self) -> tuple[Phase, float]:
        """Return what took more than half of the time allowed, else what it is at, and how many seconds that took."""
        self._enter(self.phase)
        half = self.bound / 2
        phase = next((phase for phase, seconds in self._took.items() if seconds > half), self.phase)
        return phase, self._took[phase]

    def _enter(self, phase: Phase) -> None:
        now = _now()
        self._took[self.phase] += now - self._since
        self.phase, self._since = phase, now


def _now() -> float:
    return asyncio.get_running_loop().time()
