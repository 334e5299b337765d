"""What befalls a fleet of replicas: each a function of the fleet, a replica, and where moments come from.

All of them return once it is over, but for what follows from it. Seconds go with the length of a lease.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

from psycopg.errors import DeadlockDetected

from support.fleet import Fleet, Replica
from support.proxy import Way

_ATTEMPTS = 10
Trouble = Callable[[Fleet, Replica, Random, float], Awaitable[None]]
"""The last argument is the length of a lease."""


async def killed(_: Fleet, victim: Replica, moment: Random, lease: float) -> None:
    """Kill a replica, and start it again."""
    await victim.end(signal.SIGKILL)
    await asyncio.sleep(moment.uniform(0.0, 2 * lease))
    await victim.start()


async def ended(_: Fleet, victim: Replica, moment: Random, lease: float) -> None:
    """End a replica in order, and start it again."""
    await victim.end(signal.SIGTERM)
    await asyncio.sleep(moment.uniform(0.0, lease))
    await victim.start()


async def frozen(_: Fleet, victim: Replica, moment: Random, lease: float) -> None:
    """Stop a replica where it is, for up to four leases."""
    victim.freeze()
    await asyncio.sleep(moment.uniform(0.1, 4 * lease))
    victim.freeze(frozen=False)


async def cut_off(_: Fleet, victim: Replica, moment: Random, lease: float) -> None:
    """Reset a replica's connections to the database, and refuse new ones."""
    victim.cut_off()
    await asyncio.sleep(moment.uniform(0.1, 3 * lease))
    victim.cut_off(cut=False)


async def hung_up(_: Fleet, victim: Replica, moment: Random, lease: float) -> None:
    """Let what a replica asks the database, or what is answered, arrive when nobody waits any more."""
    victim.way(moment.choice([Way.HANGS, Way.LOSES_ANSWERS]))
    await asyncio.sleep(moment.uniform(0.1, 3 * lease))
    victim.way(Way.PASSES)


async def stopped_database(fleet: Fleet, _: Replica, moment: Random, lease: float) -> None:
    """Stop the database in one of three ways, and start it again."""
    mode = moment.choice(["smart", "fast", "immediate"])
    if mode == "smart":
        # which takes no new connections, and waits for those that are there
        await fleet.database.primary.stop(mode, wait=False)
        await asyncio.sleep(moment.uniform(0.1, lease))
        mode = "fast"
    await fleet.database.primary.stop(mode)
    await asyncio.sleep(moment.uniform(0.1, 2 * lease))
    await fleet.database.primary.start()


async def frozen_database(fleet: Fleet, _: Replica, moment: Random, lease: float) -> None:
    """Stop all processes of the database where they are."""
    fleet.database.primary.freeze()
    await asyncio.sleep(moment.uniform(0.1, 2 * lease))
    fleet.database.primary.freeze(frozen=False)


async def read_only_database(fleet: Fleet, _: Replica, moment: Random, lease: float) -> None:
    """Let the database take no writes."""
    await fleet.database.primary.read_only()
    await asyncio.sleep(moment.uniform(0.1, 2 * lease))
    await fleet.database.primary.read_only(read_only=False)


async def dropped_schema(fleet: Fleet, _: Replica, moment: Random, lease: float) -> None:
    """Drop all that is there, under the replicas' eyes."""
    await asyncio.sleep(moment.uniform(0.0, lease))
    for _attempt in range(_ATTEMPTS):
        # the replicas are at work in it
        with suppress(DeadlockDetected):
            await fleet.database.primary.execute("DROP SCHEMA wolkvox_exporter CASCADE")
            # until all have noticed
            await asyncio.sleep(lease)
            return
    raise AssertionError


async def another_database(fleet: Fleet, _: Replica, moment: Random, lease: float) -> None:
    """Put another, empty one in the database's place."""
    await asyncio.sleep(moment.uniform(0.0, lease))
    await fleet.database.make_anew()


async def failed_over(fleet: Fleet, _: Replica, moment: Random, lease: float) -> None:
    """Fail over to a standby that has all that was acknowledged."""
    await fleet.database.be_synchronous()
    await asyncio.sleep(moment.uniform(1.0, 1.0 + lease))
    await fleet.database.fail_over()
    await asyncio.sleep(lease)
    await fleet.database.follow()


async def failed_over_with_loss(fleet: Fleet, _: Replica, moment: Random, lease: float) -> None:
    """Fail over to a standby that has not heard of the last seconds."""
    await fleet.database.part()
    await asyncio.sleep(moment.uniform(0.1, 3 * lease))
    await fleet.database.fail_over()
    await asyncio.sleep(lease)
    await fleet.database.follow()


OF_A_REPLICA: tuple[Trouble, ...] = (killed, frozen, ended, cut_off, hung_up)
OF_THE_DATABASE: tuple[Trouble, ...] = (stopped_database, frozen_database, read_only_database)
ANOTHER_LIFE: tuple[Trouble, ...] = (failed_over, dropped_schema, failed_over_with_loss, another_database)
"""After these the database may not have what it acknowledged: whoever knows it has to stay until it has."""
