"""What is shown of today of campaigns that were renamed, went to another skill, or are gone."""

from pathlib import Path

import pytest

from support.clock import ManualClock
from support.operations import Running
from support.processes import direct
from support.reloading import centre
from support.today import MINUTE, TODAY, thirty_dialled


async def dialled(exporter: Running) -> dict[tuple[str, str], float]:
    """Return what was dialled today by the campaign's name and skill."""
    samples = await exporter.samples()
    return {(each.labels["campaign"], each.labels["skill"]): each.value for each in samples.all if each.name == TODAY}


async def test_what_a_campaign_did_today_stays_under_its_former_name() -> None:
    """If a campaign is renamed or goes to another skill, then no sum over campaigns falls: what it did stays shown."""
    clock = ManualClock()
    async with thirty_dialled(clock) as (exporter, simulator):
        (campaign,) = simulator.operations[0].campaigns
        campaign.name = "Ventas (CO) + MX"
        campaign.dial += 12
        await clock.advance(5 * MINUTE)
        assert await dialled(exporter) == {("Ventas", "4000"): 30, ("Ventas (CO) + MX", "4000"): 12}
        campaign.skill = "4012"
        await clock.advance(5 * MINUTE)
        assert await dialled(exporter) == {
            ("Ventas", "4000"): 30,
            ("Ventas (CO) + MX", "4000"): 12,
            ("Ventas (CO) + MX", "4012"): 0,
        }


async def test_what_a_campaign_did_today_stays_when_it_is_gone() -> None:
    """If a campaign is deleted, then what it did today was done, and is shown until midnight, and no longer."""
    clock = ManualClock()
    async with thirty_dialled(clock) as (exporter, simulator):
        simulator.operations[0].campaigns.clear()
        await clock.advance(5 * MINUTE)
        assert await dialled(exporter) == {("Ventas", "4000"): 30}
        # from ten in the morning to after midnight
        await clock.advance(14 * 60 * MINUTE + MINUTE)
        assert await dialled(exporter) == {}


async def test_what_is_left_out_has_no_former_names_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a campaign is left out by its id from now on, then nothing of it stays shown, whatever it was called."""
    direct(monkeypatch)
    clock = ManualClock()
    async with centre(tmp_path, clock, "changes") as (exporter, file):
        (campaign,) = exporter.simulator.operations[1].campaigns
        await clock.advance(1)
        campaign.dial += 30
        await clock.advance(5 * MINUTE)
        campaign.name = "Otra"
        await clock.advance(5 * MINUTE)
        assert sorted((await dialled(exporter)).values()) == [0, 30]
        file.write("changes", changes={"campaigns": {"exclude": [campaign.id]}})
        assert (await exporter.reload())[0] == 200
        assert await dialled(exporter) == {}
        await clock.advance(5 * MINUTE)
        assert await dialled(exporter) == {}
