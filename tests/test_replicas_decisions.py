"""What a replica decides, one decision at a time; the model is about all of them together."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from wolkvox_exporter.config import LiteralToken, Operation
from wolkvox_exporter.replicas import leases, life, offset, records
from wolkvox_exporter.replicas.leases import Pace, Replica, Watch
from wolkvox_exporter.replicas.operations import polled_by
from wolkvox_exporter.replicas.records import Interrupted, Known, sealed
from wolkvox_exporter.replicas.store import Identity, Lease, Member, Row, View

PACE = Pace(15.0)


def lease(token: str, number: int = 1, holder: str = "b", until: float = 1010.0) -> Lease:
    """Return a lease of a database in which it is 1000."""
    return Lease(token, number, holder, until, 15.0)


def view(*held: Lease, members: str = "ab") -> View:
    """Return what a database says in which it is 1000."""
    found = tuple(Member(name, 999.0, "same") for name in members)
    return View(1000.0, Identity("1", 1, "x", "s"), found, {each.token: each for each in held}, ())


def planned(
    found: View, held: str, wanted: str, *, idle: str = "", since: float = 0.0, now: float = 100.0
) -> leases.Plan:
    """Return what replica `a` does at an instant, if members and free tokens were the same since another."""
    me = Member("a", 1000.0, "same")
    watch = leases.watched(None, found, me, wanted, length=15.0, now=since)
    watch = leases.watched(watch, found, me, wanted, length=15.0, now=now)
    replica = Replica("a", frozenset(wanted), frozenset(held), frozenset(idle))
    return leases.plan(replica, found, watch, PACE, now)


def test_an_offset_is_an_interval_that_answers_narrow_and_time_widens() -> None:
    """If two answers say what the time is, then it is known as well as both say, and less well as time passes."""
    first = offset.observed(None, 10.0, 1000.0, 14.0)
    assert (first.low, first.high) == (985.996, 990.004)
    # a hundred seconds later it may have drifted by a tenth
    second = offset.observed(first, 114.0, 1103.0, 114.0)
    assert (second.low, second.high, second.stepped) == (989.0, 989.0, None)
    assert first.earliest(114.0) == pytest.approx(985.996 + 114.0 - 0.1)
    assert first.latest(114.0) == pytest.approx(990.004 + 114.0 + 0.1)


def test_an_answer_that_was_taken_late_contradicts_nothing() -> None:
    """If a process stood still before it took an answer, then clocks drifted meanwhile, and that is no step."""
    before = offset.observed(None, 10.0, 1000.0, 10.0)
    # a hundred seconds, of which the answer took one; by then the clocks are apart by a twentieth more
    late = offset.observed(before, 10.0, 1000.0, 110.0)
    assert offset.observed(late, 111.0, 1101.05, 111.0).stepped is None


def test_an_answer_that_contradicts_those_before_is_a_step() -> None:
    """If the database's time is another than it can be, then a clock was set, and the new time counts."""
    first = offset.observed(None, 10.0, 1000.0, 10.0)
    stepped = offset.observed(first, 20.0, 4000.0, 20.0)
    assert (stepped.low, stepped.high, stepped.stepped) == (3980.0, 3980.0, 20.0)
    assert offset.observed(stepped, 30.0, 4010.0, 30.0).stepped == 20.0


@pytest.mark.parametrize(
    ("held", "free"),
    [
        (None, True),
        (lease("t"), False),
        (lease("t", holder=""), True),
        (lease("t", until=1000.0), True),
        # further ahead than it lasts: the clock was set back since
        (lease("t", until=1015.5), True),
    ],
)
def test_a_lease_is_free_that_nobody_can_have(held: Lease | None, *, free: bool) -> None:
    """If there is none, or it was released, has run out, or ends when none can, then it can be had."""
    assert leases.is_free(held, 1000.0) is free


def test_a_holder_gives_up_before_the_database_does() -> None:
    """If a lease of 15 seconds was asked for at 100, then its holder relies on it until 114.85, and a call's note."""
    mine = leases.held(lease("t"), 100.0, 15.0)
    assert mine.until == pytest.approx(114.85)
    assert leases.may_call(mine, 110.0, 110.0)
    assert not leases.may_call(mine, 110.0, 110.1)
    assert not leases.may_call(mine, 120.0, 114.9)
    assert not leases.may_call(None, 120.0, 100.0)


def test_shares_differ_by_one_at_most() -> None:
    """If tokens cannot be divided evenly, then the first replicas have one more."""
    assert leases.shares(11, ["c", "a", "b"]) == {"a": 4, "b": 4, "c": 3}
    assert leases.shares(1, ["b", "a"]) == {"a": 1, "b": 0}


def test_free_tokens_are_taken_up_to_the_share_and_beyond_after_a_while() -> None:
    """If four tokens are free and there are two replicas, then one takes two, and the others once nobody did."""
    assert dict(planned(view(), "", "wxyz", since=100.0).take) == {"w": 0, "x": 0}
    assert dict(planned(view(), "", "wxyz", since=96.9).take) == {"w": 0, "x": 0, "y": 0, "z": 0}
    assert dict(planned(view(lease("w", 7, until=1.0)), "xy", "wxy", since=96.9).take) == {"w": 7}


def test_a_surplus_is_given_up_idle_first_and_not_at_once() -> None:
    """If another replica came, then tokens go to it, those first with which nothing is asked, after some seconds."""
    mine = view(*(lease(token, holder="a") for token in "wxyz"))
    assert planned(mine, "wxyz", "wxyz", idle="yz", since=96.0).release == ()
    assert planned(mine, "wxyz", "wxyz", idle="yz", since=95.0).release == ("y", "z")
    assert planned(mine, "wxyz", "wxy", idle="z", since=99.0).release == ("z",)


def test_nothing_is_given_up_to_a_replica_that_is_configured_differently() -> None:
    """If the operations of the other differ, then it may have none for the token, and the surplus stays."""
    mine = view(*(lease(token, holder="a") for token in "wxyz"))
    watch = Watch((("a", "same"), ("b", "other")), since=0.0)
    replica = Replica("a", frozenset("wxyz"), frozenset("wxyz"), frozenset("wxyz"))
    assert leases.plan(replica, mine, watch, PACE, 100.0).release == ()


def test_who_polls_what_is_who_has_the_lease_of_its_token() -> None:
    """If a lease runs, then its holder polls; without a token here that of the last writer counts."""
    found = replace(view(lease("t"), lease("u", until=1000.0), lease("v")), rows=(Row("tres", "https://s", 1, "v"),))
    operations = [
        Operation(name=name, base_url="https://s", token=LiteralToken(SecretStr("x")))
        for name in ("uno", "dos", "tres")
    ]
    tokens = {"uno": "t", "dos": "u"}
    assert polled_by(operations, tokens, found) == {"uno": "b", "tres": "b"}
    assert polled_by(operations, {}, found) == {"tres": "b"}


def test_a_database_is_another_one_where_any_of_its_marks_differs() -> None:
    """If system, timeline or schema differ, then it is another life, first noticed now."""
    first = life.looked(None, Identity("1", 1, "x", "s"), 10.0)
    assert first.is_first
    assert life.looked(first, Identity("1", 1, "x", "s"), 20.0) is first
    for other in (Identity("2", 1, "x", "s"), Identity("1", 2, "x", "s"), Identity("1", 1, "y", "s")):
        after = life.looked(first, other, 20.0)
        assert (after.noticed, after.is_first) == (20.0, False)


@pytest.mark.parametrize(
    ("mine", "theirs", "restored"),
    [
        (None, Known(), False),
        (Known(5), Known(), True),
        (Known(5), Known(3, sealed("old", b"")), True),
        (Known(5), Known(5, sealed("old", b"")), False),
        # somebody has gone on with it, and only noted so yet
        (Known(5), Known(3, sealed("old", b""), sealed("new", b"")), False),
    ],
)
def test_what_was_lost_is_put_back_unless_somebody_goes_on(
    mine: Known | None, theirs: Known, *, restored: bool
) -> None:
    """If a database lost what is known here, then it is put back, but never over what was written in its new life."""
    assert records.is_to_be_restored(mine, theirs, "new") is restored


@pytest.mark.parametrize(
    ("interrupted", "theirs", "number", "expected"),
    [
        (None, Known(5), 1, False),
        (Interrupted(1), Known(5), 1, True),
        (Interrupted(1), Known(5), 2, False),
        (Interrupted(1, b"mine"), Known(6, b"mine"), 1, True),
        (Interrupted(1, b"mine"), Known(6, b"theirs", b"mine"), 1, True),
        (Interrupted(1, b"mine"), Known(6, b"theirs"), 1, False),
        (Interrupted(1), Known(6, b""), 1, False),
    ],
)
def test_a_write_without_an_answer_is_looked_for(
    interrupted: Interrupted | None, theirs: Known, number: int, *, expected: bool
) -> None:
    """If the answer to a write was lost, then this process goes on only if the row is as it left or wrote it."""
    assert records.goes_on(Known(5), interrupted, theirs, number) is expected
