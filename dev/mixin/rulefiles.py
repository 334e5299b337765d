"""Rules as Prometheus reads them."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Literal

from docs.generate import ROOT
from mixin import (
    campaign_alerts,
    law2300,
    platform_alerts,
    recording,
    replica_alerts,
    skill_alerts,
    skill_recording,
    victoriametrics,
)
from mixin.pieces import filled_in
from mixin.promql import faster, shorter
from mixin.rules import Alert, Board, Group, Record, board_uid
from mixin.settings import Settings
from mixin.texts import Language, text
from mixin.yamlfile import written

Backend = Literal["prometheus", "victoriametrics"]
"""What evaluates the rules."""
_ABOUT = {
    "recording": "What dashboards and alerts read.",
    "alerts": "Alerts on the exporter, the API and the campaigns.",
    "law2300": "Opt-in: calls outside the hours of Colombia's Law 2300; holidays are not known.\n"
    "Name the operations that are under it in the expression.",
}
_PRINTED = ("job", "grafana_url", "runbook_url", "law2300_operations")
_RUNBOOKS = ROOT / "docs" / "runbooks"
_ASKED: Mapping[Board, tuple[str, ...]] = {
    "operations": ("operation", "skill"),
    "campaign": ("operation", "campaign_id"),
    "exporter": ("instance", "operation"),
}
"""The variables of a dashboard that an alert fills in from its labels."""


def groups(settings: Settings) -> dict[str, tuple[Group, ...]]:
    """Return all groups by the file they stand in."""
    return {
        "recording": (*recording.groups(settings), skill_recording.GROUP),
        "alerts": (
            platform_alerts.group(settings),
            replica_alerts.GROUP,
            *campaign_alerts.groups(),
            skill_alerts.GROUP,
        ),
        "law2300": (law2300.group(settings),),
    }


def alerts(settings: Settings) -> list[Alert]:
    """Return every alert."""
    rules = (rule for file in groups(settings).values() for group in file for rule in group.rules)
    return [rule for rule in rules if isinstance(rule, Alert)]


def rule_files(settings: Settings, language: Language, backend: Backend = "prometheus") -> Iterator[tuple[str, str]]:
    """Yield name and text of each rule file."""
    every = groups(settings)
    for file, content in (every if backend == "prometheus" else victoriametrics.fitting(every)).items():
        about = _ABOUT[file] + ("" if file == "recording" else f"\n\n{_printed(settings)}")
        yield (
            f"wolkvox-{file}.rules.yml",
            written({"groups": [_group(group, settings, language) for group in content]}, about),
        )


def _printed(settings: Settings) -> str:
    rows = (f"  {name}: {getattr(settings, name)}" for name in _PRINTED)
    return "\n".join(["Settings (Settings in dev/mixin/settings.py):", *rows])


def _group(group: Group, settings: Settings, language: Language) -> dict[str, object]:
    interval = {"interval": shorter(group.interval, settings.pace)} if group.interval else {}
    rule = partial(_rule, settings=settings, language=language)
    return {"name": group.name, **interval, "rules": list(map(rule, group.rules))}


def _rule(rule: Record | Alert, settings: Settings, language: Language) -> dict[str, object]:
    expression = faster(rule.expression, settings.pace)
    if isinstance(rule, Record):
        return {"record": rule.name, "expr": expression}
    return {"alert": rule.name, "expr": expression, **_speaking(rule, settings, language)}


def _speaking(alert: Alert, settings: Settings, language: Language) -> dict[str, object]:
    pending = {"for": shorter(alert.pending, settings.pace)} if alert.pending else {}
    keep = {"keep_firing_for": shorter(alert.keep_firing, settings.pace)} if alert.keep_firing else {}
    schedule = {"schedule": "business_hours"} if alert.business_hours else {}
    return {
        **pending,
        **keep,
        "labels": {"severity": alert.severity, "area": alert.area, **schedule},
        "annotations": {
            **{key: _said(alert, key, settings, language) for key in ("summary", "description")},
            "runbook_url": f"{settings.runbook_url}/{runbook(alert.name, language)}",
            "dashboard_url": _dashboard(alert, settings, language),
        },
    }


def _said(alert: Alert, key: str, settings: Settings, language: Language) -> str:
    return filled_in(text(f"alert.{alert.name}.{key}", language), alert.name, language, settings.pace)


def runbook(alert: str, language: Language) -> str:
    """Return the path of an alert's page below the folder of runbooks, in the language if there is such a page."""
    translated = f"{language}/{alert}.md"
    return translated if (_RUNBOOKS / translated).is_file() else f"{alert}.md"


def _dashboard(alert: Alert, settings: Settings, language: Language) -> str:
    uid = board_uid(alert.board, language)
    asked = "".join(
        f"{{{{ with $labels.{label} }}}}&var-{label}={{{{ . | urlquery }}}}{{{{ end }}}}"
        for label in _ASKED[alert.board]
    )
    return f"{settings.grafana_url}/d/{uid}?var-job={settings.job}{asked}"
