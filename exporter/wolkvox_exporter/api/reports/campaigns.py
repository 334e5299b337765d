"""The real-time campaign report: `real_time.php?api=campaigns`, one row a campaign."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from wolkvox_exporter.api import response, values
from wolkvox_exporter.api.campaign_name import CampaignName, campaign_name
from wolkvox_exporter.api.client import Call
from wolkvox_exporter.api.document import too_large
from wolkvox_exporter.api.fields import Field, Fields, Unread
from wolkvox_exporter.api.response import MOST_TEXT, Answer
from wolkvox_exporter.runtime.serializable import Table

KEY = "campaign"
SKILL = "skill_id"
CALL = Call("real_time.php", {"api": "campaigns"}, "campaigns")
TEXTS: Fields = {KEY: Field("4875 - MY CAMPAIGN - tel1 (100%)"), SKILL: Field("4000")}
NUMBERS: Fields = {
    "speed": Field("110%", values.percentage),
    "status": Field("started", values.state),
    "records": Field("1", values.count),
    "clean": Field("1", values.count),
    "dial": Field("0", values.count),
    "answer": Field("0", values.count),
    "no_answer": Field("0", values.count),
    "busy/congestion/failed": Field("0", values.count),
    "answer_machine": Field("0", values.count),
    "penetration_day": Field("0.00 %", values.percentage),
    "penetration_now": Field("0.00 %", values.percentage),
    "hits": Field("0 (0.00 %)", values.count_of_pair, {"hits_share": values.share_of_pair}),
    "calls_x_min": Field("0", values.count),
    "recycled": Field("0", values.count),
}
"""Every documented number by its key. A further value of a field has a name of its own."""
RESULTS = ("answer", "no_answer", "busy/congestion/failed", "answer_machine")
"""The fields that count records by their result."""
FIELDS = (*TEXTS, *NUMBERS)


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign as reported; `values` holds what was readable, by the names of `NUMBERS`."""

    id: str
    name: str
    skill: str
    phones: tuple[tuple[str, float], ...]
    values: Table[str, float]

    @property
    def labels(self) -> tuple[str, str, str]:
        """What identifies a campaign: name, id and skill."""
        return self.name, self.id, self.skill


@dataclass(frozen=True, slots=True)
class CampaignsReport:
    """The campaigns of one answer, each with labels of its own, and what could not be read."""

    campaigns: tuple[Campaign, ...]
    unread: Unread
    ambiguous: frozenset[str]
    """Ids that stand on more than one row."""


def read(answer: Answer) -> CampaignsReport:
    """Read an answer. A bad row or value costs itself alone; raises `ApiError` where the whole is no report."""
    report = response.read(answer, _report, KEY)
    # without a campaign, each row was counted once
    if not report.campaigns and (rows := report.unread.counts[KEY]):
        raise response.unexpected_shape(f"none of the {rows} rows names a campaign")
    return report


def _report(rows: Iterator[object]) -> CampaignsReport:
    unread = Unread()
    campaigns: dict[tuple[str, str, str], Campaign] = {}
    ids: Counter[str] = Counter()
    size = 0
    for row in rows:
        unread.rows += 1
        if not isinstance(row, dict):
            unread.add(KEY, row)
            continue
        campaign = _campaign(row, unread)
        if campaign is None:
            continue
        size += len(row[KEY]) + len(campaign.skill)
        if size > MOST_TEXT:
            raise too_large(f"the campaigns of the answer have more than {MOST_TEXT} characters")
        ids[campaign.id] += 1
        if campaigns.setdefault(campaign.labels, campaign) is not campaign:
            unread.add(KEY, campaign.name)
    ambiguous = frozenset(campaign_id for campaign_id, number in ids.items() if number > 1)
    return CampaignsReport(tuple(campaigns.values()), unread, ambiguous)


def _campaign(row: dict[str, object], unread: Unread) -> Campaign | None:
    named = unread.read(row, KEY, _named)
    if named is None:
        return None
    if named.unreadable:
        unread.add(KEY, row[KEY])
    return Campaign(
        id=named.id,
        name=named.name,
        skill=unread.read(row, SKILL, values.text, optional=TEXTS[SKILL].optional) or "",
        phones=named.phones,
        values=unread.read_all(row, NUMBERS),
    )


def _named(value: object) -> CampaignName:
    written = values.text(value)
    if not written:
        raise values.Unreadable
    return campaign_name(written)
