"""What always happens: every report goes on being asked, whatever failed before."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from fuzz.course import Terms
from fuzz.faults import Fault
from support.lives import MORNING, Asking, Call, Replies, Reply, by_report, campaigns, detections

HOUR, DAY = 3600.0, 86_400.0
UNO = Terms("uno", quota=0.0)
LIST = Reply(campaigns("4000", "4001", "4002"))


def once(fault: Fault, report: str, then: Replies, *, after: float = 0.0) -> Replies:
    """Return replies of which the first for a report from a moment on fails."""
    failed: list[Call] = []

    def reply(call: Call) -> Reply:
        if call.report == report and call.at >= after and not failed:
            failed.append(call)
            return Reply(fault)
        return then(call)

    return reply


def widest(starts: list[float]) -> float:
    """Return the longest time between two calls."""
    return max(second - first for first, second in pairwise(starts))


@pytest.mark.parametrize("mode", ["each", "auto", "all"])
@pytest.mark.parametrize("after", [0.0, 5 * HOUR])
@pytest.mark.parametrize("fault", [Fault.RESET, Fault.TIMEOUT, Fault.CONCURRENCY])
def test_a_failed_campaigns_call_does_not_silence_amd(mode: str, after: float, fault: Fault) -> None:
    """If a call for campaigns fails once, at first or later in the day, then AMD is asked in every interval."""
    asking = Asking(
        replace(UNO, mode=mode), replies=once(fault, "campaigns", by_report({"campaigns": LIST}), after=after)
    )
    asking.until(10 * HOUR)
    assert widest(asking.starts("amd")) <= 300 + 5
    assert asking.starts("amd")[0] <= 300 + 5


def test_slow_campaigns_leave_amd_a_call_an_interval() -> None:
    """If campaigns take 0.6 of an interval, then AMD still has a call in each interval."""
    asking = Asking(UNO, replies=by_report({"campaigns": replace(LIST, takes=180.0)}))
    asking.until(5 * HOUR)
    assert widest(asking.starts("amd")) <= 300 + 180


def test_campaigns_that_take_their_whole_interval_leave_amd_a_call_in_two() -> None:
    """If campaigns take their whole interval and more, then AMD has a call in two intervals and a time-out."""
    slow = replace(LIST, takes=450.0)
    asking = Asking(replace(UNO, timeout=450.0), replies=by_report({"campaigns": slow}))
    asking.until(10 * HOUR)
    assert widest(asking.starts("amd")) <= 2 * 300 + 450


def test_a_concurrency_refusal_costs_no_later_calls() -> None:
    """If somebody else uses the token once, then AMD has as many calls in two days as without it."""
    counts = []
    for replies in (
        by_report({"campaigns": LIST}),
        once(Fault.CONCURRENCY, "campaigns", by_report({"campaigns": LIST})),
    ):
        asking = Asking(replace(UNO, most=5), replies=replies)
        asking.until(2 * DAY)
        counts.append(len(asking.starts("amd")))
    # three campaigns in each of 576 intervals; the first list comes some seconds late
    assert counts[0] == pytest.approx(3 * 576, abs=6)
    assert counts[1] == pytest.approx(counts[0], abs=6)


def test_each_campaigns_total_ages_by_itself() -> None:
    """If one campaign's own question fails from now on, then its total vanishes, and the others' stay."""

    def reply(call: Call) -> Reply:
        if call.subject == "4001" and call.at > HOUR:
            return Reply(Fault.SERVER_ERROR)
        return LIST if call.report == "campaigns" else Reply(detections(**{f"c{call.subject}": 7}))

    asking = Asking(UNO, replies=reply)
    asking.until(HOUR)
    assert {row.id for row in asking.published().detections} == {"4000", "4001", "4002"}
    asking.until(2 * HOUR)
    assert {row.id for row in asking.published().detections} == {"4000", "4002"}


def test_a_long_round_leaves_others_their_calls() -> None:
    """If one operation's round has ten calls of ten seconds, then another's campaigns are asked in every interval."""
    many = Reply(campaigns(*(str(4000 + number) for number in range(10))))

    def reply(call: Call) -> Reply:
        return many if call.report == "campaigns" else Reply([], takes=10.0)

    asking = Asking(replace(UNO, most=10), replace(UNO, name="dos", mode="off"), replies=reply)
    asking.until(6 * HOUR)
    assert len(asking.starts("campaigns", "dos")) >= 70
    assert widest(asking.starts("campaigns", "dos")) <= 300 + 10


def test_quota_is_looked_for_again_soon_after_midnight() -> None:
    """If the API's clock is behind ours, then a call soon after our midnight finds that the day has begun."""
    start = datetime.fromisoformat("2026-11-23T22:00:00-05:00")
    midnight = (datetime.fromisoformat("2026-11-24T00:00:00-05:00") - start).total_seconds()

    def reply(call: Call) -> Reply:
        # its day begins a minute after ours
        return Reply(Fault.QUOTA) if call.at < midnight + 60 else by_report({"campaigns": LIST})(call)

    asking = Asking(UNO, replies=reply, start=str(start))
    asking.until(midnight + HOUR)
    assert asking.report("campaigns").up is True
    good = [at for at in asking.starts("campaigns") if at > midnight + 60]
    assert good[0] <= midnight + 5 * 60 + 5


def test_auto_asks_again_after_a_time_out_before_the_first_machine() -> None:
    """If campaigns time out once before the first machine result, then AMD is asked in every interval of a minute."""
    terms = replace(UNO, mode="auto", campaigns=60.0, amd=60.0)
    good = by_report({"campaigns": Reply(campaigns("4000", machines=0))})
    asking = Asking(terms, replies=once(Fault.TIMEOUT, "campaigns", good))
    asking.until(12 * HOUR)
    assert len(asking.starts("amd")) >= 715
    assert widest(asking.starts("amd")) <= 65


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.TIMEOUT, Fault.RESET, Fault.CONCURRENCY])
def test_what_failed_last_in_the_evening_is_asked_again(fault: Fault) -> None:
    """If the last round of an evening fails, then it is asked again, and nothing stands as failed all night."""
    evening = datetime.fromisoformat(MORNING) + timedelta(hours=12)

    def reply(call: Call) -> Reply:
        if call.report == "amd":
            return Reply(fault) if call.at < 0.5 * HOUR else Reply([])
        # dialling stops after half an hour, and the day two hours after the beginning
        return Reply(campaigns("4000", status="started" if call.at < 0.4 * HOUR else "stopped"))

    asking = Asking(UNO, replies=reply, start=str(evening))
    asking.until(8 * HOUR)
    assert asking.report("amd").up is not False
    assert asking.report("amd").trouble is None


def test_a_lost_retry_at_midnight_does_not_stand_as_failed() -> None:
    """If the day turns before a retry is made, then what failed is asked again in the new day."""
    start = "2026-11-23T23:50:00-05:00"

    def reply(call: Call) -> Reply:
        if call.report == "campaigns":
            return Reply(campaigns("4000", status="started" if call.at < 590 else "stopped"))
        return Reply(Fault.CONCURRENCY, takes=8.0) if 590 < call.at < 600 else Reply([])

    asking = Asking(replace(UNO, amd=297.0), replies=reply, start=start)
    asking.until(8 * HOUR)
    assert any(590 < at < 600 for at in asking.starts("amd"))
    assert asking.report("amd").up is not False


@pytest.mark.parametrize("mode", ["all", "each"])
def test_a_call_that_a_kill_cut_off_is_waited_for_and_counted(mode: str) -> None:
    """If the process is killed in the middle of a call, then the next goes out once that call cannot last any more."""
    asking = Asking(replace(UNO, mode=mode), replies=by_report({"campaigns": LIST}))
    asking.until(290.0)
    lost = asking.killed_in_a_call(5.0)
    asking.until(HOUR)
    later = [call for call in asking.calls if call.at > lost.at]
    assert lost.report == "campaigns"
    assert later[0].at == lost.at + UNO.timeout
    assert next(call.at for call in later if call.report == "campaigns") == lost.at + 300
