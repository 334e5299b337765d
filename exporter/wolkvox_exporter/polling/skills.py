"""What is known of skills; how they are asked for is in `reports.skills`."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self

from wolkvox_exporter.api.reports.skills import Skill
from wolkvox_exporter.polling.counters import Counters, Totals
from wolkvox_exporter.polling.rounds import Rounds
from wolkvox_exporter.runtime.serializable import Instant

_NO_TOTALS: Totals = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PublishedSkill:
    """A skill, and until when it is shown."""

    skill: Skill
    fresh_until: Instant


@dataclass(frozen=True, slots=True)
class PublishedSkills:
    """What is published of the skills report."""

    rows: tuple[PublishedSkill, ...] = ()
    activity: Totals = field(default_factory=lambda: _NO_TOTALS)
    """Of these skills."""
    excluded: int | None = None
    """Rows of the last good answer about all that the configuration leaves out; None where none was about all."""

    @property
    def selects_none(self) -> bool:
        """Whether the configuration leaves out every skill of the last good answer about all, which had some."""
        return bool(self.excluded) and not self.rows

    def of(self, rows: Iterable[PublishedSkill]) -> Self:
        """Return some of the skills only, with what they count."""
        rows = tuple(rows)
        labels = {row.skill.labels for row in rows}
        activity = {key: totals for key, totals in self.activity.items() if key in labels}
        return replace(self, rows=rows, activity=MappingProxyType(activity))

    def without_stale(self, now: Instant) -> Self:
        """Return the skills that are not too old at `now`."""
        fresh = [row for row in self.rows if row.fresh_until > now]
        return self if len(fresh) == len(self.rows) else self.of(fresh)


@dataclass(frozen=True, slots=True)
class Skills(Rounds):
    """How far the questions for skills have come, and what counting goes on from."""

    counters: Counters = field(default_factory=Counters)
