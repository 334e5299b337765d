"""When a report is due."""

import pytest

from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.polling.schedule import CONCURRENCY_DELAYS, Schedule

CAMPAIGNS, AMD = ReportName.CAMPAIGNS, ReportName.AMD
RESET = ApiError(Reason.CONNECTION, "reset", reset=True)
CONCURRENCY = ApiError(Reason.CONCURRENCY, "busy")


@pytest.fixture
def schedule() -> Schedule:
    """Two reports, every 300 s, first at 10."""
    return Schedule({CAMPAIGNS: 300.0, AMD: 300.0}, first=10.0)


def test_nothing_is_due_before_its_time(schedule: Schedule) -> None:
    """If the first poll is due at 10, then there is nothing to do at 9."""
    assert schedule.next_due == 10
    assert schedule.pick(9.9) is None


def test_of_reports_due_together_campaigns_come_first(schedule: Schedule) -> None:
    """If both are due, then campaigns are asked, and then AMD."""
    assert schedule.pick(10.0) is CAMPAIGNS
    schedule.started(CAMPAIGNS, 10.0)
    assert schedule.pick(10.0) is AMD


def test_a_slow_campaigns_report_does_not_starve_the_others(schedule: Schedule) -> None:
    """If campaigns are due again before AMD was asked, then AMD, due for longer, comes first."""
    schedule.started(CAMPAIGNS, 10.0)
    assert schedule.pick(311.0) is AMD


def test_a_late_start_shifts_all_that_follow(schedule: Schedule) -> None:
    """If a poll due at 10 starts at 70, then the next is due at 370 and not at 310."""
    schedule.started(CAMPAIGNS, 70.0)
    schedule.succeeded(CAMPAIGNS)
    assert schedule.due(CAMPAIGNS) == 370


def test_a_reset_is_retried_once_at_once(schedule: Schedule) -> None:
    """If the connection is reset, then there is one retry, and after that the interval holds."""
    schedule.started(CAMPAIGNS, 10.0)
    schedule.failed(CAMPAIGNS, 11.0, RESET)
    assert schedule.due(CAMPAIGNS) == 11
    schedule.started(CAMPAIGNS, 11.0)
    schedule.failed(CAMPAIGNS, 12.0, RESET)
    assert schedule.due(CAMPAIGNS) == 311
    schedule.started(CAMPAIGNS, 311.0)
    schedule.failed(CAMPAIGNS, 312.0, RESET)
    assert schedule.due(CAMPAIGNS) == 312


def test_concurrency_is_retried_after_some_seconds(schedule: Schedule) -> None:
    """If somebody else uses the token, then three retries follow ever later, and then the interval holds."""
    now, dues = 10.0, []
    for _ in range(4):
        schedule.started(CAMPAIGNS, now)
        schedule.failed(CAMPAIGNS, now, CONCURRENCY)
        now = schedule.due(CAMPAIGNS)
        dues.append(now)
    assert dues == [15, 25, 45, 345]
    assert CONCURRENCY_DELAYS == (5, 10, 20)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.CONCURRENCY])
def test_other_failures_wait_for_the_interval(schedule: Schedule, reason: Reason) -> None:
    """If a poll fails for good, then the next is due one interval after its start."""
    schedule.started(CAMPAIGNS, 10.0)
    schedule.failed(CAMPAIGNS, 75.0, ApiError(reason, "bad"))
    assert schedule.due(CAMPAIGNS) == 310


def test_a_hold_never_brings_a_report_forward(schedule: Schedule) -> None:
    """If a token is held for less than the interval, then the interval holds."""
    schedule.started(CAMPAIGNS, 10.0)
    schedule.hold(CAMPAIGNS, 100.0)
    assert schedule.due(CAMPAIGNS) == 310
    schedule.hold(CAMPAIGNS, 1000.0)
    assert schedule.due(CAMPAIGNS) == 1000


def test_what_stood_in_the_way_is_gone(schedule: Schedule) -> None:
    """If a new token is there, then the reports that waited for it are due at once, and no other."""
    schedule.started(CAMPAIGNS, 10.0)
    schedule.started(AMD, 10.0)
    schedule.hurry([CAMPAIGNS], 20.0)
    assert schedule.pick(20.0) is CAMPAIGNS
    assert schedule.due(AMD) == 310
