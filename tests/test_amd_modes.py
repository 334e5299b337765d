"""How detections are asked for, and what that costs."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from support.clock import ManualClock
from support.operations import TOKEN, operation, running
from support.samples import Samples
from wolkvox_exporter.config import AmdMode
from wolkvox_exporter.simulator import Call, Campaign, Fault, Operation, Simulator

HOUR = 3600.0
DETECTED = "wolkvox_campaign_amd_detections"


@dataclass
class Outcome:
    """The calls for AMD, and what the last scrape found."""

    calls: list[Call]
    samples: Samples

    @property
    def ids(self) -> list[str]:
        """For which campaigns was asked, in order."""
        return [call.params["campaign_id"] for call in self.calls]


def centre(
    clock: ManualClock, campaigns: int = 3, *, machine: int = 5, amd_all: bool = True, detected: bool = True
) -> Simulator:
    """Return an operation whose started campaigns have had machine results, the first of them most."""
    rows = [
        Campaign(f"{4000 + place}", f"C{place}", records=500, machine=machine and machine + campaigns - place)
        for place in range(campaigns)
    ]
    for row in rows if detected else []:
        row.detect(clock.time(), row.machine)
    return Simulator([Operation("ventas-co", (TOKEN,), rows)], clock, amd_all=amd_all)


async def polled(
    simulator: Simulator, clock: ManualClock, amd: AmdMode, hours: float, amd_max_calls: int = 10
) -> Outcome:
    """Poll for some hours."""
    async with simulator.serving() as base_url:
        settings = operation(base_url, amd=amd, amd_max_calls=amd_max_calls)
        async with running(settings, clock=clock) as exporter:
            await clock.advance(hours * HOUR - 1)
            samples = await exporter.samples()
    return Outcome([call for call in simulator.calls if call.report == "amd"], samples)


async def test_auto_costs_one_call_an_interval_where_all_works() -> None:
    """If `all` returns rows, then `auto` asks nothing else: twelve calls an hour."""
    clock = ManualClock()
    outcome = await polled(centre(clock), clock, AmdMode.AUTO, hours=6)
    assert outcome.ids == ["all"] * 72
    assert outcome.samples.value(DETECTED, campaign_id="4000") == 8


async def test_auto_finds_out_where_all_keeps_detections_back() -> None:
    """If `all` is empty and the campaign with most machines has detections, then each campaign is asked for."""
    clock = ManualClock()
    outcome = await polled(centre(clock, amd_all=False), clock, AmdMode.AUTO, hours=1)
    assert outcome.ids[:2] == ["all", "4000"]
    assert outcome.ids[2:] == ["4000", "4001", "4002"] * 11
    assert [outcome.samples.value(DETECTED, campaign=name) for name in ("C0", "C1", "C2")] == [8, 7, 6]


async def test_what_auto_chose_lasts_until_midnight() -> None:
    """If `auto` asks for each, then it tries `all` again with the first poll of the next day."""
    clock = ManualClock("2026-11-23T23:00:00-05:00")
    outcome = await polled(centre(clock, amd_all=False), clock, AmdMode.AUTO, hours=2)
    tomorrow = [call.params["campaign_id"] for call in outcome.calls if call.params["date_ini"] == "20261124000000"]
    assert tomorrow[0] == "all"
    assert Counter(outcome.ids)["all"] == 13


async def test_auto_asks_once_an_hour_where_there_is_no_amd() -> None:
    """If there are machine results and no detections anywhere, then one campaign an hour is tried, each in its turn."""
    clock = ManualClock("2026-11-23T08:00:00-05:00")
    simulator = centre(clock, detected=False)
    outcome = await polled(simulator, clock, AmdMode.AUTO, hours=6)
    probes = [call for call in outcome.calls if call.params["campaign_id"] != "all"]
    assert [call.params["campaign_id"] for call in probes] == ["4000", "4001", "4002"] * 2
    assert [later.started - earlier.started for earlier, later in pairwise(probes)] == [HOUR] * 5
    assert Counter(outcome.ids)["all"] == 72
    assert outcome.samples.values(DETECTED) == []
    assert outcome.samples.value("wolkvox_up", report="amd") == 1


async def test_auto_finds_out_anew_every_day() -> None:
    """If the night shows yesterday's machines, then what was tried in vain is tried again when the day has its own."""
    clock = ManualClock("2026-11-23T23:00:00-05:00")
    simulator = centre(clock, amd_all=False)
    simulator.operations[0].campaigns[0].detect(clock.time() + 10 * HOUR, 4)
    outcome = await polled(simulator, clock, AmdMode.AUTO, hours=13)
    assert outcome.samples.value(DETECTED, campaign="C0") == 4


async def test_auto_tries_nothing_without_machine_results() -> None:
    """If the real-time report shows no machine results, then an empty `all` is believed."""
    clock = ManualClock()
    outcome = await polled(centre(clock, machine=0), clock, AmdMode.AUTO, hours=3)
    assert outcome.ids == ["all"] * 36


async def test_each_is_fair_and_keeps_to_its_calls() -> None:
    """If more campaigns are started than calls allowed, then all are asked for before one is asked for twice."""
    clock = ManualClock()
    outcome = await polled(centre(clock, 7), clock, AmdMode.EACH, hours=1, amd_max_calls=3)
    assert outcome.ids == [f"{4000 + number % 7}" for number in range(36)]
    assert set(Counter(call.started for call in outcome.calls).values()) == {3}
    assert len(outcome.samples.values(DETECTED)) == 7


async def test_each_asks_only_for_campaigns_seen_started_today() -> None:
    """If a campaign was never started today, then no call is spent on it."""
    clock = ManualClock()
    simulator = centre(clock)
    simulator.operations[0].campaigns[1].status = "stopped"
    outcome = await polled(simulator, clock, AmdMode.EACH, hours=0.5)
    assert set(outcome.ids) == {"4000", "4002"}


async def test_each_asks_nothing_where_nothing_was_started() -> None:
    """If no campaign was started, then AMD is not asked for, and nothing is said of it."""
    clock = ManualClock()
    simulator = centre(clock, 1)
    simulator.operations[0].campaigns[0].status = "stopped"
    outcome = await polled(simulator, clock, AmdMode.EACH, hours=1)
    assert outcome.calls == []
    assert outcome.samples.value("wolkvox_up", report="amd") is None


async def test_a_failing_call_costs_itself_alone_and_the_report_is_down() -> None:
    """If the second of three calls fails, then the others' answers are shown, and the report is down all the same."""
    clock = ManualClock()
    simulator = centre(clock)
    async with (
        simulator.serving() as base_url,
        running(operation(base_url, amd=AmdMode.EACH), clock=clock) as exporter,
    ):
        await clock.advance(1)
        simulator.calls.clear()
        simulator.inject(Fault.NO_DATA, report="amd", times=1)
        simulator.inject(Fault.SERVER_ERROR, report="amd", times=1)
        await clock.advance(300)
        samples = await exporter.samples()
    assert [call.params["campaign_id"] for call in simulator.calls if call.report == "amd"] == ["4000", "4001", "4002"]
    assert samples.value("wolkvox_up", report="amd") == 0
    assert samples.value("wolkvox_polls_total", report="amd") == 2
    assert samples.value(DETECTED, campaign="C0") is None
    assert [samples.value(DETECTED, campaign=name) for name in ("C1", "C2")] == [7, 6]


async def test_a_round_ends_with_the_second_call_that_fails() -> None:
    """If two calls of a round fail, then the rest is not asked for, and comes first in the next round."""
    clock = ManualClock()
    simulator = centre(clock, 4)
    simulator.inject(Fault.SERVER_ERROR, report="amd", times=2)
    outcome = await polled(simulator, clock, AmdMode.EACH, hours=1 / 6)
    assert outcome.ids == ["4000", "4001", "4002", "4003", "4000", "4001"]
    assert outcome.samples.value("wolkvox_up", report="amd") == 1


async def test_one_campaign_that_always_fails_does_not_block_the_others() -> None:
    """If a campaign's question fails, then it comes again after all the others."""
    clock = ManualClock()
    simulator = centre(clock)
    simulator.inject(Fault.SERVER_ERROR, report="amd", times=1)
    outcome = await polled(simulator, clock, AmdMode.EACH, hours=1 / 6, amd_max_calls=2)
    assert outcome.ids == ["4000", "4001", "4002", "4000"]


async def test_a_new_day_begins_without_the_totals_of_the_one_before() -> None:
    """If midnight passes, then no campaign shows the total of yesterday."""
    clock = ManualClock("2026-11-23T23:30:00-05:00")
    outcome = await polled(centre(clock), clock, AmdMode.EACH, hours=1)
    assert outcome.samples.values(DETECTED) == []
    assert outcome.samples.value("wolkvox_amd_window_start_timestamp_seconds") == 1795496400.0
