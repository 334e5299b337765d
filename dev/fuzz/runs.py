"""One run of each kind: so many examples from one seed."""

from contextlib import closing
from random import Random

from hypothesis import HealthCheck, given, seed, settings

from fuzz import course
from fuzz.bodies import check_promises
from fuzz.course import Course, drawn
from fuzz.pipeline import Pipeline
from fuzz.replies import Reply, rounds
from fuzz.simulation import MOST_STEPS, Simulation

LONGEST = 3
"""Rounds of polls in one example."""
SHORT = 12
"""Events of a course that hypothesis draws."""


def _settings(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


def bodies(number: int, start: int) -> int:
    """Let the pipeline read so many answers; returns how many it were. AssertionError if a promise is broken."""
    done = 0

    with closing(Pipeline()) as pipeline:

        @seed(start)
        # each example has two rounds of three answers on average
        @_settings(max(1, -(-number // 5)))
        @given(rounds(LONGEST))
        def every_promise_holds(replies: list[dict[str, Reply]]) -> None:
            nonlocal done
            done += sum(map(len, replies))
            check_promises(pipeline, replies)

        every_promise_holds()
    return done


def steps(number: int, start: int) -> int:
    """Let simulations decide so often at least; returns how often. AssertionError if a promise is broken."""
    done, seed_of_course = 0, start * 1_000_000
    while done < number:
        found = drawn(Random(seed_of_course))  # noqa: S311 - repeatable
        try:
            done += Simulation(found).run(MOST_STEPS)
        except BaseException as error:
            error.add_note(f"course of seed {seed_of_course}: {found}")
            raise
        seed_of_course += 1
    return done


def courses(number: int, start: int) -> int:
    """Let so many courses run that hypothesis draws, and makes smaller where one fails; returns how many."""
    done = 0

    @seed(start)
    @_settings(number)
    @given(course.courses(SHORT))
    def every_promise_is_kept(drawn_course: Course) -> None:
        nonlocal done
        done += 1
        Simulation(drawn_course).run(MOST_STEPS)

    every_promise_is_kept()
    return done
