"""Alerts on skills and agents, on simulated days as they are, and on an afternoon on which all agents go."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from mixin.settings import Settings
from support.backtest import AlertRule, Period, alert_rules, days_of, messages, spoken
from support.days import two_days
from support.judging import HOUR, LATE, MINUTE, THRESHOLD
from support.prometheus import Prometheus, prometheus_of
from support.recording import PATIENCE, Action, record
from support.staff import NAMES, STATE_LONG, Key, Staff, false
from wolkvox_exporter.simulator import Break, LogIn, LogOut, Rota, Simulator, Timetable
from wolkvox_exporter.simulator.agent import Duty, Status

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(PATIENCE)]

RULES = Path(__file__).parents[1] / "prometheus" / "rules"
RECORDING_RULES = RULES / "wolkvox-recording.rules.yml"
ALERTS = [rule for rule in alert_rules(RULES / "wolkvox-alerts.rules.yml") if rule.name in NAMES]
BUSY = {"WolkvoxNobodyReady", "WolkvoxQueueLong", "WolkvoxAbandonmentHigh", "WolkvoxServiceLevelLow"}
"""What is to be said on these days, on which the agents are too few now and then."""


@dataclass(frozen=True)
class Said:
    """What the alerts would have said of some time, seen by one exporter and by two, and what was true."""

    one: list[Period]
    two: list[Period]
    staff: Staff

    def spoke(self, name: str, key: Key, since: float, until: float) -> bool:
        """Return whether an alert on a skill fired at any time between two Unix times."""
        return any(
            (period.rule.name, period.labels["operation"], period.labels.get("skill")) == (name, *key)
            for period in self.one
            if period.since <= until and period.until > since
        )


async def all_spoken(server: Prometheus, rules: Iterable[AlertRule], times: range) -> list[Period]:
    """Return when any of the alerts would have fired."""
    return [period for rule in rules for period in await spoken(server, rule, times)]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def normal(tmp_path_factory: pytest.TempPathFactory) -> Said:
    """Evaluate the alerts at each minute of the two days."""
    days = await two_days(tmp_path_factory)
    times = range(days.staff.start, days.ended + 1, MINUTE)
    async with prometheus_of(days.single) as one, prometheus_of(days.double) as two:
        return Said(await all_spoken(one, ALERTS, times), await all_spoken(two, ALERTS, times), days.staff)


async def test_no_alert_on_skills_or_agents_is_false(normal: Said) -> None:
    """If agents are too few now and then, then alerts say so of the skill and at the time, and nothing else."""
    assert false(normal.one, normal.staff) == []
    assert {period.rule.name for period in normal.one} == BUSY


async def test_judges_of_skills_do_not_believe_everything(normal: Said) -> None:
    """If the alerts had spoken half a day later, when hardly anybody calls, then that were false."""
    half_a_day = 12 * HOUR
    first_day = [period for period in normal.one if period.since < normal.staff.start + 20 * HOUR]
    later = [replace(each, since=each.since + half_a_day, until=each.until + half_a_day) for each in first_day]
    night = [each for each in later if each.rule.name != "WolkvoxServiceLevelLow"]
    assert len(false(night, normal.staff)) == len(night) > 10


async def test_two_replicas_say_what_one_does(normal: Said) -> None:
    """If two exporters poll the same, then the alerts are the same, each once."""
    assert [str(period) for period in normal.two] == [str(period) for period in normal.one]


def lasting(staff: Staff, seconds: int, true: Iterable[bool]) -> list[tuple[int, int]]:
    """Return the Unix times between which something held at every look, if that was for so many seconds."""
    found, since = [], staff.start
    for now, held in zip(range(staff.start, staff.end, MINUTE), true, strict=False):
        if not held:
            if now - since >= seconds:
                found.append((since, now))
            since = now + MINUTE
    return found


async def test_abandonment_is_heard_of(normal: Said) -> None:
    """If clearly more than three of a hundred calls of the hour are abandoned for half an hour, then that is said."""
    found = 0
    for key in normal.staff.looks:
        hours = (normal.staff.abandonment(key, now) for now in range(normal.staff.start, normal.staff.end, MINUTE))
        high = (share > 1.15 * THRESHOLD["abandon_ratio"] and offered > 150 for share, offered in hours)
        for since, until in lasting(normal.staff, 21 * MINUTE + LATE, high):
            found += 1
            assert normal.spoke("WolkvoxAbandonmentHigh", key, since, until + LATE), (key, since, until)
    assert found > 5


async def test_low_service_level_is_heard_of(normal: Said) -> None:
    """If clearly fewer than four of five calls of the day are answered in time for half an hour, then that is said."""
    found = 0
    for key, looks in normal.staff.looks.items():
        hours = (normal.staff.abandonment(key, now)[1] for now in range(normal.staff.start, normal.staff.end, MINUTE))
        low = (
            look.level < THRESHOLD["service_level_ratio"] - 0.01 and offered > 150
            for look, offered in zip(looks, hours, strict=True)
        )
        for since, until in lasting(normal.staff, 21 * MINUTE + LATE, low):
            found += 1
            assert normal.spoke("WolkvoxServiceLevelLow", key, since, until + LATE), (key, since, until)
    assert found > 0


async def test_supervisors_get_few_messages_on_skills(normal: Said) -> None:
    """If agents are too few all day, then supervisors of an operation get no more than three messages an hour."""
    day = range(normal.staff.start, normal.staff.start + 24 * HOUR, MINUTE)
    said = [period for period in normal.one if period.since in day]
    news = Counter(each.operation for each in messages(said, Settings(), day) if each.new)
    assert 0 < max(news.values()) <= 3 * 11


# An afternoon on which something is really wrong.

AFTERNOON = "2026-11-23T14:00:00-05:00"
START = round(datetime.fromisoformat(AFTERNOON).timestamp())
LEFT, BACK, END = START + 40 * MINUTE, START + 110 * MINUTE, START + 220 * MINUTE
EMPTY = "servicio-cl"
"""The operation whose agents all go, for an hour and ten minutes."""
FORGETFUL = "ventas-co"
"""The one of whose agents one stays on a break meanwhile, and one in after-call work."""


def due(operation: str, *duties: Duty) -> Action:
    """Let the agents of an operation be due to do this: the one duty all of them, or each the one of its place."""

    def let(simulator: Simulator) -> None:
        (found,) = (each for each in simulator.operations if each.name == operation)
        every = duties * len(found.distributor.agents) if len(duties) == 1 else duties
        whose = zip(found.distributor.agents, every, strict=False)
        found.distributor.timetable = Timetable([(0.0, Rota(agent, duty)) for agent, duty in whose])

    return let


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def wrong(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[Period]]:
    """Evaluate the alerts at each minute of that afternoon."""
    events = (
        (LEFT, due(EMPTY, LogOut())),
        (LEFT, due(FORGETFUL, Break("Pausa activa", 8_400), Break(Status.ACW, 4_200))),
        (BACK, due(EMPTY, LogIn())),
    )
    actions = [(datetime.fromtimestamp(at, UTC).isoformat(), action) for at, action in events]
    recording, _ = await record(
        AFTERNOON, hours=(END - START) / HOUR, actions=actions, skills="all", agents="by_status"
    )
    async with days_of(recording, tmp_path_factory.mktemp("wrong"), RECORDING_RULES) as server:
        yield await all_spoken(server, ALERTS, range(START, END, MINUTE))


@pytest.mark.parametrize(
    ("name", "minutes"),
    [
        # whoever has forgotten to end after-call work stays for another 25 minutes
        ("WolkvoxNobodyLoggedIn", 45),
        ("WolkvoxNobodyReady", 20),
        ("WolkvoxQueueLong", 20),
        ("WolkvoxAbandonmentHigh", 35),
    ],
)
async def test_agents_who_have_all_gone_are_missed(wrong: list[Period], name: str, minutes: int) -> None:
    """If all agents log out while campaigns dial, then every alert says so, and ends when they are back."""
    said = [period for period in wrong if period.rule.name == name and period.labels["operation"] == EMPTY]
    since = [period.since for period in said if LEFT < period.since < BACK]
    assert since
    assert LEFT + 10 * MINUTE < min(since) <= LEFT + minutes * MINUTE
    assert max(period.until for period in said) < END - 5 * MINUTE


async def test_only_the_operation_without_agents_is_said_to_have_none(wrong: list[Period]) -> None:
    """If all agents of an operation are gone, then that is said of no other one, and once."""
    said = [period for period in wrong if period.rule.name == "WolkvoxNobodyLoggedIn"]
    assert [period.labels["operation"] for period in said] == [EMPTY]


async def test_forgotten_states_are_found(wrong: list[Period]) -> None:
    """If an agent stays on a break for two hours, or in after-call work for one, then that is said."""
    said = {period.labels["status"]: period for period in wrong if period.rule.name == STATE_LONG}
    assert {period.labels["operation"] for period in said.values()} == {FORGETFUL}
    for status, threshold, ends in (("Pausa activa", 4_500, 8_400), ("acw", 1_800, 4_200)):
        assert LEFT + threshold < said[status].since <= LEFT + threshold + LATE
        assert LEFT + ends < said[status].until <= LEFT + ends + 2 * LATE
    assert said.keys() == {"Pausa activa", "acw"}
