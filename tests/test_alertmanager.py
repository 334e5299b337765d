import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from mixin.rulefiles import alerts
from mixin.rules import Alert
from mixin.settings import Settings
from support.processes import run
from support.tools import tool
from wolkvox_exporter.config.durations import parse

EXAMPLE = Path(__file__).parents[1] / "alertmanager" / "alertmanager.yml"
CONFIG: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
ROOT: dict[str, Any] = CONFIG["route"]
ROUTES: list[dict[str, Any]] = ROOT["routes"]
ALERTS = {alert.name: alert for alert in alerts(Settings())}

RECEIVERS = {
    "WolkvoxWatchdog": "watchdog",
    "WolkvoxExporterDown": "sre",
    "WolkvoxAllExportersDown": "sre-pager",
    "WolkvoxExporterAbsent": "sre-pager",
    "WolkvoxConfigReloadFailed": "sre",
    "WolkvoxStateNotWritten": "sre",
    "WolkvoxWorkerRestarting": "sre",
    "WolkvoxApiUnreachable": "sre-pager",
    "WolkvoxReportFailing": "sre",
    "WolkvoxReportNotAttempted": "sre",
    "WolkvoxPollsFailing": "sre",
    "WolkvoxReplicaFailing": "sre",
    "WolkvoxTokenRejected": "sre-pager",
    "WolkvoxDataStale": "sre",
    "WolkvoxUnreadableValues": "sre",
    "WolkvoxQuotaNearlyUsed": "sre",
    "WolkvoxQuotaExhausted": "sre-pager",
    "WolkvoxReplicaWithoutDatabase": "sre",
    "WolkvoxDatabaseDown": "sre-pager",
    "WolkvoxOperationNotPolled": "sre-pager",
    "WolkvoxReplicasDiffer": "sre",
    "WolkvoxHandoversRepeating": "sre",
    "WolkvoxCampaignStalled": "supervisors",
    "WolkvoxOperationStalled": "supervisors",
    "WolkvoxCampaignFinished": "supervisors",
    "WolkvoxCleanRecordsRunningOut": "supervisors",
    "WolkvoxAnsweringMachineShareHigh": "supervisors",
    "WolkvoxFailureShareHigh": "supervisors",
    "WolkvoxAnswerRateCollapsed": "supervisors",
    "WolkvoxNoHits": "supervisors",
    "WolkvoxSkillWithoutCampaign": "supervisors",
    "WolkvoxCampaignWithoutSkill": "supervisors",
    "WolkvoxCampaignDisappeared": "supervisors",
    "WolkvoxDialingOutsideLegalHours": "supervisors",
    "WolkvoxNobodyReady": "supervisors",
    "WolkvoxQueueLong": "supervisors",
    "WolkvoxAbandonmentHigh": "supervisors",
    "WolkvoxServiceLevelLow": "supervisors",
    "WolkvoxNobodyLoggedIn": "supervisors",
    "WolkvoxAgentStateLong": "supervisors",
}
IN_BUSINESS_HOURS = {
    "WolkvoxCampaignStalled",
    "WolkvoxOperationStalled",
    "WolkvoxCampaignFinished",
    "WolkvoxNoHits",
    "WolkvoxSkillWithoutCampaign",
    "WolkvoxNobodyLoggedIn",
    "WolkvoxAgentStateLong",
}
OPERATION = {"job", "operation"}
REPORT = OPERATION | {"report"}
CAMPAIGN = OPERATION | {"campaign", "campaign_id", "skill"}
LABELS = {
    "WolkvoxWatchdog": set(),
    "WolkvoxExporterDown": {"job", "instance"},
    "WolkvoxAllExportersDown": {"job"},
    "WolkvoxExporterAbsent": {"job"},
    "WolkvoxConfigReloadFailed": {"job", "instance"},
    "WolkvoxStateNotWritten": {"job", "instance"},
    "WolkvoxWorkerRestarting": OPERATION,
    "WolkvoxApiUnreachable": REPORT,
    "WolkvoxReportFailing": REPORT,
    "WolkvoxReportNotAttempted": REPORT,
    "WolkvoxPollsFailing": REPORT,
    "WolkvoxReplicaFailing": REPORT | {"instance"},
    "WolkvoxTokenRejected": OPERATION,
    "WolkvoxDataStale": REPORT,
    "WolkvoxUnreadableValues": REPORT | {"field"},
    "WolkvoxQuotaNearlyUsed": OPERATION,
    "WolkvoxQuotaExhausted": OPERATION,
    "WolkvoxReplicaWithoutDatabase": {"job", "instance"},
    "WolkvoxDatabaseDown": {"job"},
    "WolkvoxOperationNotPolled": OPERATION,
    "WolkvoxReplicasDiffer": {"job"},
    "WolkvoxHandoversRepeating": {"job"},
    "WolkvoxCampaignStalled": CAMPAIGN,
    "WolkvoxOperationStalled": OPERATION,
    "WolkvoxCampaignFinished": CAMPAIGN,
    "WolkvoxCleanRecordsRunningOut": CAMPAIGN,
    "WolkvoxAnsweringMachineShareHigh": CAMPAIGN | {"result"},
    "WolkvoxFailureShareHigh": CAMPAIGN | {"result"},
    "WolkvoxAnswerRateCollapsed": CAMPAIGN | {"result"},
    "WolkvoxNoHits": CAMPAIGN,
    "WolkvoxSkillWithoutCampaign": OPERATION | {"skill"},
    "WolkvoxCampaignWithoutSkill": OPERATION | {"campaign", "campaign_id"},
    "WolkvoxCampaignDisappeared": CAMPAIGN,
    "WolkvoxDialingOutsideLegalHours": OPERATION,
    "WolkvoxNobodyReady": OPERATION | {"skill"},
    "WolkvoxQueueLong": OPERATION | {"skill"},
    "WolkvoxAbandonmentHigh": OPERATION | {"skill"},
    "WolkvoxServiceLevelLow": OPERATION | {"skill"},
    "WolkvoxNobodyLoggedIn": OPERATION,
    "WolkvoxAgentStateLong": OPERATION | {"status"},
}
"""What each alert has from its series, besides the labels that its rule adds."""

OF_CAMPAIGNS = {name for name, receiver in RECEIVERS.items() if receiver == "supervisors"}
LESSER = {
    "WolkvoxReportNotAttempted",
    "WolkvoxReportFailing",
    "WolkvoxDataStale",
    "WolkvoxPollsFailing",
    "WolkvoxReplicaFailing",
}
SYMPTOMS = LESSER | {"WolkvoxApiUnreachable"}
OF_OPERATIONS = SYMPTOMS | {
    "WolkvoxTokenRejected",
    "WolkvoxUnreadableValues",
    "WolkvoxQuotaNearlyUsed",
    "WolkvoxQuotaExhausted",
}
SILENCES = {
    "WolkvoxAllExportersDown": {"WolkvoxExporterDown"} | OF_OPERATIONS | OF_CAMPAIGNS,
    "WolkvoxExporterAbsent": {"WolkvoxExporterDown"} | OF_OPERATIONS | OF_CAMPAIGNS,
    "WolkvoxDatabaseDown": {"WolkvoxReplicaWithoutDatabase", "WolkvoxOperationNotPolled"} | SYMPTOMS,
    "WolkvoxOperationNotPolled": SYMPTOMS | OF_CAMPAIGNS,
    "WolkvoxTokenRejected": SYMPTOMS | OF_CAMPAIGNS,
    "WolkvoxQuotaExhausted": SYMPTOMS | OF_CAMPAIGNS | {"WolkvoxQuotaNearlyUsed"},
    "WolkvoxApiUnreachable": LESSER | OF_CAMPAIGNS,
    "WolkvoxReportNotAttempted": {"WolkvoxReportFailing", "WolkvoxDataStale"},
    "WolkvoxDataStale": OF_CAMPAIGNS,
    "WolkvoxOperationStalled": {"WolkvoxCampaignStalled", "WolkvoxCleanRecordsRunningOut", "WolkvoxNoHits"},
    "WolkvoxNobodyLoggedIn": {"WolkvoxOperationStalled", "WolkvoxCampaignStalled"},
    "WolkvoxCampaignStalled": {"WolkvoxCleanRecordsRunningOut", "WolkvoxNoHits"},
    "WolkvoxCampaignFinished": {"WolkvoxCleanRecordsRunningOut", "WolkvoxNoHits"},
}
"""What is not told while the first is."""


def added(alert: Alert) -> dict[str, str]:
    """Return the labels by which an alert is routed."""
    schedule = {"schedule": "business_hours"} if alert.business_hours else {}
    return {"alertname": alert.name, "severity": alert.severity, "area": alert.area, **schedule}


def parsed(matcher: str) -> tuple[str, re.Pattern[str]]:
    """Return label and pattern of a matcher; the kinds that deny are not in use."""
    found = re.fullmatch(r'(\w+)(=~?)"(.*)"', matcher)
    assert found, matcher
    label, operator, value = found.groups()
    return label, re.compile(value if operator == "=~" else re.escape(value))


def fits(matchers: list[str], name: str) -> bool:
    """Return whether an alert can match; a label of its series may have any value."""
    own = added(ALERTS[name])
    return all(
        label in LABELS[name] or pattern.fullmatch(own.get(label, "")) for label, pattern in map(parsed, matchers)
    )


def fitting(matchers: list[str]) -> set[str]:
    """Return the names of all alerts that can match."""
    return {name for name in ALERTS if fits(matchers, name)}


def inhibitions() -> list[tuple[set[str], set[str], set[str]]]:
    """Return the alerts that speak, those that are silent then, and the labels that are the same."""
    return [
        (fitting(rule["source_matchers"]), fitting(rule["target_matchers"]), set(rule["equal"]))
        for rule in CONFIG["inhibit_rules"]
    ]


async def routed(**labels: str) -> list[str]:
    """Return the receivers of an alert as Alertmanager sees it."""
    words = [f"{label}={value}" for label, value in labels.items()]
    told = await run(tool("amtool"), "config", "routes", "test", f"--config.file={EXAMPLE}", *words)
    assert told.code == 0, told.err
    return told.out.strip().split(",")


async def test_alertmanager_takes_the_example() -> None:
    """If the example is given to Alertmanager, then it has nothing to criticise."""
    told = await run(tool("amtool"), "check-config", EXAMPLE)
    assert told.code == 0, told.err
    assert "SUCCESS" in told.out


def test_every_alert_is_in_the_tables() -> None:
    """If there is a new alert, then somebody has said who gets it and which labels it has."""
    assert ALERTS.keys() == RECEIVERS.keys() == LABELS.keys()


@pytest.mark.parametrize("name", ALERTS)
async def test_an_alert_reaches_whom_it_concerns(name: str) -> None:
    """If an alert fires, then supervisors, SREs, the pager or the watchdog gets it, and only one of them."""
    assert await routed(**added(ALERTS[name])) == [RECEIVERS[name]]


async def test_what_has_no_severity_reaches_nobody() -> None:
    """If an alert other than the watchdog has the severity `none`, then nobody is told, wherever it comes from."""
    assert await routed(alertname="SomethingElse", severity="none", area="platform") == ["nobody"]
    assert await routed(alertname="SomethingElse", severity="none", area="campaign") == ["nobody"]


async def test_what_is_not_known_reaches_sres() -> None:
    """If an alert is none of these, then it is not lost."""
    assert await routed(alertname="SomethingElse", severity="critical") == ["sre"]


def test_the_watchdog_is_sent_every_minute() -> None:
    """If alerting works, then no look of Alertmanager at the watchdog comes too early to send it again."""
    (route,) = (each for each in ROUTES if each["receiver"] == "watchdog")
    assert parse(route["group_interval"]) == 60
    assert parse(route["repeat_interval"]) == 50


def test_only_alerts_that_may_wait_wait_for_business_hours() -> None:
    """If an alert says that it may wait, then its route has an interval, and no other alert's route has one."""
    assert not ROOT.keys() & {"active_time_intervals", "mute_time_intervals"}
    assert all(not route.keys() & {"mute_time_intervals", "continue", "routes"} for route in ROUTES)
    routes = {name: next((each for each in ROUTES if fits(each["matchers"], name)), ROOT) for name in ALERTS}
    assert {name for name, route in routes.items() if "active_time_intervals" in route} == IN_BUSINESS_HOURS
    assert settings_hours(CONFIG) == [hours.name for hours in Settings().business_hours]
    assert Settings().business_hours[-1].operations == ".*"


def settings_hours(config: dict[str, Any]) -> list[str]:
    """Return the intervals of the routes that have one, in the order of the routes."""
    return [name for route in config["route"]["routes"] for name in route.get("active_time_intervals", [])]


def test_supervisors_hear_of_no_end() -> None:
    """If an alert on campaigns is over, then no integration of supervisors says so; those of others do as they are."""
    for receiver in CONFIG["receivers"]:
        ends = [each.get("send_resolved") for key, all_of in receiver.items() if key != "name" for each in all_of]
        assert set(ends) == {"nobody": set(), "supervisors": {False}}.get(receiver["name"], {None})


def test_matchers_name_alerts_that_exist() -> None:
    """If a route or an inhibition names an alert, then there is one of that name."""
    lists = [route["matchers"] for route in ROUTES]
    lists += [rule[key] for rule in CONFIG["inhibit_rules"] for key in ("source_matchers", "target_matchers")]
    matchers = [parsed(matcher) for matchers in lists for matcher in matchers]
    words = {word for label, pattern in matchers if label == "alertname" for word in pattern.pattern.split("|")}
    assert len(words) > 10
    assert [word for word in words if not any(re.fullmatch(word, name) for name in ALERTS)] == []


def test_inhibitions_compare_labels_that_are_there() -> None:
    """If labels must be the same, then both sides have them: Alertmanager takes two missing ones for the same."""
    lacking = {
        (name, label)
        for sources, targets, equal in inhibitions()
        for name in sources | targets
        for label in equal - LABELS[name]
    }
    assert lacking == set()
    assert all(sources and targets and equal for sources, targets, equal in inhibitions())


def test_a_reason_silences_what_follows_from_it() -> None:
    """If an alert says enough, then what follows from it is silent, and nothing else is."""
    silences = {
        name: set[str]().union(*(targets for sources, targets, _ in inhibitions() if name in sources))
        for name in ALERTS
    }
    assert {name: targets for name, targets in silences.items() if targets} == SILENCES


def test_no_two_alerts_silence_each_other() -> None:
    """If an alert inhibits another, then it is neither itself nor one that inhibits it in turn."""
    pairs = {(source, target) for sources, targets, _ in inhibitions() for source in sources for target in targets}
    assert {(source, target) for source, target in pairs if (target, source) in pairs} == set()


def test_what_wakes_people_is_only_silenced_by_its_reason() -> None:
    """If an alert pages somebody, then only one that pages, too, can keep it from that."""
    paging = {name for name, receiver in RECEIVERS.items() if receiver == "sre-pager"}
    silencing = {
        (source, target)
        for sources, targets, _ in inhibitions()
        for source in sources
        for target in targets
        if target in paging and source not in paging
    }
    assert silencing == set()
