"""A course of events: operations as they are configured at first, and what happens to them one after the other.

A course is a value, made from a seed or by hypothesis out of the same tables; nothing else in a simulation is chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum, auto
from functools import cached_property
from random import Random
from types import MappingProxyType

from hypothesis import strategies as st

from fuzz.faults import Fault

Value = float | str | tuple["Value", ...]


@dataclass(frozen=True)
class Terms:
    """An operation as it is configured; intervals and the time-out in seconds, an interval of 0 is off."""

    name: str
    server: str = "norte"
    token: str = "one"  # noqa: S105 - opens nothing
    campaigns: float = 300.0
    skills: float = 0.0
    agents: float = 0.0
    amd: float = 300.0
    quota: float = 900.0
    mode: str = "each"
    chosen: tuple[str, ...] = ()
    """The skills that are wanted; all if there are none."""
    is_old: bool = False
    """Whether the server does not understand the question for all skills, at first."""
    most: int = 3
    """`amd_max_calls`."""
    reserve: float = 0.1
    timeout: float = 65.0
    zone: str = "America/Bogota"

    @cached_property
    def intervals(self) -> Mapping[str, float]:
        """The seconds between two rounds of each report that is on, in the order in which they are asked."""
        amd = 0.0 if self.mode == "off" else self.amd
        every = {
            "campaigns": self.campaigns,
            "skills": self.skills,
            "agents": self.agents,
            "amd": amd,
            "quota": self.quota,
        }
        return {report: seconds for report, seconds in every.items() if seconds}


class What(StrEnum):
    """What can happen."""

    NOTHING = auto()
    CALLS_FAIL = auto()
    """The next calls of an operation fail: how, how many, and of which report if not of any."""
    REPORT_REFUSED = auto()
    """One report of an operation is refused from now on."""
    ANSWERS_TAKE = auto()
    """Each answer for an operation takes so many seconds."""
    TOKEN_REVOKED = auto()
    QUOTA_EXHAUSTED = auto()
    """No more calls of a token are taken until the API's midnight; its clock is so many seconds ahead of ours."""
    OTHERS_CALL = auto()
    """The quota report tells of so many calls of the day, of 1,000."""
    CAMPAIGNS = auto()
    """Another list of campaigns, by its place in `LISTS`."""
    ALL_HOLDS_BACK = auto()
    """Whether the question for all campaigns shows no detections though there are some."""
    ALL_SKILLS_REFUSED = auto()
    """Whether the server does not understand the question for all skills."""
    TOKEN_FILE = auto()
    """What stands in an operation's token file."""
    TOKEN_FILE_TAKES = auto()
    STORE_TAKES = auto()
    STORE_IS_FULL = auto()
    """Whether states can no longer be saved; notes can."""
    RELOAD = auto()
    """A setting of an operation changes."""
    RESTART = auto()
    """The process is killed, at once or in the middle of the next call or note, and is back after so many seconds."""
    CLOCK_STEPS = auto()
    """The time of day is set."""
    CODEC = auto()
    """The state is written and read, and must decide the same."""
    ALL_IS_WELL = auto()


LISTS: tuple[tuple[tuple[str, bool, int], ...], ...] = (
    (),
    (("4000", True, 3),),
    tuple((str(4000 + number), True, number) for number in range(3)),
    tuple((str(4000 + number), True, number % 3) for number in range(12)),
    (("4000", False, 5), ("4001", False, 0)),
    (("4001", True, 0), ("4000", False, 5)),
    (("5000", True, 9), ("5001", True, 9), ("4001", True, 0)),
)
"""Campaigns that the API may list: id, started or not, and records with a machine result."""
VIRTUAL = "VAGENT"
CHOSEN = ("1", "2", "7", "8", "9")


def skill_of(campaign: str) -> str:
    """Return the skill that a campaign names."""
    return ("", VIRTUAL, "1", "2", "3")[int(campaign) % 5]


_REPORTS = ("campaigns", "skills", "agents", "amd", "quota")
_LASTING: tuple[Value, ...] = tuple(
    (fault, times, report) for fault in Fault for times in (1, 2, 5, 9) for report in ("any", "any", *_REPORTS)
)
_CHANGES: tuple[Value, ...] = (
    *(("campaigns", seconds) for seconds in (60.0, 300.0, 900.0)),
    *(("amd", seconds) for seconds in (60.0, 300.0, 900.0)),
    *(("skills", seconds) for seconds in (0.0, 60.0, 300.0, 900.0)),
    *(("agents", seconds) for seconds in (0.0, 60.0, 300.0, 900.0)),
    *(("chosen", skills) for skills in ((), CHOSEN[:1], CHOSEN)),
    *(("quota", seconds) for seconds in (0.0, 300.0, 900.0)),
    *(("mode", mode) for mode in ("off", "all", "each", "auto")),
    *(("most", most) for most in (1, 3, 10)),
    *(("reserve", share) for share in (0.0, 0.1, 0.5)),
    *(("timeout", seconds) for seconds in (10.0, 65.0, 90.0)),
    ("zone", "Europe/Madrid"),
)
VALUES: Mapping[What, tuple[Value, ...]] = MappingProxyType(
    {
        What.NOTHING: (0.0,),
        What.CALLS_FAIL: _LASTING,
        What.REPORT_REFUSED: tuple((fault, report) for fault in (Fault.TOKEN, Fault.QUOTA) for report in _REPORTS),
        What.ANSWERS_TAKE: (0.0, 0.5, 5.0, 20.0, 64.0, 90.0, 180.0, 450.0),
        What.TOKEN_REVOKED: (0.0,),
        What.QUOTA_EXHAUSTED: (-400.0, -20.0, -1.0, 0.0, 5.0),
        What.OTHERS_CALL: (0.0, 500.0, 890.0, 897.0, 900.0, 1200.0),
        What.CAMPAIGNS: tuple(float(place) for place in range(len(LISTS))),
        What.ALL_HOLDS_BACK: (0.0, 1.0),
        What.ALL_SKILLS_REFUSED: (0.0, 1.0, 1.0),
        What.TOKEN_FILE: ("gone", "new", "new", "first", "shared"),
        What.TOKEN_FILE_TAKES: (0.0, 0.0, 0.125, 3.0),
        What.STORE_TAKES: (0.0, 0.0, 0.125, 5.0),
        What.STORE_IS_FULL: (0.0, 0.0, 1.0),
        What.RELOAD: _CHANGES,
        What.RESTART: tuple(
            (down, how, boot)
            for down in (0.0, 1.0, 40.0, 301.0, 7200.0)
            for how in ("sleeps", "calls", "calls", "notes")
            for boot in ("same boot", "same boot", "another boot")
        ),
        What.CLOCK_STEPS: tuple(sign * seconds for seconds in (1.0, 60.0, 3600.0, 108_000.0) for sign in (1, -1)),
        What.CODEC: (0.0,),
        What.ALL_IS_WELL: (0.0,),
    }
)
_WEIGHTS: Mapping[What, int] = MappingProxyType(
    {What.CALLS_FAIL: 10, What.RESTART: 5, What.RELOAD: 3, What.CAMPAIGNS: 3, What.ANSWERS_TAKE: 3, What.NOTHING: 1}
)
_CHOICES = tuple(what for what in What for _ in range(_WEIGHTS.get(what, 2)))
_SPANS = (*(0.5, 1.0, 5.0, 11.0, 30.0, 60.0, 120.0, 299.0, 300.0, 301.0, 600.0) * 4, 900.0, 2000.0, 7200.0, 30_000.0)
"""Seconds from one event to the next."""
MOST = 4
"""Operations of a course."""
_EVENTS = 40
_SLOW = (5.0, 20.0, 64.0, 90.0)
_SHARE_CROWDED = 0.3


@dataclass(frozen=True)
class Event:
    """Something that happens to an operation, by its place, so many seconds after the event before."""

    after: float
    what: What
    value: Value = 0.0
    who: int = 0


@dataclass(frozen=True)
class Course:
    """What a simulation lives through."""

    terms: tuple[Terms, ...]
    events: tuple[Event, ...]


_NAMES = ("uno", "dos", "tres", "cuatro")
_OPTIONS: Mapping[str, tuple[Value, ...]] = MappingProxyType(
    {
        "server": ("norte", "norte", "sur"),
        "token": ("one", "one", "two"),
        "campaigns": (60.0, 300.0, 300.0, 600.0),
        "skills": (0.0, 60.0, 300.0, 300.0, 900.0),
        "agents": (0.0, 60.0, 300.0, 900.0),
        "chosen": ((), (), CHOSEN[:1], CHOSEN),
        "is_old": (False, True),
        "amd": (60.0, 300.0, 300.0, 900.0),
        "quota": (0.0, 300.0, 900.0),
        "mode": ("off", "all", "each", "each", "auto", "auto"),
        "most": (1, 3, 10),
        "reserve": (0.0, 0.1),
        "timeout": (10.0, 65.0, 65.0, 90.0, 450.0),
        "zone": ("America/Bogota", "America/Bogota", "America/Mexico_City"),
    }
)


_CROWDED: Mapping[str, tuple[Value, ...]] = MappingProxyType(
    {
        **_OPTIONS,
        "token": ("one",),
        "campaigns": (60.0, 60.0, 300.0),
        "skills": (0.0, 60.0, 300.0),
        "agents": (0.0, 60.0, 300.0),
        "amd": (60.0, 300.0),
        "quota": (60.0, 300.0, 900.0),
        "timeout": (10.0, 65.0, 90.0),
    }
)
"""The same where the token is hardly ever free."""


def changed(terms: Terms, key: str, value: Value) -> Terms:
    """Return the terms with one setting changed."""
    return replace(terms, **{key: value})  # type: ignore[arg-type] # each key's values are of its type


def drawn(random: Random) -> Course:
    """Return a course by chance."""
    is_crowded = random.random() < _SHARE_CROWDED
    terms, options = [], _CROWDED if is_crowded else _OPTIONS
    for name in _NAMES[: random.randint(1, MOST)]:
        one = Terms(name)
        for key, values in options.items():
            one = changed(one, key, random.choice(values))
        terms.append(one)
    slow = [Event(0.0, What.ANSWERS_TAKE, random.choice(_SLOW), who) for who in range(MOST)]
    events = (_event(random) for _ in range(_EVENTS))
    return Course(tuple(terms), (*(slow if is_crowded else ()), *events))


def _event(random: Random) -> Event:
    what = random.choice(_CHOICES)
    return Event(random.choice(_SPANS), what, random.choice(VALUES[what]), random.randrange(MOST))


def _events() -> st.SearchStrategy[Event]:
    return st.sampled_from(_CHOICES).flatmap(
        lambda what: st.builds(
            Event, st.sampled_from(_SPANS), st.just(what), st.sampled_from(VALUES[what]), st.integers(0, MOST - 1)
        )
    )


def _some_terms(name: str) -> st.SearchStrategy[Terms]:
    keys = st.fixed_dictionaries({key: st.sampled_from(values) for key, values in _OPTIONS.items()})
    return keys.map(lambda found: replace(Terms(name), **found))  # type: ignore[arg-type] # as above


def courses(longest: int = _EVENTS) -> st.SearchStrategy[Course]:
    """Return courses that hypothesis draws, and makes smaller where one breaks a promise."""
    some = st.integers(1, MOST).flatmap(lambda number: st.tuples(*map(_some_terms, _NAMES[:number])))
    return st.builds(Course, some, st.lists(_events(), max_size=longest).map(tuple))
