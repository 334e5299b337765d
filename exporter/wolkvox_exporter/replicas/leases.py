"""Who has which token: what to take, and what to release, so that all are had and spread evenly. Pure.

Each replica decides for itself, from what the database says of all; who is second in taking a lease does not get it.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from wolkvox_exporter.replicas.store import Lease, Member, View

LENGTH = 15.0
"""Seconds that a lease lasts, unless told otherwise."""
OWN_SHARE = 0.99
"""The share of a lease's length, from sending the renewal, for which its holder relies on it: clocks drift."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What follows from the length of a lease, in seconds."""

    length: float = LENGTH

    @property
    def renewal(self) -> float:
        """Seconds from one renewal to the next: two may fail."""
        return self.length / 3

    @property
    def look(self) -> float:
        """Seconds from one look at the database to the next."""
        return self.length / 6

    @property
    def steady(self) -> float:
        """Seconds for which members must be the same before one of them gives anything up."""
        return self.length / 3

    @property
    def unclaimed(self) -> float:
        """Seconds for which a token must be free before one takes it that has its share."""
        return self.length / 5


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as its holder sees it, until an instant of the monotonic clock."""

    lease: Lease
    until: float


def held(lease: Lease, sent: float, length: float) -> Held:
    """Return a lease whose taking or renewal was sent at an instant of the monotonic clock."""
    return Held(lease, sent + OWN_SHARE * length)


def may_call(held: Held | None, latest: float, now: float) -> bool:
    """Return whether a call may go out at `now` that was noted to do so by the instant `latest`."""
    return held is not None and now < held.until and now <= latest


@dataclass(frozen=True, slots=True)
class Watch:
    """What was seen of members and tokens over time; instants are monotonic."""

    members: tuple[tuple[str, str], ...]
    """Names and configurations, sorted."""
    since: float
    """From when on they were these."""
    free: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """From when on tokens were free."""


@dataclass(frozen=True, slots=True)
class Replica:
    """A replica as it decides: its name, the tokens of its operations, and those it has and is asking nothing with."""

    name: str
    wanted: frozenset[str]
    held: frozenset[str]
    idle: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now: leases to take, each with the number it has, and leases to release."""

    take: Mapping[str, int]
    release: tuple[str, ...]


def is_free(lease: Lease | None, now: float) -> bool:
    """Return whether a lease can be had at `now`, by the database's clock."""
    return lease is None or not lease.holder or lease.until <= now or lease.until > now + lease.lasts


def members(view: View, me: Member, length: float) -> tuple[Member, ...]:
    """Return the replicas that were seen within a lease's length, by name; this one is among them."""
    alive = {each.name: each for each in view.members if abs(view.now - each.seen) < length}
    return tuple(member for _, member in sorted({**alive, me.name: me}.items()))


def watched(before: Watch | None, view: View, me: Member, wanted: Iterable[str], *, length: float, now: float) -> Watch:
    """Return what was seen so far, after another look at `now`, monotonic."""
    found = tuple((each.name, each.configuration) for each in members(view, me, length))
    free = {token for token in wanted if is_free(view.leases.get(token), view.now)}
    if before is None:
        return Watch(found, now, MappingProxyType(dict.fromkeys(free, now)))
    since = {token: before.free.get(token, now) for token in free}
    if found == before.members:
        return replace(before, free=MappingProxyType(since))
    return Watch(found, now, MappingProxyType(since))


def shares(tokens: int, names: Iterable[str]) -> Mapping[str, int]:
    """Return how many tokens each replica is to have, within one of each other."""
    order = sorted(names)
    share, rest = divmod(tokens, len(order))
    return {name: share + (place < rest) for place, name in enumerate(order)}


def plan(replica: Replica, view: View, watch: Watch, pace: Pace, now: float) -> Plan:
    """Return what a replica does at `now`, monotonic."""
    counts = dict.fromkeys((name for name, _ in watch.members), 0)
    live = {
        token: lease for token, lease in view.leases.items() if not is_free(lease, view.now) and lease.holder in counts
    }
    for lease in live.values():
        counts[lease.holder] += 1
    share = shares(len(replica.wanted | live.keys()), counts)
    room = share[replica.name] - len(replica.held)
    shortage = sum(max(0, share[name] - number) for name, number in counts.items() if name != replica.name)
    unclaimed = {token for token, since in watch.free.items() if now - since >= pace.unclaimed}
    chosen = _to_take(replica, watch, unclaimed, room)
    is_steady = now - watch.since >= pace.steady
    return Plan(
        take={token: view.leases[token].number if token in view.leases else 0 for token in chosen},
        release=_to_release(replica, watch, min(-room, shortage) if is_steady else 0),
    )


def _to_take(replica: Replica, watch: Watch, unclaimed: Container[str], room: int) -> Sequence[str]:
    free = sorted(watch.free.keys() - replica.held)
    # not all of them at the same ones
    place = [name for name, _ in watch.members].index(replica.name)
    first = place * len(free) // len(watch.members)
    order = free[first:] + free[:first]
    chosen = order[: max(0, room)]
    return [*chosen, *(token for token in order[len(chosen) :] if token in unclaimed)]


def _to_release(replica: Replica, watch: Watch, surplus: int) -> tuple[str, ...]:
    # nobody here has an operation for these
    unwanted = sorted(replica.held - replica.wanted)
    order = sorted(replica.held, key=lambda token: (token not in replica.idle, token))
    alike = len({configuration for _, configuration in watch.members}) == 1
    return (*unwanted, *(order[: max(0, surplus)] if alike and not unwanted else ()))
