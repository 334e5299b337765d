"""Alerts from their cause to those who are told, and back; see `support.alerting` for what is at work.

The stories happen side by side, each in an operation of its own, and the tests follow them in their order.
"""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
import pytest_asyncio

from support.alerting import GROUP_INTERVAL, Stack, alerting
from support.alertmanager import Inbox, Notice
from wolkvox_exporter.simulator import Campaign, Timetable
from wolkvox_exporter.simulator.events import Change

pytestmark = pytest.mark.asyncio(loop_scope="module")

DIALLING = 30
"""Calls per minute."""


@dataclass(frozen=True)
class Told:
    """What is said of one alert: to whom, with exactly which labels, and in which words.

    A duration that depends on the machine is written as `…` there; it is below a minute of the test's, an hour of life.
    """

    receiver: str
    labels: Mapping[str, str]
    summary: str
    description: str

    @property
    def name(self) -> str:
        """The name of the alert."""
        return self.labels["alertname"]


def alert(name: str, severity: str, area: str, **labels: str) -> dict[str, str]:
    """Return all labels of an alert."""
    return {"alertname": name, "severity": severity, "area": area, "job": "wolkvox", **labels}


WATCHDOG = {"alertname": "WolkvoxWatchdog"}
STALLED = Told(
    "supervisors",
    alert(
        *("WolkvoxCampaignStalled", "critical", "campaign"),
        schedule="business_hours",
        operation="ventas-co",
        campaign="Cartera 30+",
        campaign_id="4101",
        skill="4000",
    ),
    "Cartera 30+ is started and places no calls.",
    "For 15 minutes it has made no call per minute, though it has clean records. "
    "Are agents logged in on skill 4000? Then look at speed, schedule and trunk.",
)
FINISHED = Told(
    "supervisors",
    alert(
        *("WolkvoxCampaignFinished", "info", "campaign"),
        schedule="business_hours",
        operation="servicio-cl",
        campaign="Encuesta NPS",
        campaign_id="6301",
        skill="6000",
    ),
    "Encuesta NPS is started with no clean record left.",
    "It has made no call for 15 minutes. Recycle it, load a list, or stop it.",
)
RUNNING_OUT = Told(
    "supervisors",
    alert(
        *("WolkvoxCleanRecordsRunningOut", "warning", "campaign"),
        operation="cobranzas-mx",
        campaign='Mora "VIP"',
        campaign_id="5201",
        skill="5000",
    ),
    'Mora "VIP" is about to run out of clean records.',
    "At the last hour's pace they last another …. Prepare the next list or a recycle.",
)
REFUSED = Told(
    "sre-pager",
    alert("WolkvoxTokenRejected", "critical", "platform", operation="soporte-pe"),
    "wolkvox rejects the token of soporte-pe.",
    "Create a new token in wolkvox and put it where the old one is kept. A file is read again within seconds; under "
    "systemd, or with an environment variable, the exporter has to be restarted.",
)
WITHOUT_SKILL = Told(
    "supervisors",
    alert(
        *("WolkvoxCampaignWithoutSkill", "warning", "campaign"),
        operation="retencion-ar",
        campaign="Fidelidad",
        campaign_id="9601",
    ),
    "Fidelidad is started without a skill.",
    "Nobody takes its calls. Assign a skill, or stop it.",
)
ALL_DOWN = Told(
    "sre-pager",
    alert("WolkvoxAllExportersDown", "critical", "platform"),
    "No wolkvox exporter can be scraped; nothing is known of any campaign.",
    "All targets of the job wolkvox have been down for five minutes, or answer only now and then. "
    "Alerts on campaigns and on the API are silent until one answers again.",
)
HELD_BACK = {"alertname": STALLED.name, "operation": "soporte-pe"}
"""Known before the token of its operation is refused; what becomes of it is not."""
MENDED = (STALLED, FINISHED, REFUSED, WITHOUT_SKILL)


def contact_centre() -> dict[str, Campaign]:
    """Return the campaigns by their operations."""
    return {
        # started, records to dial, and no call; the last is never mended
        "ventas-co": Campaign("4101", "Cartera 30+", skill="4000", records=90_000),
        "soporte-pe": Campaign("7401", "Reclamos", skill="7000", records=90_000),
        "turismo-ec": Campaign("8501", "Reservas", skill="8000", records=90_000),
        # at the end of its list
        "servicio-cl": Campaign("6301", "Encuesta NPS", skill="6000", records=500, answer=500),
        # soon there
        "cobranzas-mx": Campaign("5201", 'Mora "VIP"', skill="5000", records=1_500, status="stopped"),
        # all is well at first
        "retencion-ar": Campaign("9601", "Fidelidad", skill="9000", records=90_000, calls_per_minute=DIALLING),
    }


def now() -> float:
    """Return the time of notices."""
    return asyncio.get_running_loop().time()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Give everything at work; one list is dialled fast for ten minutes, and what is left always lasts half an hour."""
    async with alerting(tmp_path_factory.mktemp("alerting"), contact_centre()) as running:
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
async def dead(stack: Stack, recycled: float, mended: float) -> float:
    """Kill the exporter once all is well again, less one campaign; gives when."""
    for labels in (*(told.labels for told in MENDED), HELD_BACK):
        await stack.inbox.arrives("resolved", labels, mended)
    await stack.inbox.arrives("resolved", RUNNING_OUT.labels, recycled)
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
    assert re.sub(r"\b[0-9]{1,2}(\.[0-9]+)?s\b", "…", notice.annotations["description"]) == told.description
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


async def test_supervisors_are_told_of_a_list_that_runs_out(stack: Stack, recycled: float) -> None:
    """If a list lasts less than 45 minutes at its pace, then supervisors are told how long, until it is recycled."""
    await arrives(stack.inbox, RUNNING_OUT)
    assert all(each.status == "firing" for each in stack.inbox.of(RUNNING_OUT.labels) if each.at < recycled)


async def test_sres_are_told_of_a_refused_token_and_of_nothing_that_follows(stack: Stack, refused: float) -> None:
    """If a token is refused, then SREs hear that alone of its operation, and others hear of theirs as ever."""
    notice = await arrives(stack.inbox, REFUSED)
    stale = {"alertname": "WolkvoxDataStale", "operation": "soporte-pe", "report": "campaigns"}
    await stack.alertmanager.inhibits(REFUSED.name, stale)
    assert (await arrives(stack.inbox, WITHOUT_SKILL)).at > notice.at
    of_it = stack.inbox.of({"operation": "soporte-pe"}, refused)
    assert {each.labels["alertname"] for each in of_it} == {REFUSED.name}


@pytest.mark.parametrize("told", MENDED, ids=lambda told: told.name)
async def test_whoever_was_told_is_told_when_it_is_over(stack: Stack, mended: float, told: Told) -> None:
    """If a campaign dials, is stopped or has a skill, or a token is new, then its alert is resolved."""
    notice = await stack.inbox.arrives("resolved", told.labels, mended)
    assert (notice.receiver, notice.labels) == (told.receiver, told.labels)


async def test_supervisors_are_told_when_a_list_is_recycled(stack: Stack, recycled: float) -> None:
    """If a list is recycled, then it runs out no more."""
    assert (await stack.inbox.arrives("resolved", RUNNING_OUT.labels, recycled)).receiver == "supervisors"


async def test_what_was_held_back_is_told_later(stack: Stack, mended: float) -> None:
    """If a campaign is well again when its operation is seen again, then supervisors hear it then."""
    assert (await stack.inbox.arrives("resolved", HELD_BACK, mended)).receiver == "supervisors"


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
