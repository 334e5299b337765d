"""What the campaigns report has shown so far, by campaign id: names, skills, who was started today, machines."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from wolkvox_exporter.api.reports.campaigns import Campaign
from wolkvox_exporter.config import Campaigns
from wolkvox_exporter.polling.counters import REMEMBERED
from wolkvox_exporter.runtime.serializable import Table


@dataclass(frozen=True, slots=True)
class CampaignIndex:
    """What outlives single answers of the campaigns report."""

    names: Table[str, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    """Name and skill by id."""
    day: datetime | None = None
    """The day of the last report, by the operation's midnight that began it."""
    started_today: tuple[str, ...] = ()
    """The ids of published campaigns seen started on that day, those first that were seen started first."""
    machines: Table[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Records with a machine result by id, from the last report."""

    def started_on(self, day: datetime) -> tuple[str, ...]:
        """Return the campaigns seen started on a day; none of a day of which there was no report yet."""
        return self.started_today if day == self.day else ()


def learned(
    index: CampaignIndex, reported: tuple[Campaign, ...], published: tuple[Campaign, ...], day: datetime
) -> CampaignIndex:
    """Return the index after a good report of a day; of rows that share an id the first counts for name and skill."""
    names = {campaign.id: (campaign.name, campaign.skill) for campaign in reversed(reported)}
    before = [item for item in index.names.items() if item[0] not in names]
    started = (row.id for row in published if row.id and row.values.get("status") == 1)
    listed = {row.id for row in published}
    return CampaignIndex(
        names=MappingProxyType(dict(before[-REMEMBERED:]) | names),
        day=day,
        started_today=_bounded(dict.fromkeys((*index.started_on(day), *started)), listed),
        machines=MappingProxyType({row.id: row.values.get("answer_machine", 0.0) for row in published if row.id}),
    )


def _bounded(started: Iterable[str], listed: set[str]) -> tuple[str, ...]:
    """Forget those that are gone from the report, the longest known first: ids may come and go all day."""
    ids = tuple(started)
    surplus = len(ids) - max(REMEMBERED, len(listed))
    if surplus <= 0:
        return ids
    forgotten = set([key for key in ids if key not in listed][:surplus])
    return tuple(key for key in ids if key not in forgotten)


def published_only(index: CampaignIndex, selection: Campaigns) -> CampaignIndex:
    """Return the index less the campaigns that are published no longer."""
    machines = {key: number for key, number in index.machines.items() if is_published(index, selection, key)}
    started = tuple(key for key in index.started_today if is_published(index, selection, key))
    return replace(index, started_today=started, machines=MappingProxyType(machines))


def is_published(index: CampaignIndex, selection: Campaigns, campaign_id: str) -> bool:
    """Return whether a campaign is published, by the name last known of it."""
    return selection.selects(campaign_id, index.names.get(campaign_id, ("", ""))[0])
