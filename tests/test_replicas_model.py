"""The model of replicas that share a database, and wrong decisions on purpose, each of which it has to notice.

What it assumes stands in `fuzz.fleet`.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest
import structlog
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from fuzz.fleet.replica import Replica
from fuzz.fleet.simulation import EVENTS, Fleet
from fuzz.fleet.tables import Tables
from fuzz.fleet.world import BrokenError
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.replicas import leases, life, offset, records
from wolkvox_exporter.replicas.ledger import DatabaseClock, Ledger
from wolkvox_exporter.replicas.offset import Offset
from wolkvox_exporter.replicas.operations import Lead
from wolkvox_exporter.replicas.records import Known
from wolkvox_exporter.replicas.store import Lease

STEPS = int(os.environ.get("REPLICA_STEPS", "4000"))
"""Decisions to simulate; `make replicas` takes 100,000."""
A_FLEET = 1000
FLEETS = 40
"""Fleets of which one at least has to notice a wrong decision."""
Fault = Callable[[], AbstractContextManager[object]]


@pytest.fixture(autouse=True)
def _quiet() -> Any:  # noqa: ANN401 - a generator
    """Leave out what replicas log: it is much, and of no use here."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.configure(**before)


def test_no_course_of_chance_breaks_a_promise() -> None:
    """If replicas die, freeze and are cut off, and databases are lost and clocks lie, then every promise holds."""
    done, number = 0, int(os.environ.get("REPLICA_SEED", "1"))
    while done < STEPS:
        try:
            with closing(Fleet(number)) as fleet:
                done += fleet.run(A_FLEET)
        except BaseException as error:
            error.add_note(f"fleet of seed {number}")
            raise
        number += 1
    assert done >= STEPS


@seed(1)
@settings(max_examples=10, deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 1000),
    st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from([0.0, 0.1, 3.0, 20.0, 100.0])), max_size=12),
)
def test_no_course_that_is_searched_for_breaks_a_promise(number: int, events: list[tuple[str, float]]) -> None:
    """If hypothesis looks for a course of events that breaks a promise, then there is none."""
    with closing(Fleet(number)) as fleet:
        fleet.lives(*events)
        fleet.is_well()


def wrong(place: object, name: str, decision: object) -> Fault:
    """Return what puts another decision in the place of the right one."""
    return lambda: patch.object(place, name, decision)


def both(*faults: Fault) -> Fault:
    """Return what makes several faults at once."""

    def made() -> AbstractContextManager[object]:
        stack = ExitStack()
        for each in faults:
            stack.enter_context(each())
        return stack

    return made


_keep, _lead, _decoded, _observed = Replica.keep, Replica.lead, Ledger.decoded, offset.observed


async def _without_note(ledger: Ledger, operation: Operation, _: OperationState) -> bool:
    return operation.name in ledger.held


async def _shown_at_once(replica: Replica, name: str) -> None:
    replica.follow(name, replica.states[name])
    await _keep(replica, name)


async def _from_memory(replica: Replica, name: str, how: Lead) -> None:
    await _lead(replica, name, replace(how, state=None if name in replica.states else how.state))


async def _without_notes(ledger: Ledger, operation: Operation, known: Known, *, with_note: bool) -> Any:  # noqa: ANN401
    return await _decoded(ledger, operation, known, with_note=with_note and False)


def _without_steps(before: Offset | None, sent: float, said: float, received: float) -> Offset:
    return replace(_observed(before, sent, said, received), stepped=None)


def _by_the_wall(clock: DatabaseClock) -> float:
    return clock._clock.time()  # noqa: SLF001 - that of the process


def _only_released(lease: Lease | None, _: float) -> bool:
    return lease is None or not lease.holder


FAULTS: Mapping[str, tuple[Fault, tuple[str, ...], str]] = MappingProxyType(
    {
        "neither lease nor version checked": (
            both(wrong(Tables, "_is_current", lambda *_: True), wrong(Tables, "_is_version", lambda *_: True)),
            ("token_changes", "freeze_at_note"),
            "early|overlap|fall",
        ),
        "no version": (wrong(Tables, "_is_version", lambda *_: True), ("token_changes",), "early|overlap|fall"),
        "no note before the call": (wrong(Ledger, "note", _without_note), ("kill", "starts"), "early|overlap"),
        "however late its note": (
            wrong(leases, "may_call", lambda held, *_: held is not None),
            ("freeze_at_note", "starts"),
            "early|overlap",
        ),
        "memory used after a lost lease": (wrong(Replica, "lead", _from_memory), ("cut", "starts"), "early|fall"),
        "shown before committed": (wrong(Replica, "keep", _shown_at_once), ("cut", "database_stops"), "fall"),
        "no wait for the call under way": (
            wrong(Ledger, "decoded", _without_notes),
            ("kill", "starts"),
            "early|overlap",
        ),
        "nothing put back in a lost database": (
            wrong(records, "is_to_be_restored", lambda *_: False),
            ("made_anew", "restored"),
            "fall",
        ),
        "no pause in another life": (
            wrong(life, "pause", lambda *_: 0.0),
            ("fail_over_with_loss_and_death", "starts"),
            "early|overlap|fall",
        ),
        "not counted as asked in another life": (
            wrong(life, "counted_as_asked", lambda state, _: state),
            ("fail_over_with_loss_and_death", "starts"),
            "early",
        ),
        "wall clocks trusted": (wrong(DatabaseClock, "time", _by_the_wall), ("kill", "starts"), "early|overlap"),
        "steps of a clock unseen": (
            wrong(offset, "observed", _without_steps),
            ("database_clock_steps", "kill", "starts"),
            "early|overlap",
        ),
        "taken only after a release": (wrong(leases, "is_free", _only_released), ("kill", "starts"), "orphaned"),
        "nothing released": (wrong(leases, "_to_release", lambda *_: ()), ("kill", "starts"), "uneven"),
        "leases never renewed": (wrong(leases.Pace, "renewal", float("inf")), ("starts",), "uneven|orphaned"),
    }
)
"""Each with events by which it shows, and the words for what it breaks."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_decision_breaks_a_promise(fault: str) -> None:
    """If one of the rules is left out, then one of some fleets says which promise is broken."""
    made, events, words = FAULTS[fault]
    with made(), pytest.raises(BrokenError, match=f"^({words})"):
        run_fleets(events)


def run_fleets(events: tuple[str, ...]) -> None:
    """Let one fleet after the other live through such events."""
    for number in range(FLEETS):
        with closing(Fleet(number)) as fleet:
            fleet.run(A_FLEET // 2, events)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_right_decisions_break_none_of_them(fault: str) -> None:
    """If all rules hold, then the events by which a fault shows break no promise."""
    with closing(Fleet(1)) as fleet:
        fleet.run(A_FLEET // 5, FAULTS[fault][1])
