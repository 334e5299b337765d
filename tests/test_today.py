"""Which day it is, and what counters have risen by since it began."""

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.course import Terms
from support.lives import Asking, Call, Reply
from wolkvox_exporter.api import windows
from wolkvox_exporter.api.reports.campaigns import Campaign
from wolkvox_exporter.polling.counters import REMEMBERED, Counters, counted
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.polling.today import Day, Today
from wolkvox_exporter.polling.today import counted as counted_today

HOUR = 3600.0
BOGOTA = ZoneInfo("America/Bogota")


def utc(written: str) -> float:
    """Return the Unix time of a moment in UTC."""
    return datetime.fromisoformat(written).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("zone", "now", "start", "hours"),
    [
        ("America/Bogota", "2026-11-23 15:00", "2026-11-23 05:00", 24),
        ("America/Bogota", "2026-11-24 04:59:59", "2026-11-23 05:00", 24),
        ("Europe/Madrid", "2026-03-29 12:00", "2026-03-28 23:00", 23),
        ("Europe/Madrid", "2026-10-25 12:00", "2026-10-24 22:00", 25),
        # no midnight: clocks go from 23:59 to 01:00
        ("America/Santiago", "2026-09-06 03:59:59", "2026-09-05 04:00", 24),
        ("America/Santiago", "2026-09-06 04:00", "2026-09-06 04:00", 23),
        ("America/Asuncion", "2023-10-01 12:00", "2023-10-01 04:00", 23),
        # an hour comes twice before midnight, or after it
        ("America/Asuncion", "2024-03-24 03:30", "2024-03-23 03:00", 25),
        ("America/Havana", "2026-11-01 05:30", "2026-11-01 04:00", 25),
    ],
)
def test_a_day_lasts_from_its_first_instant_to_that_of_the_next(zone: str, now: str, start: str, hours: int) -> None:
    """If clocks are changed for summer or back, then the day is as much shorter or longer."""
    moment = Now(1000.0, utc(now))
    day = Day.of(ZoneInfo(zone), moment)
    assert (day.start, day.end) == (utc(start), utc(start) + hours * HOUR)
    assert day.until == 1000.0 + day.end - moment.wall
    assert day.following().start == day.end == Day.of(ZoneInfo(zone), Now(day.until, day.end)).start


ZONES = st.sampled_from(["America/Santiago", "America/Havana", "America/Asuncion", "America/Sao_Paulo", "Asia/Beirut"])


@given(st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1)), ZONES)  # noqa: DTZ001 - hypothesis draws naive ones
def test_every_instant_is_within_its_day(moment: datetime, zone: str) -> None:
    """Whenever it is, the day has begun, is not over, and the moment that it ends is of another date."""
    now = moment.replace(tzinfo=UTC).timestamp()
    end = windows.tomorrow(now, ZoneInfo(zone))
    assert windows.today(now, ZoneInfo(zone)).start.timestamp() <= now < end.timestamp()
    assert end.astimezone(ZoneInfo(zone)).date() > datetime.fromtimestamp(now, ZoneInfo(zone)).date()


class Operation:
    """What is published of an operation whose campaign dials, by a clock that runs, or is set."""

    def __init__(self, wall: float) -> None:
        self.now = Now(0.0, wall)
        self.zone = BOGOTA
        self.counters = Counters()
        self.published = Snapshot("ventas-co", MappingProxyType({})).dated(self.zone, self.now)
        self.dial = 0.0
        self.poll(0)

    def poll(self, dials: int, name: str = "A") -> None:
        """Take a report after so many dials."""
        self.dial += dials
        self.report(Campaign("4875", name, "1", (), {"dial": self.dial}))

    def report(self, *rows: Campaign) -> None:
        """Take a report of these rows."""
        before = self.counters
        self.counters, activity = counted(before, rows, frozenset())
        start = windows.today(self.now.wall, self.zone).start.timestamp()
        today = counted_today(self.published.today, before, self.counters, activity, start)
        self.published = replace(self.published, activity=activity, today=today)
        self.look()

    def passes(self, seconds: float) -> None:
        """Let time pass; nobody looks."""
        self.now = Now(self.now.monotonic + seconds, self.now.wall + seconds)

    def set_clock(self, seconds: float) -> None:
        """Set the time of day."""
        self.now = Now(self.now.monotonic, self.now.wall + seconds)
        self.look()

    def set_zone(self, zone: str) -> None:
        """Move to another zone."""
        self.zone = ZoneInfo(zone)
        self.published = replace(self.published, day=None)
        self.look()

    def look(self) -> None:
        """Look which day it is."""
        self.published = self.published.dated(self.zone, self.now)

    def shown(self) -> tuple[float, float]:
        """Return what a scrape sees: when the day began, and what was dialled since."""
        page = self.published.at(self.now.monotonic)
        assert page.day
        return page.day.start, page.rises_today.get(("A", "4875", "1"), {}).get("dial", 0.0)


STEPS = st.lists(
    st.tuples(st.just("poll"), st.integers(0, 9))
    | st.tuples(st.just("passes"), st.sampled_from([60, 3600, 5 * 3600, 9 * 3600]))
    | st.tuples(st.just("set_clock"), st.sampled_from([-86400, -3600, -1, 1, 3600, 86400]))
    | st.tuples(st.just("set_zone"), st.sampled_from(["America/Bogota", "Europe/Madrid", "America/Santiago"])),
    max_size=40,
)


@given(STEPS)
def test_nothing_of_yesterday_is_ever_shown_as_todays(steps: list[tuple[str, int]]) -> None:
    """Whatever clocks and zones do, today is no more than was seen since the midnight that is shown, by that clock.

    What was seen when is kept with the time of day as it was then; a clock that is set back takes it along.
    """
    operation, seen = Operation(utc("2026-09-05 15:00")), list[tuple[float, int]]()
    for name, value in steps:
        getattr(operation, name)(value)
        seen = [(min(at, operation.now.wall), dials) for at, dials in seen]
        seen += [(operation.now.wall, value)] if name == "poll" else []
        start, today = operation.shown()
        assert start == windows.today(operation.now.wall, operation.zone).start.timestamp()
        assert today <= sum(dials for at, dials in seen if at >= start)
        operation.look()
        assert operation.shown() == (start, today)


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([60, 300, 3600, 30_000])), max_size=40))
def test_while_no_clock_is_set_today_is_all_that_polls_saw_since_midnight(polls: list[tuple[int, int]]) -> None:
    """If clocks run on, then today is the sum of what was seen since midnight, and so what the counter rose by."""
    operation, seen = Operation(utc("2026-09-05 15:00")), list[tuple[float, int]]()
    for dials, seconds in polls:
        operation.poll(dials)
        seen.append((operation.now.wall, dials))
        operation.passes(seconds)
        start, today = operation.shown()
        assert today == sum(number for at, number in seen if at >= start)
        operation.look()
        assert operation.shown() == (start, today)


def test_a_day_that_is_right_stays_the_same_object() -> None:
    """If nothing else is to be shown, then it is the very same value, so that nothing is rendered anew for it."""
    operation = Operation(utc("2026-11-23 15:00"))
    before = operation.published
    operation.passes(3600)
    operation.look()
    assert operation.published is before
    operation.set_clock(1)
    assert operation.published is not before


def test_campaigns_that_come_and_go_all_day_do_not_add_up() -> None:
    """If the counters have forgotten a campaign, then today has as well, and both begin at 0 if it is seen again."""
    operation = Operation(utc("2026-11-23 15:00"))
    operation.poll(7)
    assert operation.shown()[1] == operation.published.activity["A", "4875", "1"]["dial"] == 7
    for dial in (0, 1):
        operation.report(
            *(Campaign(f"{key}", "B", "1", (), {"dial": dial}) for key in range(10_000, 10_000 + REMEMBERED))
        )
    assert len(operation.published.today.rises) == REMEMBERED
    for total in (0, 2):
        operation.poll(2)
        assert operation.shown()[1] == operation.published.activity["A", "4875", "1"]["dial"] == total


def test_what_was_asked_before_midnight_is_of_the_day_before() -> None:
    """If an answer to a question of two seconds before midnight comes after it, then what it says is yesterday's."""
    asking = Asking(Terms("uno", mode="off"), replies=dialling, start="2026-11-23T23:54:58-05:00")
    asking.until(310)
    today = asking.published().today
    assert today.of(utc("2026-11-23 05:00")) == {("A", "4875", "1"): {"dial": 300}}
    assert today.of(utc("2026-11-24 05:00")) == {}


def dialling(call: Call) -> Reply:
    """Return a report of a campaign that dials a record a second, after five seconds."""
    return Reply([{"campaign": "4875 - A", "skill_id": "1", "dial": f"{call.at:.0f}"}], takes=5)


def test_what_did_not_rise_is_not_kept() -> None:
    """If nothing was dialled, then there is nothing to be written down of it."""
    operation = Operation(utc("2026-11-23 15:00"))
    operation.poll(0)
    assert operation.published.today == Today(utc("2026-11-23 05:00"))
