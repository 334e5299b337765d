from datetime import datetime
from itertools import pairwise

import pytest

from support.recording import unattended
from test_simulator import BOGOTA, NOON
from wolkvox_exporter.api.reports.campaigns import NUMBERS
from wolkvox_exporter.simulator import Campaign, Operation, Timetable, demo_operations
from wolkvox_exporter.simulator.events import START, STOP, Change, Event, Recycle

HOUR = 3_600


def test_row_is_written_as_documented() -> None:
    """If a campaign is written, then it has the documented keys, in order, with the documented formats."""
    campaign = Campaign(
        "4875", "MY CAMPAIGN", speed=110, records=1_234, answer=1_000, machine=200, hits=30, recycled=75
    )
    expected = {
        "campaign": "4875 - MY CAMPAIGN - tel1 (100%)",
        "speed": "110%",
        "status": "started",
        "skill_id": "4000",
        "records": "1,234",
        "clean": "34",
        "dial": "1,200",
        "answer": "1,000",
        "no_answer": "0",
        "busy/congestion/failed": "0",
        "answer_machine": "200",
        "penetration_day": "7,597.24 %",
        "penetration_now": "97.24 %",
        "hits": "30 (2.50 %)",
        "calls_x_min": "0",
        "recycled": "75",
    }
    row = campaign.row()
    assert list(row.items())[: len(expected)] == list(expected.items())
    # what is read and not simulated
    assert {key: row[key] for key in row.keys() - expected.keys()} == {
        key: field.example for key, field in NUMBERS.items() if key not in expected
    }


def test_row_can_be_overridden() -> None:
    """If a test wants another value in a row, then it can have any, and leave the phones out."""
    row = Campaign("1", "X", "", raw={"dial": " ", "records": 7}).row()
    assert (row["campaign"], row["dial"], row["records"], row["hits"]) == ("1 - X", " ", 7, "0 (0.00 %)")


def test_more_results_than_records_are_refused() -> None:
    """If a campaign is made with more results than records, then it is an error, not a row that contradicts itself."""
    with pytest.raises(ValueError, match="2 results for 1 records"):
        Campaign("1", "X", records=1, answer=2)


def test_exhausted_list_stays_started_until_it_is_recycled() -> None:
    """If a list runs out, then its campaign stays started without calls until it is recycled."""
    campaign = Campaign("1", "X", records=100, calls_per_minute=60, recycle_after=600)
    operation = Operation("o", ("t",), [campaign])
    operation.advance(0.0)
    operation.advance(180.0)
    assert (campaign.status, campaign.clean, campaign.calls_now, campaign.recycled) == ("started", 0, 0, 0)
    operation.advance(740.0)
    assert (campaign.recycled, campaign.clean > 0) == (1, True)


def test_recycling_can_leave_the_answered_records_alone() -> None:
    """If only two results are recycled, then their records are clean again and the others stay dialled."""
    campaign = Campaign("1", "X", records=100, answer=40, no_answer=30, failed=20, machine=5, hits=3)
    campaign.happen(Recycle(("no_answer", "failed")))
    assert (campaign.dial, campaign.clean, campaign.answer, campaign.machine) == (45, 55, 40, 5)
    assert (campaign.no_answer, campaign.failed, campaign.hits, campaign.recycled) == (0, 0, 3, 1)


@pytest.mark.parametrize("step", [1.0, 7.0, 100.0])
def test_a_timetable_comes_round(step: float) -> None:
    """If a timetable repeats, then its events come in order, every round, whatever the steps."""
    timetable = Timetable([(20.0, STOP), (10.0, START)], every=50.0)
    happened = [event for _ in range(round(700 / step)) for event in timetable.due(step)]
    assert happened == [START, STOP] * 14


def test_what_is_due_at_the_end_of_a_step_happens_in_it() -> None:
    """If an event falls due at the very end of a step, then it is not left to the next one."""
    timetable = Timetable([(20.0, STOP)])
    assert [list(timetable.due(10.0)) for _ in range(3)] == [[], [STOP], []]


@pytest.mark.parametrize(("every", "expected"), [(None, ["A"]), (30.0, ["A"] * 4)])
def test_a_timetable_goes_on_while_nobody_dials(every: float | None, expected: list[str]) -> None:
    """If days pass at once, then the timetable is made up for although the calls are not."""
    event: Event = Change(name="A")
    timetable = Timetable([(5.0, event)], every=every)
    assert [event.name for event in timetable.due(100.0) if isinstance(event, Change)] == expected


def test_a_leap_of_the_clock_is_cut_but_ends_in_the_right_state() -> None:
    """If the clock leaps by a month, then a day is dialled at most, and the timetable has gone on to the end."""
    campaign = Campaign("1", "X", records=10**7, calls_per_minute=1, timetable=Timetable([(29 * 86_400.0, STOP)]))
    operation = Operation("o", ("t",), [campaign])
    operation.advance(0.0)
    operation.advance(30 * 86_400.0)
    assert campaign.status == "stopped"
    assert campaign.dial < 2_000


def test_figures_move_the_same_way_however_often_they_are_read() -> None:
    """If figures are read more often, then they move the same way, and they always add up."""
    once, often = (unattended(demo_operations(seed=7)) for _ in range(2))
    for operations, step in ((once, 6 * HOUR), (often, 60)):
        for now in range(0, 6 * HOUR + 1, step):
            for operation in operations:
                operation.advance(float(now))
    assert [operation.campaigns for operation in once] == [operation.campaigns for operation in often]
    for campaign in (campaign for operation in once for campaign in operation.campaigns):
        assert campaign.dial + campaign.clean == campaign.records
        assert campaign.answer + campaign.no_answer + campaign.failed + campaign.machine == campaign.dial
    assert once[0].campaigns[0].dial != demo_operations(seed=7)[0].campaigns[0].dial


def test_demo_has_what_dashboards_show() -> None:
    """If the demo starts, then it has stopped, exhausted and textual cases, difficult names, and dated detections."""
    operations = demo_operations(now=NOON.timestamp())
    campaigns = [campaign for operation in operations for campaign in operation.campaigns]
    assert {campaign.status for campaign in campaigns} == {"started", "stopped"}
    assert any(campaign.status == "started" and campaign.records and not campaign.clean for campaign in campaigns)
    assert 'Mora (30+) "VIP" ñ|x' in {campaign.name for campaign in campaigns}
    assert "VAGENT" in {campaign.skill for campaign in campaigns}
    assert all(sum(count for _, count in campaign.detections) == campaign.machine for campaign in campaigns)


@pytest.mark.parametrize("hour", [3, 12, 23])
def test_demo_keeps_moving_at_any_hour(hour: int) -> None:
    """If the demo runs for two days, then every operation dials in every hour, and lists are recycled."""
    start = datetime(2026, 11, 22, hour, tzinfo=BOGOTA).timestamp()
    # who talks to those who answer is another test's matter
    for operation in unattended(demo_operations(now=start)):
        dialed = []
        for now in range(49):
            operation.advance(start + HOUR * now)
            dialed.append(sum(campaign.truth.dialed for campaign in operation.campaigns))
        assert all(later > earlier for earlier, later in pairwise(dialed))
        assert sum(campaign.truth.falls for campaign in operation.campaigns) > 10


def test_nothing_of_the_demo_falls_in_its_first_hour() -> None:
    """If somebody looks at the demo for an hour of simulated time, then no count falls."""
    for operation in demo_operations(now=0.0):
        operation.advance(0.0)
        operation.advance(3_600.0)
        assert {campaign.truth.falls for campaign in operation.campaigns} == {0}
