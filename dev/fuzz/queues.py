"""What must be published of answers about skills and agents, read a second time."""

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from fuzz import oracle
from fuzz.oracle import UNREADABLE, Row
from fuzz.shown import Samples, Series, series, unreadable_since

OWN = 40
"""Seconds: the threshold that is asked for."""
SKILL_GAUGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "calls_in_queue_now": ("calls_waiting", "count"),
        "stat_inbound": ("calls_offered", "count"),
        "stat_answer": ("calls_answered", "count"),
        "stat_abandon": ("calls_abandoned", "count"),
        "by_abandon": ("abandon_ratio", "ratio"),
    }
)
LEVELS = (10, 20, 30, OWN)
CALLS = ("inbound", "outbound", "internal")
TIMES = ("ready", "inbound", "outbound", "acw", "ring", "aux", "login")
_ALWAYS = ("ready", "talk", "ring", "acw")


def _level(seconds: int) -> str:
    return f"service_level_{seconds}seg"


SKILL_KEYS = ("skill_id", "skill_name", *SKILL_GAUGES, *map(_level, LEVELS))
AGENT_HOWS: Mapping[str, str] = MappingProxyType(
    {"time_state_now": "seconds", **dict.fromkeys(CALLS, "count"), **{f"{name}_time": "duration" for name in TIMES}}
)
AGENT_KEYS = ("agent_status", *AGENT_HOWS)


def skills(rows: list[object], before: Samples, after: Samples, published: Samples) -> None:
    """Check what is published of skills: all that the first row of each says, and nothing else."""
    named = [row for row in rows if isinstance(row, dict) and oracle.text(row.get("skill_id"))]
    first: dict[str, Row] = {}
    for row in named:
        first.setdefault(oracle.text(row["skill_id"]) or "", row)
    expected: dict[Series, float] = {
        series("wolkvox_skills"): len(first),
        series("wolkvox_skills_excluded"): 0,
    }
    for key, row in first.items():
        expected |= _of_skill(key, row)
    shown = {key: number for key, number in published.items() if not key[0].endswith("_total")}
    assert shown == expected, f"{shown} are shown rather than {expected}"
    counted = sum(not oracle.is_blank(row, SKILL_KEYS) for row in rows) - len(first)
    _agree("skills", "skill_id", counted, before, after)
    _agree("skills", "skill_name", sum(oracle.text(row.get("skill_name", 0)) is None for row in named), before, after)
    for field, how in _numbers():
        said = _unreadable(named, field, how)
        _agree("skills", field, 0 if field == _level(OWN) and not _any_has(named, field) else said, before, after)


def _numbers() -> Iterable[tuple[str, str]]:
    yield from ((field, how) for field, (_, how) in SKILL_GAUGES.items())
    yield from ((_level(seconds), "ratio") for seconds in LEVELS)


def _of_skill(key: str, row: Row) -> dict[Series, float]:
    found: dict[Series, float] = {}
    for field, (name, how) in SKILL_GAUGES.items():
        found |= _sample(oracle.cell(row, field, how), f"wolkvox_skill_{name}", skill=key)
    for seconds in LEVELS:
        said = oracle.cell(row, _level(seconds), "ratio")
        found |= _sample(said, "wolkvox_skill_service_level_ratio", skill=key, threshold_seconds=str(seconds))
    if called := oracle.text(row.get("skill_name")):
        found |= _sample(1.0, "wolkvox_skill_info", skill=key, skill_name=called)
    return found


def _sample(said: oracle.Reading, name: str, **labels: str) -> dict[Series, float]:
    return {} if said is None or said == UNREADABLE else {series(name, **labels): float(said)}


def _unreadable(rows: Iterable[Row], field: str, how: str) -> int:
    return sum(oracle.cell(row, field, how) == UNREADABLE for row in rows)


def _any_has(rows: Iterable[Row], field: str) -> bool:
    return any(field in row for row in rows)


def _agree(report: str, field: str, said: int, before: Samples, after: Samples) -> None:
    rise = unreadable_since(before, after, report, field)
    assert rise == said, f"{said} unreadable of {field}, {rise} counted"


def agents(rows: list[object], before: Samples, after: Samples, published: Samples) -> None:
    """Check what is published of agents: counts by state, the longest in each, and sums to which nothing is lacking."""
    real = [row for row in rows if not oracle.is_blank(row, AGENT_KEYS)]
    objects = [row for row in real if isinstance(row, dict)]
    statuses = [oracle.status(row.get("agent_status", 0)) for row in objects]
    counts = Counter({**dict.fromkeys(_ALWAYS, 0), **Counter(status for status in statuses if status)})
    expected = {series("wolkvox_agents", status=status): float(number) for status, number in counts.items()}
    for status in {status for status in statuses if status}:
        of = [row for row, each in zip(objects, statuses, strict=True) if each == status]
        said = [oracle.cell(row, "time_state_now", "seconds") for row in of]
        expected |= _sample(_total(said, max), "wolkvox_agents_state_max_seconds", status=status)
    for field, how in list(AGENT_HOWS.items())[1:]:
        said = [oracle.cell(row, field, how) if isinstance(row, dict) else UNREADABLE for row in real]
        name, label = ("calls", "direction") if field in CALLS else ("time_seconds", "activity")
        expected |= _sample(_total(said, sum), f"wolkvox_agents_{name}", **{label: field.removesuffix("_time")})
    assert published == expected, f"{published} are shown rather than {expected}"
    bad = len(real) - len(objects) + sum(status is None for status in statuses)
    _agree("agents", "agent_status", bad, before, after)
    for field, how in AGENT_HOWS.items():
        _agree("agents", field, _unreadable(objects, field, how), before, after)


def _total(said: list[oracle.Reading], how: object) -> oracle.Reading:
    """Return the sum, or the greatest, of numbers; nothing if one of them is missing."""
    numbers = [number for number in said if number is not None and number != UNREADABLE]
    if len(numbers) < len(said):
        return None
    return float(sum(numbers)) if how is sum else max(numbers)
