"""An example for Alertmanager: who hears of what, when, and what says enough already."""

from collections.abc import Iterator

from mixin.notification import SHOWN
from mixin.promql import shorter
from mixin.settings import BusinessHours, Settings
from mixin.yamlfile import written

RECEIVERS = ("nobody", "watchdog", "sre", "sre-pager", "supervisors")
_ABOUT = """\
An example of routes for wolkvox. Put your own integrations into the receivers; `amtool check-config` checks the file.
Supervisors get a message an operation, and another for what waits for business hours; SREs one an alert. Nobody tells
supervisors that an alert is over. What a message says is in wolkvox.tmpl. Alertmanager 0.28 knows Microsoft Teams, too:
  msteamsv2_configs:
    - webhook_url: https://example.com/the-address-that-teams-gave
      send_resolved: false
      title: '{{ template "wolkvox.subject" . }}'
      text: '{{ template "wolkvox.text" . }}'
Business hours are those of the first route that fits the operation: add an interval and a route for each group of
operations that works at other hours.
Alerts labelled schedule="business_hours" wait for the opening of the interval, and are sent then if they still fire.
A label in `equal` that is missing on both sides counts as equal: an exporter that is down has no label `operation`."""


def _named(names: str) -> str:
    return f'alertname=~"{names}"'


_GONE = "WolkvoxAllExportersDown|WolkvoxExporterAbsent"
_REASON = "WolkvoxTokenRejected|WolkvoxQuotaExhausted"
_OF_A_REPORT = "WolkvoxReportFailing|WolkvoxDataStale"
_LESSER = f"WolkvoxReportNotAttempted|{_OF_A_REPORT}|WolkvoxPollsFailing|WolkvoxReplicaFailing"
_SYMPTOM = f"WolkvoxApiUnreachable|{_LESSER}"
_NOT_POLLED = "WolkvoxOperationNotPolled"
_OF_A_LIST = "WolkvoxCleanRecordsRunningOut|WolkvoxNoHits"
_CAMPAIGNS = 'area="campaign"'
_JOB = ("job",)
_OPERATION = ("job", "operation")
_REPORT = ("job", "operation", "report")
_CAMPAIGN = ("job", "operation", "campaign_id")

INHIBITIONS: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = (
    # one dead replica silences nothing but itself
    ((_named(_GONE),), _named("WolkvoxExporterDown"), _JOB),
    ((_named(_GONE),), _named(f"{_SYMPTOM}|WolkvoxTokenRejected|WolkvoxQuota.+|WolkvoxUnreadableValues"), _JOB),
    ((_named(_GONE),), _CAMPAIGNS, _JOB),
    ((_named("WolkvoxDatabaseDown"),), _named(f"WolkvoxReplicaWithoutDatabase|{_NOT_POLLED}"), _JOB),
    ((_named("WolkvoxDatabaseDown"),), _named(_SYMPTOM), _JOB),
    ((_named(f"{_REASON}|WolkvoxApiUnreachable|{_NOT_POLLED}"),), _CAMPAIGNS, _OPERATION),
    ((_named("WolkvoxDataStale"), 'report="campaigns"'), _CAMPAIGNS, _OPERATION),
    ((_named(f"{_REASON}|{_NOT_POLLED}"),), _named(_SYMPTOM), _OPERATION),
    ((_named("WolkvoxApiUnreachable"),), _named(_LESSER), _OPERATION),
    ((_named("WolkvoxReportNotAttempted"),), _named(_OF_A_REPORT), _REPORT),
    ((_named("WolkvoxQuotaExhausted"),), _named("WolkvoxQuotaNearlyUsed"), _OPERATION),
    # not that nobody is ready: that is said at any hour, and this is not
    ((_named("WolkvoxNobodyLoggedIn"),), _named("WolkvoxOperationStalled|WolkvoxCampaignStalled"), _OPERATION),
    # a list that is finished has not stalled: it is still news
    ((_named("WolkvoxOperationStalled"),), _named(f"WolkvoxCampaignStalled|{_OF_A_LIST}"), _OPERATION),
    ((_named("WolkvoxCampaignStalled|WolkvoxCampaignFinished"),), _named(_OF_A_LIST), _CAMPAIGN),
)
"""While the first speaks, the second is silent where these labels are the same."""

WORDS: dict[str, object] = {
    "headers": {"Subject": '{{ template "wolkvox.subject" . }}'},
    "html": "",
    "text": '{{ template "wolkvox.text" . }}',
}
"""What mail to people says."""


def alertmanager_files(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield name and text of the example."""
    yield "alertmanager.yml", written(configuration(settings), _ABOUT)


def configuration(settings: Settings) -> dict[str, object]:
    """Return the whole example."""
    return {
        "global": {"resolve_timeout": shorter("10m", settings.pace)},
        "templates": ["wolkvox.tmpl"],
        "time_intervals": [
            {"name": hours.name, "time_intervals": _interval(hours)} for hours in settings.business_hours
        ],
        "route": _route(settings),
        "inhibit_rules": [
            {"source_matchers": list(source), "target_matchers": [target], "equal": list(equal)}
            for source, target, equal in INHIBITIONS
        ],
        "receivers": list(map(_receiver, RECEIVERS)),
    }


def _interval(hours: BusinessHours) -> list[dict[str, object]]:
    return [
        {
            "weekdays": [days],
            "times": [{"start_time": start, "end_time": end}],
            "location": hours.time_zone,
        }
        for days, (start, end) in (("monday:friday", hours.weekdays), ("saturday", hours.saturdays))
    ]


def _route(settings: Settings) -> dict[str, object]:
    def after(duration: str) -> str:
        return shorter(duration, settings.pace)

    supervisors = {"receiver": "supervisors", "group_by": ["operation"]}
    return {
        "receiver": "sre",
        "group_by": ["alertname", "operation"],
        "group_wait": after("30s"),
        # two polls: a group is not sent again at each
        "group_interval": after("10m"),
        "repeat_interval": after("4h"),
        "routes": [
            # to a dead man's switch, every minute: at a repetition as long as the interval every other one is left out
            {
                "receiver": "watchdog",
                "matchers": [_named("WolkvoxWatchdog")],
                "group_interval": after("1m"),
                "repeat_interval": after("50s"),
            },
            {"receiver": "nobody", "matchers": ['severity="none"']},
            *(
                {
                    **supervisors,
                    "matchers": [_CAMPAIGNS, 'schedule="business_hours"', f'operation=~"{hours.operations}"'],
                    "active_time_intervals": [hours.name],
                    "repeat_interval": after("2h"),
                }
                for hours in settings.business_hours
            ),
            {**supervisors, "matchers": [_CAMPAIGNS]},
            {
                "receiver": "sre-pager",
                "matchers": ['area="platform"', 'severity="critical"'],
                "repeat_interval": after("1h"),
            },
        ],
    }


def _receiver(name: str) -> dict[str, object]:
    webhook = {"url": f"https://alerts.example.com/{name}"}
    if name == "nobody":
        return {"name": name}
    if name == "supervisors":
        return {"name": name, **_for_people(webhook)}
    return {"name": name, "webhook_configs": [webhook]}


def _for_people(webhook: dict[str, str]) -> dict[str, object]:
    """Return what carries a message to people, who want to hear of no end; a webhook has words of its own."""
    quiet = {"send_resolved": False}
    mail = {"to": "supervisors@example.com", "from": "alerts@example.com", "smarthost": "smtp.example.com:587"}
    chat = {"bot_token": "0:the-token-of-your-bot", "chat_id": -1}
    return {
        "webhook_configs": [{**webhook, **quiet, "max_alerts": SHOWN}],
        "email_configs": [{**mail, **quiet, **WORDS}],
        "telegram_configs": [{**chat, **quiet, "parse_mode": "", "message": WORDS["text"]}],
    }
