"""Rules and dashboards as Kubernetes keeps them: in the Helm chart and in the components of kustomize."""

import json
from collections.abc import Iterator
from typing import Any

import yaml

from mixin.dashboards.grafana import dashboard_files
from mixin.rulefiles import rule_files
from mixin.settings import Settings
from mixin.texts import Language
from mixin.yamlfile import written

_LABELS = {"app.kubernetes.io/name": "wolkvox-exporter", "app.kubernetes.io/instance": "wolkvox-exporter"}
_OPT_IN = "wolkvox-law2300.rules.yml"
_LINKS = ("dashboard_url", "runbook_url")
"""Where Grafana and the runbooks are, nobody has said: kustomize has no values."""


def compact_dashboards(settings: Settings, language: Language) -> Iterator[tuple[str, str]]:
    """Yield name and text of each dashboard, without indentation: what Kubernetes keeps is limited in size."""
    for name, text in dashboard_files(settings, language):
        yield name, json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False) + "\n"


def named_dashboards(settings: Settings, language: Language) -> Iterator[tuple[str, str]]:
    """Yield the same under names of their own, since a sidecar puts both languages into one folder."""
    for name, text in compact_dashboards(settings, language):
        yield name.replace(".json", f"-{language}.json"), text


def prometheus_rule(settings: Settings, language: Language) -> Iterator[tuple[str, str]]:
    """Yield name and text of the rules as a custom resource, without what is opt-in."""
    texts = dict(rule_files(settings, language))
    del texts[_OPT_IN]
    groups = [group for text in texts.values() for group in yaml.safe_load(text)["groups"]]
    document = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "wolkvox-exporter", "labels": _LABELS},
        "spec": {"groups": [{**group, "rules": list(map(_without_links, group["rules"]))} for group in groups]},
    }
    yield "prometheusrule.yaml", written(document, "Recording rules and alerts for Prometheus' operator.")


def _without_links(rule: dict[str, Any]) -> dict[str, Any]:
    if "annotations" not in rule:
        return rule
    return rule | {"annotations": {key: text for key, text in rule["annotations"].items() if key not in _LINKS}}
