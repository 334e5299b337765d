"""What outlives single answers: names, skills and the day's activity by campaign id, and the last detections."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from wolkvox_exporter.api.reports.campaigns import Campaign
from wolkvox_exporter.config import Campaigns
from wolkvox_exporter.polling.counters import REMEMBERED
from wolkvox_exporter.polling.snapshot import Detections
from wolkvox_exporter.runtime.serializable import Table


@dataclass(frozen=True, slots=True)
class KnownMemory:
    """What `Known` holds."""

    names: Table[str, tuple[str, str]]
    day: datetime | None
    started_today: tuple[str, ...]
    machines: Table[str, float]
    detections: Table[str, float]
    detections_day: datetime | None


class Known:
    """What the campaigns report of an operation has shown so far; `selection` is what is published."""

    def __init__(self, selection: Campaigns) -> None:
        self._selection = selection
        self._names: dict[str, tuple[str, str]] = {}
        self._day: datetime | None = None
        self.started_today: dict[str, None] = {}
        """The ids of published campaigns seen started since the operation's midnight, in the order of first sight."""
        self.machines: Mapping[str, float] = {}
        """Records with a machine result by id, from the last report."""
        self.detections: dict[str, float] = {}
        """The last AMD totals by id, all of one day."""
        self._detections_day: datetime | None = None

    def memory(self) -> KnownMemory:
        """Return what a later `Known` resumes."""
        return KnownMemory(
            MappingProxyType(dict(self._names)),
            self._day,
            tuple(self.started_today),
            MappingProxyType(dict(self.machines)),
            MappingProxyType(dict(self.detections)),
            self._detections_day,
        )

    def resume(self, memory: KnownMemory) -> None:
        """Take over what was known, less what is published no longer."""
        self._names, self._day = dict(memory.names), memory.day
        self.started_today = dict.fromkeys(filter(self._is_published, memory.started_today))
        self.machines = {key: number for key, number in memory.machines.items() if self._is_published(key)}
        self.detections, self._detections_day = dict(memory.detections), memory.detections_day

    def _is_published(self, campaign_id: str) -> bool:
        return self._selection.selects(campaign_id, self._names.get(campaign_id, ("", ""))[0])

    def learn(self, reported: tuple[Campaign, ...], published: tuple[Campaign, ...], day: datetime) -> None:
        """Remember a good report of a day; of rows that share an id the first counts for name and skill."""
        if day != self._day:
            self._day = day
            self.started_today.clear()
        names = {campaign.id: (campaign.name, campaign.skill) for campaign in reversed(reported)}
        before = [item for item in self._names.items() if item[0] not in names]
        self._names = dict(before[-REMEMBERED:]) | names
        self.started_today.update(
            dict.fromkeys(row.id for row in published if row.id and row.values.get("status") == 1)
        )
        self.machines = {row.id: row.values.get("answer_machine", 0.0) for row in published if row.id}

    def begin_detections(self, day: datetime) -> None:
        """Forget the totals of another day than this."""
        if day != self._detections_day:
            self._detections_day = day
            self.detections = {}

    def labelled(self) -> tuple[Detections, ...]:
        """Give the detections the names and skills last known, and leave out what is not published.

        Before the first good campaigns report no name is known that an exclusion could be about.
        """
        if self._day is None and not self._selection.is_everything:
            return ()
        rows = (Detections(key, *self._names.get(key, ("", "")), total) for key, total in self.detections.items())
        return tuple(row for row in rows if self._selection.selects(row.id, row.name))
