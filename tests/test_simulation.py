"""A small share of the simulation of `make fuzz`, and three days in each mode."""

import pytest

from fuzz import runs
from fuzz.course import Course, Event, Terms, What
from fuzz.faults import Fault
from fuzz.simulation import Simulation

HOUR = 3600.0


def test_no_course_of_events_breaks_a_promise_about_calls() -> None:
    """If calls fail, clocks step, tokens change, quotas end and processes die in any order, every promise holds."""
    assert runs.steps(10_000, start=1) >= 10_000


def test_no_course_that_is_searched_for_breaks_a_promise_about_calls() -> None:
    """If hypothesis looks for a course of events that breaks a promise, then there is none."""
    assert runs.courses(10, start=1) >= 10


@pytest.mark.parametrize(("mode", "holds_back"), [("all", False), ("each", False), ("auto", False), ("auto", True)])
def test_three_days_with_a_reset(mode: str, *, holds_back: bool) -> None:
    """If a connection is reset on the first morning, then no report is late by more than its bound in three days."""
    events = (
        Event(0.0, What.ALL_HOLDS_BACK, float(holds_back)),
        Event(12 * HOUR, What.CALLS_FAIL, (Fault.RESET, 1, "campaigns")),
        Event(60 * HOUR, What.NOTHING),
    )
    calls = 72 * 12 * 2 + 72 * 4
    assert Simulation(Course((Terms("uno", mode=mode),), events)).run() > calls
