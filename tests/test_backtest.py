"""Five normal working days: whatever the alerts would have said of them is held against what was really the case."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from mixin.settings import Settings
from support.backtest import AlertRule, Period, alert_rules, days_of, heard, messages, metrics_of, periods, spoken
from support.judging import HOUR, JUDGES, LATE, MINUTE, THRESHOLD, Key, Observer, Sight, busy, false
from support.recording import MONDAY, PATIENCE, record
from support.staff import NAMES

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(PATIENCE)]

RULES = Path(__file__).parents[1] / "prometheus" / "rules"
ALERTS, RECORDING_RULES = RULES / "wolkvox-alerts.rules.yml", RULES / "wolkvox-recording.rules.yml"
SEED, DAYS = 4, 5
START = round(datetime.fromisoformat(MONDAY).timestamp())
DAY = 86_400
SETTINGS = Settings()
BOGOTA = ZoneInfo("America/Bogota")
NORMAL = {"WolkvoxCampaignFinished", "WolkvoxCleanRecordsRunningOut", "WolkvoxSkillWithoutCampaign"}
"""What is to be said on these days, on which lists run out."""


@dataclass(frozen=True)
class Days:
    """What was said, and what was true."""

    said: list[Period]
    truth: Observer

    def about(self, area: str) -> list[Period]:
        """Return what was said by the alerts of an area."""
        return [period for period in self.said if period.rule.labels["area"] == area]

    def spoke(self, name: str, since: float, until: float, **labels: str) -> bool:
        """Return whether an alert fired at any time between two Unix times."""
        return any(
            period.rule.name == name and labels.items() <= period.labels.items()
            for period in self.said
            if period.since <= until and period.until > since
        )


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def days(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Days]:
    """Record the days, and evaluate every alert at each minute of them."""
    truth = Observer(START, START + DAYS * DAY)
    wanted = metrics_of(ALERTS, RECORDING_RULES)
    recording, _ = await record(hours=24 * DAYS, seed=SEED, keep=wanted.__contains__, actions=truth.actions())
    times = range(truth.start, truth.end, MINUTE)
    async with days_of(recording, tmp_path_factory.mktemp("days"), RECORDING_RULES) as server:
        said = [period for rule in alert_rules(ALERTS) for period in await spoken(server, rule, times)]
    yield Days(said, truth)


# What a supervisor would miss.


def runs(true: Iterable[bool], shortest: int) -> Iterator[tuple[int, int]]:
    """Give the Unix times between which something held at every minute, if that was for so many seconds."""
    now = START
    for held, same in groupby(true):
        since, now = now, now + MINUTE * len(list(same))
        if held and now - since >= shortest:
            yield since, now


def emptied(sights: list[Sight]) -> Iterator[int]:
    """Give the Unix times at which a list ran out that had been dialled for more than an hour under the same name."""
    for since, until in runs((sight.started and sight.clean > 0 for sight in sights), HOUR + 2 * LATE):
        lists = {(sight.name, sight.skill, sight.refills) for sight in sights[number(since) : number(until)]}
        if len(lists) == 1 and until < START + DAYS * DAY and sights[number(until)].started:
            yield until


def number(now: int) -> int:
    """Return which look fell on a Unix time."""
    return (now - START) // MINUTE


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rotating(days: Days) -> set[Key]:
    """Name the campaigns whose lists are worked again and again."""
    return {
        key
        for key, sights in days.truth.sights.items()
        if sights[-1].refills - sights[0].refills >= THRESHOLD["rotating_recycles"] * DAYS
    }


async def test_no_alert_on_campaigns_is_false(days: Days) -> None:
    """If days are normal, then an alert on a campaign says what was really the case, whether it is sent or muted."""
    said = days.about("campaign")
    assert false(said, days.truth) == []
    assert {each.rule.name for each in said} == NORMAL


async def test_judges_do_not_believe_everything(days: Days) -> None:
    """If the alerts on campaigns had spoken at another time, or others in their place, then that were false."""
    said = [each for each in days.about("campaign") if each.until - each.since < 2 * HOUR]
    later = [replace(each, since=each.since + HOUR, until=each.until + HOUR) for each in said]
    wrong = Counter(each.partition(" ")[0] for each in false(later, days.truth))
    assert all(wrong[name] > 0.6 * sum(each.rule.name == name for each in said) for name in NORMAL), wrong
    others = [judge for name, judge in JUDGES.items() if name not in NORMAL]
    about_campaigns = [each for each in said if "campaign_id" in each.labels]
    assert [judge.__name__ for judge in others for each in about_campaigns if judge(each, days.truth)] == []


async def test_every_alert_on_campaigns_is_judged() -> None:
    """If there is an alert on campaigns, then something here tells when a supervisor would not call it false."""
    rules = [rule for rule in alert_rules(ALERTS) if rule.labels["area"] == "campaign"]
    # those on skills and agents are silent here, and judged where these are polled
    assert {rule.name for rule in rules} == JUDGES.keys() | NAMES


async def test_alerts_on_the_platform_are_silent(days: Days) -> None:
    """If days are normal, then whoever operates the exporter hears of nothing but the watchdog, and always of that."""
    said = [(each.rule.name, each.since, each.until) for each in days.about("platform")]
    assert said == [("WolkvoxWatchdog", days.truth.start, days.truth.end)]


async def test_empty_list_is_heard_of(days: Days, rotating: set[Key]) -> None:
    """If a campaign stays started with nothing to call for 24 minutes, and its list is not worked again and again."""
    empty = [
        (key, since, until)
        for key, sights in days.truth.sights.items()
        if key not in rotating
        for since, until in runs((sight.empty for sight in sights), 16 * MINUTE + LATE)
    ]
    assert len(empty) > 40
    for (operation, name), since, until in empty:
        about = {"operation": operation, "campaign_id": name}
        assert days.spoke("WolkvoxCampaignFinished", since, until + LATE, **about), (about, when(since), when(until))


async def test_list_that_rotates_is_not_told_to_be_finished(days: Days, rotating: set[Key]) -> None:
    """If a list is worked again and again, then from the second day on nobody is told that it has ended."""
    told = [each for each in days.said if each.rule.name == "WolkvoxCampaignFinished" and each.since >= START + DAY]
    assert len(rotating) > 3
    assert [each for each in told if (each.labels["operation"], each.labels["campaign_id"]) in rotating] == []


async def test_list_recycled_once_is_heard_of_on_the_first_day_an_hour_after_its_end(days: Days) -> None:
    """If it is not known yet which lists are worked again and again, then none that has ended is passed over."""
    ended = [
        (key, since, until)
        for key, sights in days.truth.sights.items()
        for since, until in runs((sight.empty for sight in sights[: DAY // MINUTE]), HOUR + MINUTE + LATE)
        if sights[number(since)].refills - sights[0].refills in (1, 2)
    ]
    assert ended
    for (operation, name), since, until in ended:
        about = {"operation": operation, "campaign_id": name}
        assert days.spoke("WolkvoxCampaignFinished", since, until + LATE, **about), (about, when(since), when(until))


async def test_idle_skill_is_heard_of(days: Days) -> None:
    """If nothing is called for a skill with agents for 25 minutes, and something was before, then that is said."""
    skills = {(key[0], sight.skill) for key, sights in days.truth.sights.items() for sight in sights if sight.busy}
    times = range(days.truth.start, days.truth.end, MINUTE)
    idle = [
        (wanted, since, until)
        for wanted in skills
        for since, until in runs((not busy(days.truth, wanted, now) for now in times), 17 * MINUTE + LATE)
        if since > START and wanted[1] != "VAGENT"
    ]
    assert len(idle) > 30
    for (operation, name), since, until in idle:
        about = {"operation": operation, "skill": name}
        found = days.spoke("WolkvoxSkillWithoutCampaign", since, until + LATE, **about)
        assert found, (about, when(since), when(until))


async def test_end_of_a_list_is_announced(days: Days, rotating: set[Key]) -> None:
    """If a list runs out that is not worked again and again, then that is said ten minutes before.

    On the first day, on which it is not known which lists these are, that is so of any where its agents would wait.
    """
    ends = [(key, end) for key, sights in days.truth.sights.items() for end in emptied(sights)]
    later = [(key, end) for key, end in ends if end >= START + DAY and key not in rotating]
    first = [(key, end) for key, end in ends if end < START + DAY and leaves_agents_waiting(days.truth, key, end)]
    assert len(later) > 15
    assert first
    for (operation, name), end in first + later:
        about = {"operation": operation, "campaign_id": name}
        assert days.spoke("WolkvoxCleanRecordsRunningOut", end - HOUR, end - 10 * MINUTE, **about), (about, when(end))


def leaves_agents_waiting(truth: Observer, key: Key, end: int) -> bool:
    """Return whether nothing is left for a skill after the first end of a list."""
    sight = truth.at(key, end)
    is_first = sight.refills == truth.sights[key][0].refills
    return is_first and sight.skill != "VAGENT" and not busy(truth, (key[0], sight.skill), end + MINUTE)


async def test_supervisors_get_few_messages(days: Days) -> None:
    """If lists run out all day, then supervisors of twenty campaigns get 25 messages a day at most, each with news."""
    sent = messages(days.about("campaign"), SETTINGS, range(days.truth.start, days.truth.end, MINUTE))
    daily = Counter((each.at - START) // DAY for each in sent)
    assert 20 <= len(days.truth.sights) <= 25
    assert all(each.new for each in sent)
    assert all(5 < daily[day] <= 25 for day in range(DAYS)), sorted(daily.items())


TICKS = range(0, 16 * MINUTE, MINUTE)


@pytest.mark.parametrize(
    ("pending", "keep_firing", "found", "expected"),
    [
        (0, 0, "x", [(0, 1)]),
        (2, 0, "..xx............", []),
        (2, 0, "..xxx...........", [(4, 5)]),
        (2, 0, ".xx.xxx.........", [(6, 7)]),
        (2, 0, "xxx.x...xxx.xxxx", [(2, 3), (10, 11), (14, 16)]),
        (2, 2, "xxx.x...xxx.xxxx", [(2, 7), (10, 16)]),
        (2, 2, "xxx.............", [(2, 5)]),
        (2, 2, "xxx...xx...xxx..", [(2, 5), (13, 16)]),
    ],
    ids=["at once", "too short", "long enough", "interrupted", "again", "kept", "over", "pending once more"],
)
async def test_alert_waits_and_lasts(
    pending: int, keep_firing: int, found: str, expected: list[tuple[int, int]]
) -> None:
    """If an expression finds something at some minutes, then its alert fires when it would in Prometheus."""
    rule = AlertRule("A", "up == 0", pending * MINUTE, keep_firing * MINUTE, {})
    values = {MINUTE * number: 7.0 + number for number, mark in enumerate(found) if mark == "x"}
    found_periods = list(periods(rule, {"job": "j"}, values, TICKS))
    assert [(each.since // MINUTE, each.until // MINUTE) for each in found_periods] == expected
    assert [each.value for each in found_periods] == [7.0 + since for since, _ in expected]


def fired(name: str, since: str, until: str, **labels: str) -> Period:
    """Return an alert that fired between two hours of the Monday."""
    rule = next(rule for rule in alert_rules(ALERTS) if rule.name == name)
    first, last = (START + HOUR * int(hour[:2]) + MINUTE * int(hour[3:]) for hour in (since, until))
    return Period(rule, {"job": "wolkvox", "operation": "o", **labels}, first, last, 1.0)


async def test_alert_is_heard_in_business_hours_and_unless_another_says_enough() -> None:
    """If an alert is muted out of hours or inhibited, then it is heard at the other moments."""
    said = [
        fired("WolkvoxCampaignStalled", "08:28", "08:33", campaign_id="1"),
        fired("WolkvoxCampaignFinished", "10:10", "10:20", campaign_id="2"),
        fired("WolkvoxCleanRecordsRunningOut", "10:08", "10:12", campaign_id="2"),
        fired("WolkvoxCleanRecordsRunningOut", "10:08", "10:12", campaign_id="3"),
    ]
    through = [[when(now)[-5:] for now in moments] for moments in heard(said, SETTINGS).values()]
    assert through[0] == ["08:30", "08:31", "08:32"]
    assert len(through[1]) == 10
    assert through[2:] == [["10:08", "10:09"], ["10:08", "10:09", "10:10", "10:11"]]


async def test_alerts_of_an_operation_share_messages() -> None:
    """If alerts begin and end within ten minutes of another, then one message has them all."""
    said = [
        fired("WolkvoxCleanRecordsRunningOut", "10:00", "10:25", campaign_id="1"),
        fired("WolkvoxCleanRecordsRunningOut", "10:04", "10:20", campaign_id="2"),
        fired("WolkvoxCleanRecordsRunningOut", "10:05", "11:20", campaign_id="3"),
        fired("WolkvoxSkillWithoutCampaign", "18:10", "18:40", skill="4000"),
    ]
    sent = messages(said, SETTINGS, range(START, START + DAY, MINUTE))
    assert [(when(each.at)[-5:], each.new) for each in sent] == [("10:01", 1), ("10:11", 2)]


def when(now: float) -> str:
    """Write a Unix time as the weekday and hour of the recorded days."""
    return datetime.fromtimestamp(now, BOGOTA).strftime("%a %H:%M")
