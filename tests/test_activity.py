"""What the activity counters add up."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wolkvox_exporter.api.reports.campaigns import Campaign
from wolkvox_exporter.polling.counters import REMEMBERED, Counters, Standing, Totals, counted, rise


def added(*values: float) -> float:
    """Return what a row of values adds up to."""
    standing: Standing = (None, None)
    total = 0.0
    for value in values:
        standing, more = rise(standing, value)
        total += more
    return total


class Activity:
    """Counting that goes on from report to report."""

    def __init__(self, counters: Counters | None = None) -> None:
        self.counters = counters or Counters()

    def observe(self, campaigns: tuple[Campaign, ...], *ambiguous: str) -> Totals:
        """Take a report and return its totals."""
        self.counters, totals = counted(self.counters, campaigns, frozenset(ambiguous))
        return totals


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ((100,), 0),
        ((100, 110, 110, 130), 30),
        ((100, 0, 110), 10),
        ((100, 0, 100), 0),
        ((100, 110, 0, 20, 50), 60),
        ((100, 0, 0, 30), 30),
        ((100, 40, 10, 30), 20),
        ((100, 40, 10, 120), 80),
        ((100, 40, 45, 30, 50), 10),
        ((0, 50, 0, 0, 50), 100),
    ],
)
def test_rises_add_and_a_fall_is_believed_at_the_next_poll(values: tuple[float, ...], total: float) -> None:
    """If a count dips for a poll, then only the excess counts; if it stays down, then it counts on from there."""
    assert added(*values) == total


def campaign(name: str = "A", identity: str = "4875", skill: str = "1", **values: float) -> Campaign:
    """Return a campaign as reported."""
    return Campaign(identity, name, skill, (), values)


def test_the_first_sight_counts_nothing() -> None:
    """If the exporter starts in the middle of the day, then what was dialled before is not its claim."""
    totals = Activity().observe((campaign(dial=500, answer=100),))
    assert totals == {("A", "4875", "1"): {"dial": 0, "answer": 0}}


def test_a_vanished_row_and_a_blank_value_change_nothing() -> None:
    """If a row is gone for a poll, then its counter is absent, and goes on where it stood."""
    activity = Activity()
    activity.observe((campaign(dial=500),))
    assert activity.observe((campaign(dial=520),))["A", "4875", "1"] == {"dial": 20}
    assert activity.observe(()) == {}
    assert activity.observe((campaign(),))["A", "4875", "1"] == {"dial": 20}
    assert activity.observe((campaign(dial=530),))["A", "4875", "1"] == {"dial": 30}


def test_a_pending_fall_stays_pending_over_a_vanished_row() -> None:
    """If a row vanishes right after a dip, then the dip is judged by the next value there is."""
    activity = Activity()
    activity.observe((campaign(dial=500),))
    activity.observe((campaign(dial=0),))
    activity.observe(())
    assert activity.observe((campaign(dial=505),))["A", "4875", "1"] == {"dial": 5}


def test_a_renamed_campaign_starts_a_new_sum_and_loses_no_call() -> None:
    """If a campaign is renamed between two polls, then the calls between them count under the new name."""
    activity = Activity()
    activity.observe((campaign(dial=500),))
    activity.observe((campaign(dial=520),))
    assert activity.observe((campaign("B", dial=550),)) == {("B", "4875", "1"): {"dial": 30}}
    assert activity.observe((campaign(dial=551),)) == {("A", "4875", "1"): {"dial": 21}}


def test_a_campaign_without_an_id_is_not_counted() -> None:
    """If a row has no id, then there is no telling what it did before."""
    rows = (campaign(identity="", dial=3), campaign("C", "5", dial=4))
    assert set(Activity().observe(rows)) == {("C", "5", "1")}


def test_campaigns_that_are_gone_for_long_are_forgotten() -> None:
    """If lists come and go for years, then the counters of those seen last are kept, and no more of them."""
    activity = Activity()
    activity.observe((campaign(identity="1", dial=5), campaign(identity="2", dial=5)))
    activity.observe((campaign(identity="2", dial=7),))
    activity.observe(tuple(campaign(identity=f"{number}", dial=1) for number in range(10, 9 + REMEMBERED)))
    assert len(activity.counters.standings) == len(activity.counters.sums) == REMEMBERED
    totals = activity.observe((campaign(identity="1", dial=9), campaign(identity="2", dial=9)))
    assert [totals["A", identity, "1"]["dial"] for identity in "12"] == [0, 4]


def test_after_an_ambiguity_counting_begins_anew() -> None:
    """If an id stood on two rows, then nobody knows which of them went on, and what comes next counts nothing."""
    activity = Activity()
    activity.observe((campaign(dial=100),))
    activity.observe((campaign(dial=110),))
    both = (campaign(dial=120), campaign("B", dial=5_000))
    assert activity.observe(both, "4875") == {}
    assert activity.observe((campaign("B", dial=5_000),)) == {("B", "4875", "1"): {"dial": 0}}
    assert activity.observe((campaign("B", dial=5_003),)) == {("B", "4875", "1"): {"dial": 3}}
    assert activity.observe((campaign(dial=5_003),)) == {("A", "4875", "1"): {"dial": 10}}


def test_a_campaign_that_is_renamed_for_ever_costs_no_more_and_no_more() -> None:
    """If a campaign has another name at each poll, then the sums of those names are bounded, and start over at 0."""
    activity = Activity()
    for number in range(REMEMBERED + 10):
        activity.observe((campaign(f"{number}", dial=number),))
    assert len(activity.counters.sums) == REMEMBERED
    assert activity.observe((campaign("0", dial=REMEMBERED + 13),)) == {("0", "4875", "1"): {"dial": 4}}


@given(st.lists(st.lists(st.dictionaries(st.sampled_from(["1", "2"]), st.integers(0, 9)), min_size=1), min_size=1))
def test_a_hand_over_changes_no_count(lives: list[list[dict[str, int]]]) -> None:
    """If counting is handed over between any two reports, then it goes on as if it had not been."""
    without, known = Activity(), Counters()
    for reports in lives:
        resumed = Activity(known)
        for report in reports:
            rows = tuple(campaign(identity=identity, dial=dial) for identity, dial in report.items())
            assert resumed.observe(rows) == without.observe(rows)
        known = resumed.counters


@given(st.lists(st.integers(0, 100), min_size=1, max_size=40))
def test_a_counter_never_falls_and_never_exceeds_what_rose(values: list[int]) -> None:
    """Whatever the counts do, the counter only rises, and by no more than the rises between polls add up to."""
    standing: Standing = (None, None)
    total = 0.0
    for value in values:
        standing, more = rise(standing, value)
        assert more >= 0
        total += more
    assert total <= sum(max(0, after - before) for before, after in itertools.pairwise(values))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_without_a_fall_nothing_is_lost(steps: list[int]) -> None:
    """If a count only rises, then the counter is its whole rise."""
    values = [sum(steps[: place + 1]) for place in range(len(steps))]
    assert added(*values) == values[-1] - values[0]
