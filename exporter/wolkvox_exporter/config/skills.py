"""Which skills are asked for, and service levels: what people write, and what it means."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TypeAlias

from wolkvox_exporter.config.problems import BadValue
from wolkvox_exporter.config.values import OFF_WORDS, mode, whole_number

SERVICE_LEVELS = (10, 20, 30)
"""Seconds: the thresholds of the service levels that wolkvox gives in any case."""
MOST = 1000
"""Skills in a list."""
ID = "[A-Za-z0-9_.-]{1,50}"
_ID = re.compile(ID)
REMEDY = "correct the ids under skills; skills: all publishes each, with the id as the label skill"
"""What to do where no skill is left."""
_WHAT = 'write all, off, or a list of ids such as ["4000", "4069"]'


class SkillsMode(StrEnum):
    """Whether skills are asked for, where no list says which."""

    OFF = "off"
    ALL = "all"


Skills: TypeAlias = SkillsMode | tuple[str, ...]
"""Which skills are published: those with these ids, all, or none."""


def takes(skills: Skills, skill_id: str) -> bool:
    """Return whether a skill is published."""
    return skills is SkillsMode.ALL or (isinstance(skills, tuple) and skill_id in skills)


def wanted(value: object) -> Skills:
    """Read a mode or a list of ids; the false of YAML is `off`."""
    if isinstance(value, list | tuple):
        return tuple(_ids(value))
    return mode(value if isinstance(value, str) else "", SkillsMode, _WHAT)


def _ids(entries: Iterable[object]) -> Iterator[str]:
    seen: set[str] = set()
    for entry in entries:
        if not isinstance(entry, str) or not _ID.fullmatch(entry):
            raise BadValue("an entry is no skill's id; write ids as wolkvox shows them, such as 4000, one an entry")
        if entry.casefold() in {*SkillsMode, *OFF_WORDS}:
            raise BadValue(f"all and off are no ids; {_WHAT}")
        if entry in seen:
            raise BadValue("an id stands twice; remove one")
        seen.add(entry)
    if not seen:
        raise BadValue(f"the list is empty; {_WHAT}")
    if len(seen) > MOST:
        raise BadValue(f"there are more than {MOST} ids; write all, or fewer")
    yield from dict.fromkeys(str(entry) for entry in entries)


def threshold(text: str) -> int:
    """Read the threshold of a service level, in seconds."""
    seconds = whole_number(text, "seconds", example=40)
    if seconds in SERVICE_LEVELS:
        raise BadValue("the service levels at 10, 20 and 30 seconds are there in any case; write another or none")
    return seconds
