"""The real-time skills report: `real_time.php?api=skills`, one row a skill, which is a queue of calls for agents."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

from wolkvox_exporter.api import response, values
from wolkvox_exporter.api.client import Call
from wolkvox_exporter.api.document import too_large
from wolkvox_exporter.api.fields import Field, Fields, Unread
from wolkvox_exporter.api.response import MOST_TEXT, Answer
from wolkvox_exporter.config.skills import SERVICE_LEVELS
from wolkvox_exporter.runtime.serializable import Table

API = "skills"
KEY = "skill_id"
NAME = "skill_name"
ALL_SKILLS = "all"
_LEVEL = "service_level_", "seg"


def level(seconds: int) -> str:
    """Return the API's key of the service level at a threshold."""
    return f"{seconds}".join(_LEVEL)


def threshold(key: str) -> str:
    """Return the threshold of a service level, in seconds as the key has it; nothing for other keys."""
    return key[len(_LEVEL[0]) : -len(_LEVEL[1])] if key.startswith(_LEVEL[0]) else ""


TEXTS: Fields = {KEY: Field("4000"), NAME: Field("VENTAS")}
NUMBERS: Fields = {
    "calls_in_queue_now": Field("3", values.count),
    "stat_inbound": Field("412", values.count),
    "stat_answer": Field("389", values.count),
    "stat_abandon": Field("20", values.count),
    "by_abandon": Field("4.85 %", values.percentage),
    **{level(seconds): Field("84.47 %", values.percentage) for seconds in SERVICE_LEVELS},
}
"""Every documented number by its key, but for the service level at a threshold of the user's own."""
COUNTED = ("stat_inbound", "stat_answer", "stat_abandon")
"""The fields that grow through the day."""
FIELDS = (*TEXTS, *NUMBERS)


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill as reported; `values` holds what was readable, by the API's keys."""

    id: str
    name: str
    values: Table[str, float]

    @property
    def labels(self) -> tuple[str, ...]:
        """What identifies a skill."""
        return (self.id,)


@dataclass(frozen=True, slots=True)
class SkillsReport:
    """The skills of one answer, each id once, and what could not be read."""

    skills: tuple[Skill, ...]
    unread: Unread
    ambiguous: frozenset[str]
    """Ids that stand on more than one row."""


def call(own: int | None, skill_id: str = ALL_SKILLS) -> Call:
    """Return the request for all skills or one of them, with the service level at an own threshold, in seconds, too."""
    more = {} if own is None else {"services_time": f"{own}"}
    subject = "skills" if skill_id == ALL_SKILLS else f"skill {skill_id}"
    return Call("real_time.php", {"api": API, "skill_id": skill_id, **more}, subject)


def numbers(own: int | None) -> Fields:
    """Return the numbers that are read where an own threshold, in seconds, was asked for.

    Whatever other service level a row has says nothing: the API sends one at 0 seconds where none was asked for.
    """
    # servers that do not know the parameter do not send it
    more = {} if own is None else {level(own): Field("0 %", values.percentage, optional=True)}
    return {**NUMBERS, **more}


def read(answer: Answer, own: int | None = None) -> SkillsReport:
    """Read an answer. A bad row or value costs itself alone; raises `ApiError` where the whole is no report."""
    report = response.read(answer, lambda rows: _report(rows, numbers(own)), KEY)
    if not report.skills and (rows := report.unread.counts[KEY]):
        raise response.unexpected_shape(f"none of the {rows} rows has a skill's id")
    return report


def with_values(skill: Skill, fields: Fields) -> Skill:
    """Return a skill with those of its values that are among some fields."""
    return replace(skill, values=MappingProxyType({key: skill.values[key] for key in fields if key in skill.values}))


def _report(rows: Iterator[object], fields: Fields) -> SkillsReport:
    unread = Unread()
    skills: dict[str, Skill] = {}
    ids: Counter[str] = Counter()
    size = 0
    for row in rows:
        unread.rows += 1
        skill = _skill(row, fields, unread)
        if skill is None:
            continue
        size += len(skill.id) + len(skill.name)
        if size > MOST_TEXT:
            raise too_large(f"the skills of the answer have more than {MOST_TEXT} characters")
        ids[skill.id] += 1
        if skills.setdefault(skill.id, skill) is not skill:
            unread.add(KEY, skill.id)
    return SkillsReport(tuple(skills.values()), unread, frozenset(key for key, number in ids.items() if number > 1))


def _skill(row: object, fields: Fields, unread: Unread) -> Skill | None:
    if not isinstance(row, dict):
        unread.add(KEY, row)
        return None
    if values.is_blank(row, (*TEXTS, *fields)):
        # as in the documentation's example
        return None
    skill_id = unread.read(row, KEY, _id)
    if skill_id is None:
        return None
    name = unread.read(row, NAME, values.text, optional=TEXTS[NAME].optional) or ""
    return Skill(skill_id, name, unread.read_all(row, fields))


def _id(value: object) -> str:
    written = values.text(value)
    if not written:
        raise values.Unreadable
    return written
