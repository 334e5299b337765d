"""One run of each kind: so many examples from one seed."""

from contextlib import closing

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from fuzz.bodies import hold
from fuzz.pipeline import Pipeline
from fuzz.replies import Reply, rounds
from fuzz.schedule import Schedule
from wolkvox_exporter.runtime import logs

LONGEST = 3
"""Rounds of polls in one example."""
STEPS = 8
"""Events of one schedule."""


def _settings(examples: int, steps: int = 1) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
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
            hold(pipeline, replies)

        every_promise_holds()
    return done


def schedules(number: int, start: int) -> int:
    """Let so many schedules run; returns how many it were. AssertionError if a promise is broken."""
    logs.configure("error", "logfmt")
    done = 0

    class Counted(Schedule):
        def teardown(self) -> None:
            nonlocal done
            done += 1
            super().teardown()

    run_state_machine_as_test(seed(start)(Counted), settings=_settings(number, STEPS))
    return done
