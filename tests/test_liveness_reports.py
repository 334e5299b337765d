"""What always happens where all five reports are asked for: each goes on being asked, and costs what is said."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise, product

import pytest
import pytest_asyncio

from fuzz.course import CHOSEN, Terms
from fuzz.faults import Fault
from fuzz.machine import operation_of
from support.clock import ManualClock
from support.lives import Asking, Call, Reply, by_report, campaigns
from support.operations import operation, running
from support.recording import unattended
from support.samples import Samples
from wolkvox_exporter.config import Operation, cost
from wolkvox_exporter.simulator import Call as HttpCall
from wolkvox_exporter.simulator import Simulator, working_day

HOUR, DAY = 3600.0, 86_400.0
REPORTS = ("campaigns", "skills", "agents", "amd", "quota")
FIVE = Terms("uno", mode="all", skills=300.0, agents=300.0, quota=300.0)
MIDNIGHT = "2026-11-23T00:00:00-05:00"
ROWS = [{**row, "skill_id": key} for row, key in zip(campaigns("4000", "4001", "4002"), "121", strict=True)]
LIST = Reply(ROWS)


def old(call: Call) -> Reply:
    """Answer as a server that does not take all skills together."""
    if call.report == "skills":
        return Reply(Fault.REQUEST) if call.subject == "all" else Reply([{"skill_id": call.subject}])
    return by_report({"campaigns": LIST})(call)


def widest(starts: list[float]) -> float:
    """Return the longest time between two calls."""
    return max(second - first for first, second in pairwise(starts))


@pytest.mark.parametrize("seconds", [1.0, 55.0])
def test_five_reports_of_one_token_are_asked_in_every_interval(seconds: float) -> None:
    """If all five take so long that they just fit into their interval, then each is asked in each, in their order."""
    asking = Asking(FIVE, replies=lambda _: Reply([], takes=seconds))
    asking.until(10 * HOUR)
    assert [call.report for call in asking.calls[:5]] == list(REPORTS)
    for report in REPORTS:
        assert widest(asking.starts(report)) <= 300 + seconds
        assert len(asking.starts(report)) == 120


def test_two_operations_that_share_a_token_are_asked_in_turn() -> None:
    """If two operations with five reports each share a token, then all ten are asked in each interval."""
    asking = Asking(FIVE, replace(FIVE, name="dos"), replies=lambda _: Reply([], takes=20.0))
    asking.until(10 * HOUR)
    for name, report in product(("uno", "dos"), REPORTS):
        assert widest(asking.starts(report, name)) <= 300 + 20
    assert min(second.at - first.at for first, second in pairwise(asking.calls)) >= 20


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("fault", [Fault.RESET, Fault.TIMEOUT, Fault.SERVER_ERROR, Fault.REQUEST, Fault.CONCURRENCY])
def test_one_report_that_always_fails_delays_no_other(report: str, fault: Fault) -> None:
    """If one report fails from the first call on, then the four others are asked in each interval."""

    def replies(call: Call) -> Reply:
        return Reply(fault, takes=10.0) if call.report == report else Reply([])

    asking = Asking(FIVE, replies=replies)
    asking.until(10 * HOUR)
    for other in REPORTS:
        assert widest(asking.starts(other)) <= 300 + 5 * 10 + 5
    assert asking.report(report).up is False


@pytest.mark.parametrize("report", ["skills", "agents"])
@pytest.mark.parametrize("fault", [Fault.TOKEN, Fault.QUOTA])
def test_one_report_that_is_refused_holds_no_other(report: str, fault: Fault) -> None:
    """If skills or agents alone are refused, then they are held with a reason, and all others are asked on."""
    asking = Asking(FIVE, replies=lambda call: Reply(fault) if call.report == report else Reply([]))
    asking.until(10 * HOUR)
    assert len(asking.starts("campaigns")) == 120
    assert len(asking.starts(report)) < 30
    assert asking.report(report).held == fault.value
    assert asking.published().token_valid is True


def test_late_campaigns_leave_skills_and_agents_a_call() -> None:
    """If campaigns take their whole interval, then the other four have a call in two of theirs and the time-outs."""
    slow = by_report({"campaigns": replace(LIST, takes=290.0)})
    asking = Asking(replace(FIVE, timeout=300.0), replies=slow)
    asking.until(20 * HOUR)
    for report in REPORTS:
        assert widest(asking.starts(report)) <= 2 * 300 + 5 * 300


@pytest.mark.parametrize("chosen", [(), CHOSEN])
def test_skills_that_are_asked_one_by_one_leave_the_others_their_calls(chosen: tuple[str, ...]) -> None:
    """If the server does not take all skills together, then each is asked as often as there is room, and none more."""
    asking = Asking(replace(FIVE, chosen=chosen, most=2), replies=old, start=MIDNIGHT)
    asking.until(DAY - 1)
    subjects = Counter(call.subject for call in asking.calls if call.report == "skills")
    assert subjects.pop("all") == 1
    assert set(subjects) == set(chosen or ("1", "2"))
    # one of them was tried once more, when all were refused
    assert max(subjects.values()) - min(subjects.values()) <= 2
    assert sum(subjects.values()) == 1 + 287 * 2
    for report in ("campaigns", "agents", "amd", "quota"):
        assert len(asking.starts(report)) == 288


ON_AND_OFF = [dict(zip(REPORTS[1:], choice, strict=True)) for choice in product((True, False), repeat=4)]


@pytest.mark.parametrize(
    "on", ON_AND_OFF, ids=lambda on: " ".join(report for report in REPORTS if on.get(report, True))
)
def test_a_day_costs_what_is_said(on: dict[str, bool]) -> None:
    """If any of the reports are on, then a day costs 288 calls for each, and 96 for the quota."""
    terms = Terms(
        "uno",
        mode="all" if on["amd"] else "off",
        skills=300.0 * on["skills"],
        agents=300.0 * on["agents"],
        quota=900.0 * on["quota"],
    )
    asking = Asking(terms, replies=by_report({"campaigns": LIST}), start=MIDNIGHT)
    asking.until(DAY - 1)
    expected = {report: 96 if report == "quota" else 288 for report in REPORTS if on.get(report, True)}
    assert Counter(call.report for call in asking.calls) == expected
    assert cost.calls_a_day(operation_of(terms)) == expected


@dataclass(frozen=True)
class PolledDay:
    """An operation, what it was asked for on a simulated day, and what was shown at its end."""

    polled: Operation
    calls: list[HttpCall]
    samples: Samples


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day() -> PolledDay:
    """Poll an operation for a simulated day."""
    clock = ManualClock(MIDNIGHT)
    (centre,) = unattended(working_day(7, clock.time())[:1])
    simulator = Simulator([centre], clock)
    async with simulator.serving() as base_url:
        polled = operation(base_url, centre.name, centre.tokens[0], quota_interval=900.0)
        async with running(polled, clock=clock) as exporter:
            await clock.advance(DAY - 1)
            samples = await exporter.samples()
    return PolledDay(polled, simulator.calls, samples)


def test_a_day_of_an_exporter_costs_what_is_said(day: PolledDay) -> None:
    """If an operation is polled for a simulated day, then it makes as many calls as the documentation says."""
    assert len(day.calls) == 672 == sum(cost.calls_a_day(day.polled).values())
    assert not any(call.overlapped for call in day.calls)
    assert {call.status for call in day.calls if call.report != "amd"} == {200}
    assert set(day.samples.values("wolkvox_up")) == {1}
    assert sum(day.samples.values("wolkvox_unreadable_values_total")) == 0


def test_an_operation_is_asked_as_often_as_its_interval_says(day: PolledDay) -> None:
    """Over a good day an operation costs 288 calls a report, or 289 with the first, and no more."""
    asked = [call.report for call in day.calls]
    assert (asked.count("campaigns"), asked.count("amd")) == (288, 288)
