"""Operations that a reload takes away or changes, and what becomes of those that come back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.clock import ManualClock
from support.operations import TOKEN, operation
from support.outcomes import call_centre
from support.processes import direct
from support.reloading import centre, until
from wolkvox_exporter.config import AmdMode, Operation
from wolkvox_exporter.metrics import ExporterStatus
from wolkvox_exporter.metrics.cache import Publisher
from wolkvox_exporter.polling.pool import Pool
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.runtime.supervisor import Supervisor
from wolkvox_exporter.simulator import Campaign, Fault, Simulator
from wolkvox_exporter.simulator import Operation as Simulated


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


class SlowStore:
    """Keeps nothing, and after the first `quick` times only as fast as it is told to."""

    is_shared = False

    def __init__(self, quick: int) -> None:
        self.quick = quick
        self.writing: list[asyncio.Future[bool]] = []

    async def load(self, operation: Operation) -> OperationState | None:
        """See `Store.load`."""

    async def note(self, operation: Operation, state: OperationState) -> bool:
        """See `Store.note`."""
        return await self.save(operation, state)

    async def save(self, operation: Operation, state: OperationState) -> bool:  # noqa: ARG002 - as the protocol names them
        """See `Store.save`."""
        self.quick -= 1
        if self.quick >= 0:
            return True
        self.writing.append(asyncio.get_running_loop().create_future())
        return await self.writing[-1]


@asynccontextmanager
async def polling(
    clock: ManualClock, *operations: Operation, store: SlowStore | None = None
) -> AsyncIterator[tuple[Pool, Publisher]]:
    """Let workers poll these operations, and whoever comes after them."""
    publisher = Publisher(clock, ExporterStatus("1.0", "3.11", config_loaded=True, config_loaded_at=0.0))
    supervisor = Supervisor(clock)
    pool = Pool(operations, publisher, supervisor, clock, store=store)
    await pool.prepare()
    pool.start()
    await clock.settled()
    try:
        yield pool, publisher
    finally:
        await supervisor.stop()
        await pool.close()


async def test_what_is_removed_publishes_nothing_more() -> None:
    """If an operation is removed at the very moment at which its poll has been kept, then it is not shown again."""
    # the first poll is kept before its call and after its answer
    clock, store = ManualClock(), SlowStore(quick=1)
    async with (
        call_centre(clock).serving() as url,
        polling(clock, operation(url, amd=AmdMode.OFF), store=store) as (pool, publisher),
    ):
        clock.jump(0)
        await until(lambda: len(store.writing) == 1)
        store.writing[0].set_result(True)
        await pool.adopt([])
        assert publisher.snapshots == {}


async def test_a_round_goes_on_under_other_settings() -> None:
    """If an operation changes within a round of single campaigns, then that call ends, and no campaign is lost."""
    clock = ManualClock()
    rows = [Campaign(f"{4000 + place}", f"C{place}", records=50, machine=5) for place in range(5)]
    for row in rows:
        row.detect(clock.time(), 3)
    simulator = Simulator([Simulated("ventas-co", (TOKEN,), rows)], clock)
    async with (
        simulator.serving() as url,
        polling(clock, operation(url, amd=AmdMode.EACH)) as (pool, publisher),
    ):
        simulator.delay = 0.1
        clock.jump(0)
        await until(lambda: any(call.report == "amd" for call in simulator.calls))
        await pool.adopt([operation(url, amd=AmdMode.EACH, timeout=30.0)])
        simulator.delay = 0.0
        await clock.advance(1)
        asked = [call for call in simulator.calls if call.report == "amd"]
        assert [(call.params["campaign_id"], call.status) for call in asked] == [(row.id, 200) for row in rows]
        assert publisher.snapshots["ventas-co"].reports["amd"].polls == 1  # type: ignore[index]
        assert len(publisher.snapshots["ventas-co"].detections) == len(rows)


@pytest.mark.parametrize(("interval", "minutes"), [("1m", 3), ("20m", 60)])
async def test_another_interval_dates_data_from_when_they_came(tmp_path: Path, interval: str, minutes: int) -> None:
    """If the interval changes, then the last data are shown for three of the new ones, counted from their poll."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "changes") as (exporter, file):
        await clock.advance(100)
        exporter.simulator.inject(Fault.SERVER_ERROR)
        file.write("changes", top={"interval": interval})
        await exporter.reload()
        await clock.advance(60 * minutes - 101)
        assert (await exporter.samples()).values("wolkvox_campaigns") == [1]
        await clock.advance(2)
        assert (await exporter.samples()).values("wolkvox_campaigns") == []


async def test_what_was_removed_and_comes_back_goes_on_without_a_state(tmp_path: Path) -> None:
    """If an operation is taken out of the file and put back, then it is not asked early, and counts on."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", "changes") as (exporter, file):
        await clock.advance(100)
        file.write("stays")
        await exporter.reload()
        assert (await exporter.samples()).values("wolkvox_up", operation="changes") == []
        await clock.advance(100)
        file.write("stays", "changes")
        await exporter.reload()
        samples = await exporter.samples()
        assert samples.value("wolkvox_polls_total", operation="changes", report="campaigns") == 1
        assert samples.value("wolkvox_campaigns", operation="changes") == 1
        await clock.advance(300)
    assert exporter.started("changes") == [15, 315]


async def test_a_server_that_comes_back_is_the_account_that_it_was(tmp_path: Path) -> None:
    """If an operation moves to another server and back, then it goes on where it was on the first one."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "changes") as (exporter, file):
        await clock.advance(1)
        file.write("changes", changes={"base_url": file.base_url.replace("127.0.0.1", "localhost")})
        exporter.simulator.inject(Fault.SERVER_ERROR, times=2)
        await exporter.reload()
        await clock.advance(1)
        assert (await exporter.samples()).values("wolkvox_campaigns") == []
        file.write("changes")
        await exporter.reload()
        assert (await exporter.samples()).value("wolkvox_campaigns") == 1
        await clock.advance(300)
    assert exporter.started("changes") == [0, 1, 300]


async def test_a_new_name_starts_anew(tmp_path: Path) -> None:
    """If an operation is given another name, then it is another one: it starts with nothing, and is asked at once."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "goes") as (exporter, file):
        await clock.advance(1)
        file.write("comes", comes={"token_file": "goes"})
        await exporter.reload()
        await clock.advance(1)
        assert (await exporter.samples()).values("wolkvox_polls_total", report="campaigns") == [1]
    assert [call.started - 1000 for call in exporter.simulator.calls if call.report == "campaigns"] == [0, 1]
