"""What is remembered of campaigns, by their ids."""

from datetime import UTC, datetime

from wolkvox_exporter.api.reports.campaigns import Campaign
from wolkvox_exporter.polling.campaign_index import CampaignIndex, learned
from wolkvox_exporter.polling.counters import REMEMBERED

MONDAY, TUESDAY = (datetime(2026, 11, day, 5, tzinfo=UTC) for day in (23, 24))


def report(*ids: int, status: float = 1.0) -> tuple[Campaign, ...]:
    """Return campaigns of these ids, started unless told otherwise."""
    return tuple(Campaign(str(key), f"C{key}", "1", (), {"status": status}) for key in ids)


def after(*reports: tuple[Campaign, ...], day: datetime = MONDAY) -> CampaignIndex:
    """Return the index after reports of one day, of which all is published."""
    index = CampaignIndex()
    for rows in reports:
        index = learned(index, rows, rows, day)
    return index


def test_who_was_started_stays_so_for_the_day() -> None:
    """If a campaign is stopped again or vanishes from the report, then it was started today all the same."""
    index = after(report(1, 2), report(1, status=0.0))
    assert index.started_on(MONDAY) == ("1", "2")


def test_a_new_day_has_nobody_started() -> None:
    """If midnight passes, then nobody counts as started until a report of the new day says so."""
    index = after(report(1, 2))
    assert index.started_on(TUESDAY) == ()
    assert learned(index, report(2), report(2), TUESDAY).started_on(TUESDAY) == ("2",)


def test_ids_that_come_and_go_all_day_do_not_add_up() -> None:
    """If each report has other campaigns, then so many are remembered, and those of the last report are among them."""
    reports = [report(*range(1000 * number, 1000 * (number + 1))) for number in range(12)]
    index = after(*reports)
    assert len(index.started_on(MONDAY)) == REMEMBERED
    assert set(map(str, range(11_000, 12_000))) <= {*index.started_on(MONDAY)}
    assert len(index.names) == REMEMBERED + 1000


def test_a_report_of_more_than_is_remembered_is_known_whole() -> None:
    """If one report has more campaigns than are remembered otherwise, then none of them is forgotten."""
    index = after(report(*range(REMEMBERED + 500)))
    assert len(index.started_on(MONDAY)) == REMEMBERED + 500
