"""Durations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wolkvox_exporter.config import durations
from wolkvox_exporter.config.problems import BadValue

_NO_UNIT = "a duration needs its unit; write 5m or 300s"
_NO_DURATION = "this is no duration; write one such as 90s, 5m or 1h30m (units y w d h m s ms, in this order)"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0),
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("1d", 86_400.0),
        ("1w", 604_800.0),
        ("1y", 31_536_000.0),
        ("250ms", 0.25),
        ("1m250ms", 60.25),
        ("1y2w3d4h5m6s7ms", 33_019_506.007),
        ("05m", 300.0),
        ("0s", 0.0),
    ],
)
def test_durations_mean_what_they_mean_to_prometheus(text: str, seconds: float) -> None:
    """If a duration works in prometheus.yml, it works here and is as long."""
    assert durations.parse(text) == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("300", _NO_UNIT),
        ("0", _NO_UNIT),
        ("-5", _NO_UNIT),
        ("1.5", _NO_UNIT),
        ("1_000", _NO_UNIT),
        ("", _NO_DURATION),
        ("1.5m", _NO_DURATION),
        ("-5m", _NO_DURATION),
        ("5 m", _NO_DURATION),
        ("5m\n", _NO_DURATION),
        ("30m1h", _NO_DURATION),
        ("5m5m", _NO_DURATION),
        ("5M", _NO_DURATION),
        ("m", _NO_DURATION),
        ("\u0665m", _NO_DURATION),
        ("9999999999s", _NO_DURATION),
        ("soon", _NO_DURATION),
    ],
)
def test_anything_else_is_refused(text: str, expected: str) -> None:
    """If a duration is not written as in Prometheus, it is refused with what would be right."""
    with pytest.raises(BadValue) as caught:
        durations.parse(text)

    assert str(caught.value) == expected


@pytest.mark.parametrize(("text", "seconds"), [("1s", 1.0), ("1000ms", 1.0), ("24h", 86_400.0)])
def test_sensible_durations_pass(text: str, seconds: float) -> None:
    """If a duration is between a second and a day, polling accepts it."""
    assert durations.bounded(text) == seconds


@pytest.mark.parametrize(("text", "expected"), [("999ms", "too short; write 1s"), ("1d1ms", "too long; write 1d")])
def test_extreme_durations_are_refused(text: str, expected: str) -> None:
    """If a duration makes no sense for polling, the limit is named."""
    with pytest.raises(BadValue, match=expected):
        durations.bounded(text)


@given(st.integers(min_value=0, max_value=10**14))
def test_written_durations_are_read_back(milliseconds: int) -> None:
    """If a duration is shown to people, they can copy it into the file."""
    assert durations.parse(durations.written(milliseconds / 1000)) == milliseconds / 1000


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    """If a text is no duration, that is what the reader says, whatever the text."""
    answer = ""
    try:
        durations.parse(text)
    except BadValue as error:
        answer = str(error)

    assert answer in {"", _NO_UNIT, _NO_DURATION}
