"""When a report is asked for, and which of them first."""

import pytest

from support.asking import RESET, Token, failure
from support.asking import SERVER as URL
from support.operations import operation
from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.polling.timing import CONCURRENCY_DELAYS, LONGEST_WAIT

CAMPAIGNS, AMD, QUOTA = ReportName.CAMPAIGNS, ReportName.AMD, ReportName.QUOTA
SKILLS, AGENTS = ReportName.SKILLS, ReportName.AGENTS
CONCURRENCY = failure(Reason.CONCURRENCY)
FOR_GOOD = [reason for reason in Reason if reason not in (Reason.CONCURRENCY, Reason.TOKEN, Reason.QUOTA)]


def alone(since: float = 10.0) -> Token:
    """Return a token with the campaigns report alone, every 300 s."""
    return Token(operation(URL, amd="off"), since=since)


def test_nothing_is_due_before_its_time() -> None:
    """If the first poll is due at 10, then there is nothing to do at 9."""
    token = Token(since=10.0)
    assert token.waits(9.9) == 10
    assert token.next(10.0)[1] is CAMPAIGNS


def test_no_wait_is_longer_than_a_minute() -> None:
    """If nothing is due for long, then the clocks are looked at every minute all the same."""
    token = alone()
    token.ask(10.0)
    assert token.waits(20.0) == 20 + LONGEST_WAIT == 80
    assert token.waits(300.0) == 310


def test_of_reports_due_together_campaigns_come_first() -> None:
    """If all are due, then campaigns are asked, then AMD, then the quota."""
    token = Token(operation(URL, quota_interval=900.0))
    assert [token.ask(float(second)) for second in range(3)] == [CAMPAIGNS, AMD, QUOTA]


def test_skills_and_agents_come_right_after_campaigns() -> None:
    """If all five reports are due, then skills and agents follow campaigns at once, so that all are of one moment."""
    token = Token(operation(URL, quota_interval=900.0, skills="all", agents="by_status"))
    assert [token.ask(float(second)) for second in range(5)] == [CAMPAIGNS, SKILLS, AGENTS, AMD, QUOTA]
    assert [token.ask(300.0 + second) for second in range(4)] == [CAMPAIGNS, SKILLS, AGENTS, AMD]


def test_a_slow_campaigns_report_does_not_starve_the_others() -> None:
    """If each campaigns call takes its whole interval, then AMD gets a call in two intervals all the same."""
    token = Token()
    now, asked = 0.0, list[ReportName]()
    for _ in range(12):
        report = token.ask(now, seconds=300.0 if not asked or now % 600 < 300 else 1.0)
        asked.append(report)
        now += 300.0
    assert AMD in asked[:3]
    assert asked.count(AMD) >= 4


def test_a_late_start_shifts_all_that_follow() -> None:
    """If a poll due at 10 starts at 70, then the next is due at 370 and not at 310."""
    token = alone()
    token.ask(70.0)
    assert token.waits(369.0) == 370
    assert token.next(370.0)[1] is CAMPAIGNS


def test_a_reset_is_retried_once_at_once() -> None:
    """If the connection is reset, then there is one retry, and after that the interval holds."""
    token = alone()
    token.ask(10.0, RESET, seconds=1.0)
    token.ask(11.0, RESET, seconds=1.0)
    assert token.waits(310.0) == 311
    token.ask(311.0, RESET, seconds=1.0)
    token.ask(312.0, seconds=1.0)
    assert token.waits(611.0) == 612


def test_concurrency_is_retried_after_some_seconds() -> None:
    """If somebody else uses the token, then three retries follow ever later, and then the interval holds."""
    token, now, dues = alone(), 10.0, []
    for _ in range(4):
        token.ask(now, CONCURRENCY)
        now = token.next_at(now)
        dues.append(now)
    assert dues == [15, 25, 45, 345]
    assert CONCURRENCY_DELAYS == (5, 10, 20)


def test_while_a_retry_is_waited_for_others_are_asked() -> None:
    """If campaigns wait for a retry, then AMD is asked meanwhile, and shifted by nothing."""
    token = Token()
    token.ask(0.0, CONCURRENCY)
    assert token.ask(0.0) is AMD
    assert token.waits(1.0) == 5
    assert token.ask(5.0) is CAMPAIGNS
    assert token.ask(300.0) is AMD


@pytest.mark.parametrize("reason", FOR_GOOD)
def test_other_failures_wait_for_the_interval(reason: Reason) -> None:
    """If a poll fails for good, then the next is due one interval after its start."""
    token = alone()
    token.ask(10.0, failure(reason, "500"), seconds=65.0)
    assert token.waits(309.0) == 310
    assert token.next(310.0)[1] is CAMPAIGNS


def test_a_retry_that_was_not_made_within_its_interval_is_dropped() -> None:
    """If a call fails in passing at the end of its interval, then the next interval begins, with retries of its own."""
    token = alone()
    token.ask(10.0, CONCURRENCY, seconds=298.0)
    assert token.waits(309.0) == 310
    token.ask(310.0, CONCURRENCY)
    assert token.waits(311.0) == 315


def test_two_operations_with_one_token_take_turns() -> None:
    """If two operations share a token, then the one that was served longest ago is next, and its campaigns first."""
    token = Token(operation(URL, "a"), operation(URL, "b"))
    asked = []
    for second in range(4):
        asked.append(token.next(float(second))[:2])
        token.ask(float(second))
    assert asked == [("a", CAMPAIGNS), ("b", CAMPAIGNS), ("a", AMD), ("b", AMD)]


def test_what_is_past_its_deadline_goes_first() -> None:
    """If a report was last asked for two intervals ago, then it goes before all else, of whatever operation."""
    token = Token(operation(URL, "a", interval=60.0), operation(URL, "b", interval=60.0, amd_interval=120.0))
    for second in range(4):
        token.ask(float(second))
    # b's AMD was last asked at 3: its deadline is 243, those of the campaigns are 120 and 121
    assert token.next(122.0)[:2] == ("a", CAMPAIGNS)
    token.ask(244.0)
    assert token.next(244.0)[:2] == ("b", CAMPAIGNS)
    token.ask(244.0)
    assert token.next(244.0)[:2] == ("b", AMD)


def test_a_refused_report_lets_another_find_out() -> None:
    """If one report is refused, then the next one is asked; if that is refused as well, then the token is held."""
    token = Token(operation(URL, quota_interval=900.0))
    token.ask(0.0, failure(Reason.TOKEN))
    assert token.ask(0.0, failure(Reason.TOKEN)) is AMD
    assert token.waits(299.0) == 300
    assert token.next(300.0)[1] is CAMPAIGNS


def test_a_report_that_is_refused_alone_holds_nobody() -> None:
    """If AMD alone is refused, then campaigns go on in their interval, and AMD is asked after growing pauses."""
    token = Token()
    now, asked = 0.0, []
    while (now := token.next_at(now)) < 6000:
        report = token.ask(now, failure(Reason.TOKEN) if token.next(now)[1] is AMD else None)
        asked.append((report, now))
    assert [at for report, at in asked if report is CAMPAIGNS] == [300.0 * number for number in range(20)]
    assert [at for report, at in asked if report is AMD] == [0, 300, 900, 2100, 3900, 5700]
