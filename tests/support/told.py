"""A contact centre in which much goes wrong, and what is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from support.alerting import CROWDED
from wolkvox_exporter.simulator import Campaign

DIALLING = 30
"""Calls per minute."""


@dataclass(frozen=True)
class Told:
    """What is said of one alert: to whom, with exactly which labels, and in which words.

    What depends on the machine or on chance is written as `…` there: durations, below a minute of the test's, an
    hour of life, and calls per minute.
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
    "ventas-co · Cartera 30+ (4101) · skill 4000: no call for …, though it has 90000 clean records. "
    "Are agents logged in on its skill? Then look at speed, schedule, filters, callbacks and trunk.",
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
    "servicio-cl · Encuesta NPS (6301) · skill 6000: none of its 500 records is clean, and it has made no call for …. "
    "Recycle it, load a list, or stop it.",
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
    'cobranzas-mx · Mora "VIP" (5201) · skill 5000: at its latest pace its clean records last another …. '
    "They have been short for …. Prepare the next list or a recycle.",
)
REFUSED = Told(
    "sre-pager",
    alert("WolkvoxTokenRejected", "critical", "platform", operation="soporte-pe"),
    "wolkvox rejects the token of soporte-pe.",
    "soporte-pe: refused for …. Create a new token in wolkvox and put it where the old one is kept. "
    "A file is read again within seconds; under systemd, or with an environment variable, "
    "the exporter has to be restarted.",
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
    "retencion-ar · Fidelidad (9601): started without a skill for …, at … calls per minute. "
    "Nobody takes its calls. Assign a skill, or stop it.",
)
ALL_DOWN = Told(
    "sre-pager",
    alert("WolkvoxAllExportersDown", "critical", "platform"),
    "No wolkvox exporter can be scraped; nothing is known of any campaign.",
    "All targets of the job wolkvox have been down for …, or answer only now and then. "
    "Alerts on campaigns and on the API are silent until one answers again. "
    "Look whether the processes run, and whether their ports can be reached.",
)
LAW = alert("WolkvoxDialingOutsideLegalHours", "warning", "campaign", operation=CROWDED)
STANDSTILL = alert(*("WolkvoxOperationStalled", "critical", "campaign"), schedule="business_hours", operation=CROWDED)
CAMPAIGNS_OF_CROWD = 250


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


def crowd() -> list[Campaign]:
    """Return the campaigns of a large operation, which call."""
    return [
        Campaign(f"{number}", f"Niñas|y.niños* {number}", skill="9900", records=900_000, calls_per_minute=20)
        for number in range(10_000, 10_000 + CAMPAIGNS_OF_CROWD)
    ]
