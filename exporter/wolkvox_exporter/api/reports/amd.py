"""AMD accumulated: `reports_manager.php?api=campaign_6`, detections of answering machines by campaign in a window."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wolkvox_exporter.api import response, values
from wolkvox_exporter.api.campaign_name import leading_id
from wolkvox_exporter.api.client import Call
from wolkvox_exporter.api.fields import Field, Fields, Unread
from wolkvox_exporter.api.response import Answer, NoData
from wolkvox_exporter.api.windows import Window

KEY = "campaign_id"
TOTAL = "total_amd"
TEXTS: Fields = {KEY: Field("4875")}
NUMBERS: Fields = {TOTAL: Field("17", values.count)}
FIELDS = (*TEXTS, *NUMBERS)
API = "campaign_6"
ALL_CAMPAIGNS = "all"


@dataclass(frozen=True, slots=True)
class AmdReport:
    """Detections by campaign id, and what could not be read."""

    detections: Mapping[str, float]
    unread: Unread


def call(window: Window, campaign_id: str = ALL_CAMPAIGNS) -> Call:
    """Return the request for a window."""
    subject = "AMD of all campaigns" if campaign_id == ALL_CAMPAIGNS else f"AMD of campaign {campaign_id}"
    return Call("reports_manager.php", {"api": API, "campaign_id": campaign_id, **window.parameters}, subject)


def read(answer: Answer) -> AmdReport:
    """Read an answer; no data in the window is an answer too. Raises `ApiError` where the whole is no report."""
    try:
        return response.read(answer, _report, KEY)
    except NoData:
        return _report(iter(()))


def _report(rows: Iterator[object]) -> AmdReport:
    unread = Unread()
    detections: dict[str, float] = {}
    seen: set[str] = set()
    for row in rows:
        unread.rows += 1
        if not isinstance(row, dict):
            unread.add(KEY, row)
            continue
        campaign_id = unread.read(row, KEY, _id)
        total = unread.read_all(row, NUMBERS).get(TOTAL)
        if campaign_id in seen:
            unread.add(KEY, campaign_id)
        elif campaign_id:
            seen.add(campaign_id)
            if total is not None:
                detections[campaign_id] = total
    return AmdReport(MappingProxyType(detections), unread)


def _id(value: object) -> str:
    """Return the id, or nothing where the value is blank."""
    written = values.text(value)
    return leading_id(written) if written else ""
