"""Alerts from their cause to those who are told, and back; see `support.alerting` for what is at work.

The stories happen side by side, each in an operation of its own, and the tests follow them in their order.
"""

import asyncio
import re
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from support.alerting import CROWDED, GROUP_INTERVAL, Stack, alerting
from support.alertmanager import Inbox, Notice
from support.told import (
    ALL_DOWN,
    DIALLING,
    FINISHED,
    LAW,
    REFUSED,
    RUNNING_OUT,
    STALLED,
    STANDSTILL,
    WATCHDOG,
    WITHOUT_SKILL,
    Told,
    contact_centre,
    crowd,
)
from wolkvox_exporter.simulator import Timetable
from wolkvox_exporter.simulator.events import Change

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELD_BACK = {"alertname": STALLED.name, "operation": "soporte-pe"}
"""Known before the token of its operation is refused; what becomes of it is not."""
MENDED = (STALLED, FINISHED, REFUSED, WITHOUT_SKILL)


def now() -> float:
    """Return the time of notices."""
    return asyncio.get_running_loop().time()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Give everything at work; one list is dialled fast for ten minutes, and what is left always lasts half an hour."""
    async with alerting(tmp_path_factory.mktemp("alerting"), contact_centre(), crowd()) as running:
        campaign = running.campaigns["cobranzas-mx"]
        campaign.status, campaign.calls_per_minute = "started", 100
        campaign.timetable = Timetable([(600 + 900 * n, Change(pace=0.16 / 2**n)) for n in range(4)])
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def refused(stack: Stack) -> float:
    """Refuse the token of an operation whose campaign has stalled, and spoil another operation then; gives when."""
    await stack.inbox.arrives("firing", HELD_BACK)
    stack.simulator.revoke("soporte-pe")
    moment = now()
    await stack.alertmanager.inhibits(REFUSED.name, HELD_BACK)
    await stack.inbox.arrives("firing", REFUSED.labels)
    stack.campaigns["retencion-ar"].skill = ""
    return moment


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recycled(stack: Stack, refused: float) -> float:
    """Recycle the list that runs out, once supervisors are told; gives when."""
    assert refused
    await stack.inbox.arrives("firing", RUNNING_OUT.labels)
    stack.campaigns["cobranzas-mx"].recycle()
    return now()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standstill(stack: Stack) -> float:
    """Stop all calls of the large operation, once supervisors are told that it may not call; gives when."""
    await stack.inbox.arrives("firing", LAW)
    moment = now()
    for campaign in stack.crowd:
        campaign.calls_per_minute = 0
    await stack.inbox.arrives("firing", STANDSTILL)
    return moment


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mended(stack: Stack, recycled: float) -> float:
    """Do what else people do once they are told, but for the operation `turismo-ec`; gives when."""
    assert recycled
    for told in MENDED:
        await stack.inbox.arrives("firing", told.labels)
    for operation in ("ventas-co", "soporte-pe"):
        stack.campaigns[operation].calls_per_minute = DIALLING
    stack.campaigns["servicio-cl"].status = "stopped"
    stack.campaigns["retencion-ar"].skill = "9000"
    stack.rotate("soporte-pe", "the-next-token")
    return now()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dead(stack: Stack, standstill: float, mended: float) -> float:
    """Kill the exporter once all is well again, less one campaign and the large operation; gives when."""
    assert standstill
    for labels in (*(told.labels for told in (*MENDED, RUNNING_OUT)), HELD_BACK):
        await stack.over(labels)
    await stack.inbox.arrives("resolved", REFUSED.labels, mended)
    # by now whoever was to hear of an end has
    await asyncio.sleep(GROUP_INTERVAL)
    await stack.exporter.end(signal.SIGKILL)
    return now()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def back(stack: Stack, dead: float) -> AsyncIterator[float]:
    """Start the exporter again once SREs were told; gives when."""
    await stack.inbox.arrives("firing", ALL_DOWN.labels, dead)
    moment = now()
    async with stack.another_exporter():
        yield moment


async def arrives(people: Inbox, told: Told) -> Notice:
    """Return the first notice of an alert, after a look at everything in it."""
    notice = await people.arrives("firing", told.labels)
    assert notice.labels == told.labels
    assert notice.annotations["summary"] == told.summary
    said = re.sub(r"\b[0-9]{1,2}(\.[0-9]+)?s\b|[0-9.]+(?= calls per minute)", "…", notice.annotations["description"])
    assert said == told.description
    assert notice.annotations["runbook_url"] == f"https://runbooks.example.com/wolkvox/{told.name}.md"
    assert {each.receiver for each in people.of(told.labels)} == {told.receiver}
    return notice


async def test_the_watchdog_calls_again_and_again(stack: Stack) -> None:
    """If alerting works, then the dead man's switch hears of it all the time, and nobody else does."""
    first = await stack.inbox.arrives("firing", WATCHDOG)
    second = await stack.inbox.arrives("firing", WATCHDOG, first.at + 0.1)
    await stack.inbox.arrives("firing", WATCHDOG, second.at + 0.1)
    assert {each.receiver for each in stack.inbox.of(WATCHDOG)} == {"watchdog"}


async def test_supervisors_are_told_of_a_stalled_campaign(stack: Stack) -> None:
    """If a started campaign with clean records places no calls, then supervisors are told, with a link to it."""
    notice = await arrives(stack.inbox, STALLED)
    assert notice.annotations["dashboard_url"] == (
        "https://grafana.example.com/d/wolkvox-campaign?var-job=wolkvox&var-operation=ventas-co&var-campaign_id=4101"
    )


async def test_supervisors_are_told_of_a_list_at_its_end(stack: Stack) -> None:
    """If a started campaign has no clean record left, then supervisors are told that, and not that it stalled."""
    await arrives(stack.inbox, FINISHED)
    assert {each.labels["alertname"] for each in stack.inbox.of({"operation": "servicio-cl"})} == {FINISHED.name}


async def test_supervisors_are_told_of_a_list_that_runs_out(stack: Stack) -> None:
    """If a list lasts less than 45 minutes at its pace, then supervisors are told how long."""
    await arrives(stack.inbox, RUNNING_OUT)


async def test_sres_are_told_of_a_refused_token_and_of_nothing_that_follows(stack: Stack, refused: float) -> None:
    """If a token is refused, then SREs hear that alone of its operation, and others hear of theirs as ever."""
    notice = await arrives(stack.inbox, REFUSED)
    stale = {"alertname": "WolkvoxDataStale", "operation": "soporte-pe", "report": "campaigns"}
    await stack.alertmanager.inhibits(REFUSED.name, stale)
    assert (await arrives(stack.inbox, WITHOUT_SKILL)).at > notice.at
    of_it = stack.inbox.of({"operation": "soporte-pe"}, refused)
    assert {each.labels["alertname"] for each in of_it} == {REFUSED.name}


async def test_an_operation_that_may_not_call_is_one_message(stack: Stack, standstill: float) -> None:
    """If 250 campaigns of an operation call out of hours, then supervisors get one short message on all of them."""
    told = [each for each in stack.inbox.of({"operation": CROWDED}) if each.at < standstill]
    assert [(each.receiver, dict(each.labels)) for each in told] == [("supervisors", LAW)]
    text = await stack.inbox.text("out of hours")
    assert re.search(rf"{re.escape(CROWDED)}: calls out of hours for [0-9.]+s by 250 of its campaigns\.", text)
    assert (len(text.splitlines()) <= 10, len(text.encode()) <= 2048) == (True, True)


async def test_an_operation_that_stops_is_one_message(stack: Stack, standstill: float) -> None:
    """If all 250 campaigns of an operation stop calling, then supervisors are told once, and not of each of them."""
    await stack.alertmanager.inhibits(STANDSTILL["alertname"], {"alertname": STALLED.name, "operation": CROWDED})
    await asyncio.sleep(GROUP_INTERVAL)
    told = [each for each in stack.inbox.of({"operation": CROWDED}, standstill) if each.labels != LAW]
    assert [(each.receiver, dict(each.labels)) for each in told] == [("supervisors", STANDSTILL)]
    text = await stack.inbox.text("have made no call")
    assert f"{CROWDED}: 250 campaigns are started" in text
    assert (len(text.splitlines()) <= 10, len(text.encode()) <= 2048) == (True, True)


async def test_sres_are_told_when_it_is_over(stack: Stack, mended: float) -> None:
    """If a token is new, then its alert is resolved, and SREs hear so."""
    notice = await stack.inbox.arrives("resolved", REFUSED.labels, mended)
    assert (notice.receiver, notice.labels) == (REFUSED.receiver, REFUSED.labels)


async def test_supervisors_hear_of_no_end(stack: Stack, dead: float) -> None:
    """If a campaign dials, is stopped, recycled or has a skill, then supervisors, who did it, are not told so."""
    assert dead
    told = [each for each in stack.inbox.notices if each.receiver == "supervisors"]
    assert {each.status for each in told} == {"firing"}


async def test_what_was_held_back_and_is_over_is_not_told(stack: Stack, refused: float, dead: float) -> None:
    """If a campaign is well again when its operation is seen again, then supervisors hear no more of it."""
    assert dead
    assert stack.inbox.of(HELD_BACK, refused) == []


async def test_sres_are_told_of_a_dead_exporter_and_supervisors_of_nothing(stack: Stack, dead: float) -> None:
    """If the only exporter dies, then SREs hear that alone, and supervisors do not hear that all were well."""
    stalled = {"alertname": STALLED.name, "operation": "turismo-ec"}
    await stack.alertmanager.inhibits(ALL_DOWN.name, {"alertname": "WolkvoxExporterDown"})
    await stack.alertmanager.inhibits(ALL_DOWN.name, stalled)
    await arrives(stack.inbox, ALL_DOWN)
    # it is over for Prometheus, which knows nothing any more; what Alertmanager makes of it comes with its next look
    await stack.prometheus.finds(dict, f'ALERTS{{alertname="{STALLED.name}",operation="turismo-ec"}}')
    await asyncio.sleep(GROUP_INTERVAL)
    assert [each.status for each in stack.inbox.of(stalled)] == ["firing"]
    told = {(each.receiver, each.labels["alertname"]) for each in stack.inbox.of({}, dead)}
    assert told == {("sre-pager", ALL_DOWN.name), ("watchdog", "WolkvoxWatchdog")}


async def test_sres_are_told_when_an_exporter_answers_again(stack: Stack, back: float) -> None:
    """If an exporter answers again, then its alert is resolved, and nobody was ever told what the alert implies."""
    notice = await stack.inbox.arrives("resolved", ALL_DOWN.labels, back)
    assert (notice.receiver, notice.labels) == (ALL_DOWN.receiver, ALL_DOWN.labels)
    assert stack.inbox.of({"alertname": "WolkvoxExporterDown"}) == []
