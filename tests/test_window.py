"""Which span of time the AMD report is asked for."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wolkvox_exporter.api import windows

BOGOTA = ZoneInfo("America/Bogota")


def asked_at(written: str, zone: str) -> tuple[str, str]:
    """Return the parameters asked for at a moment of Bogota time."""
    now = datetime.fromisoformat(written).replace(tzinfo=BOGOTA).timestamp()
    parameters = windows.today(now, ZoneInfo(zone)).parameters
    return parameters["date_ini"], parameters["date_end"]


@pytest.mark.parametrize(
    ("zone", "now", "start", "end"),
    [
        ("America/Bogota", "2026-11-22 18:59", "20261122000000", "20261122185900"),
        ("America/Bogota", "2026-11-22 19:01", "20261122000000", "20261122190100"),
        ("America/Bogota", "2026-11-23 00:01", "20261123000000", "20261123000100"),
        ("America/Mexico_City", "2026-11-22 18:59", "20261122010000", "20261122185900"),
        ("America/Mexico_City", "2026-11-22 19:01", "20261122010000", "20261122190100"),
        ("America/Mexico_City", "2026-11-23 00:01", "20261122010000", "20261123000100"),
        ("America/Santiago", "2026-11-22 18:59", "20261121220000", "20261122185900"),
        ("America/Santiago", "2026-11-22 19:01", "20261121220000", "20261122190100"),
        ("America/Santiago", "2026-11-23 00:01", "20261122220000", "20261123000100"),
    ],
)
def test_the_window_runs_from_the_operations_midnight_to_now_in_gmt_5(
    zone: str, now: str, start: str, end: str
) -> None:
    """On a host in UTC, before and after Bogota's 19:00, no window asks for tomorrow."""
    assert (start, end) == asked_at(now, zone)


@pytest.mark.parametrize(
    ("zone", "day", "first"),
    [
        ("America/Santiago", date(2026, 9, 6), datetime(2026, 9, 6, 4, 0, tzinfo=UTC)),
        ("America/Asuncion", date(2023, 10, 1), datetime(2023, 10, 1, 4, 0, tzinfo=UTC)),
        ("America/Toronto", date(1919, 3, 31), datetime(1919, 3, 31, 4, 30, tzinfo=UTC)),
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, 0, tzinfo=UTC)),
    ],
)
def test_a_day_begins_with_its_first_instant(zone: str, day: date, first: datetime) -> None:
    """Where clocks skip midnight the day begins when they jump; where midnight comes twice, with the first."""
    assert first == windows.first_instant(day, ZoneInfo(zone))


def test_the_window_of_a_day_without_midnight_is_asked_for() -> None:
    """In Santiago 6 September 2026 begins at 01:00 local time, 23:00 of the day before in GMT-5."""
    assert asked_at("2026-09-06 12:00", "America/Santiago") == ("20260905230000", "20260906120000")


def test_the_apis_day_ends_at_bogotas_midnight() -> None:
    """The quota is renewed at midnight in GMT-5, wherever the exporter runs."""
    now = datetime(2026, 11, 22, 23, 59, tzinfo=BOGOTA)
    assert windows.next_api_midnight(now.timestamp()) == datetime(2026, 11, 23, tzinfo=BOGOTA).timestamp()


ZONES = st.sampled_from(["America/Santiago", "America/Havana", "America/Asuncion", "America/Sao_Paulo", "Asia/Beirut"])


@given(st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1)), ZONES)  # noqa: DTZ001 - hypothesis draws naive ones
def test_no_instant_of_the_day_is_before_the_window(moment: datetime, zone: str) -> None:
    """One second before the window it is another day, and from its start on it is today."""
    now = moment.replace(tzinfo=UTC)
    local = ZoneInfo(zone)
    start = windows.today(now.timestamp(), local).start
    assert start <= now
    assert start.astimezone(local).date() == now.astimezone(local).date()
    before = (start - timedelta(seconds=1)).astimezone(local)
    assert before.date() < now.astimezone(local).date()
