"""States as they are kept in a database: the same as in a file, and a fraction as long."""

import pytest

from support.clock import ManualClock
from support.operations import operation, running
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.simulator import Campaign, Simulator
from wolkvox_exporter.simulator import Operation as Centre
from wolkvox_exporter.storage import codec, compressed

LARGE = 250


async def polled(clock: ManualClock) -> tuple[Operation, OperationState]:
    """Return an operation with many campaigns, and its state after a poll."""
    rows = [Campaign(f"{4000 + place}", f"Campaña {place} ñ", records=900, answer=place) for place in range(LARGE)]
    async with Simulator([Centre("ventas-co", ("token-1",), rows)], clock).serving() as url:
        wanted = operation(url, "ventas-co", "token-1")
        async with running(wanted, clock=clock) as exporter:
            await clock.advance(60)
            return wanted, exporter.states()["ventas-co"]


async def test_a_state_is_read_as_it_was_written() -> None:
    """If a state is kept in a database, then it takes a fifth of a file at most, and is read as that would be."""
    clock = ManualClock()
    wanted, state = await polled(clock)
    plain, packed = codec.encode(wanted, state, clock), compressed.encode(wanted, state, clock)
    assert len(state.published.campaigns) == LARGE
    assert 5 * len(packed) < len(plain)
    assert compressed.text(packed) == plain
    assert compressed.decode(packed, wanted, clock) == codec.decode(plain, wanted, clock)
    # a note knows its state by the same digest
    assert codec.digest(packed) == codec.digest(plain)


@pytest.mark.parametrize("place", [0, 10, 64, 65, 70, -1])
async def test_one_that_is_damaged_is_not_used(place: int) -> None:
    """If any of its bytes is another one, or its end is missing, then it is said to be damaged."""
    clock = ManualClock()
    wanted, state = await polled(clock)
    packed = bytearray(compressed.encode(wanted, state, clock))
    packed[place] ^= 1
    for damaged in (bytes(packed), bytes(packed[:place]), b"", None):
        with pytest.raises(codec.UnusableError):
            compressed.decode(damaged, wanted, clock)
