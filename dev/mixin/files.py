"""Every generated file."""

from collections.abc import Iterable
from itertools import chain
from pathlib import PurePosixPath

from mixin.alertmanager import alertmanager_files
from mixin.compose import demo_files, grafana_files, production_files
from mixin.dashboards.grafana import dashboard_files
from mixin.kubernetes import compact_dashboards, named_dashboards, prometheus_rule
from mixin.lint import lint_files
from mixin.notification import template_files
from mixin.prometheus import prometheus_files
from mixin.provisioning import provisioning_files
from mixin.rulefiles import rule_files
from mixin.settings import Settings

Named = Iterable[tuple[str, str]]
_CHART = "deploy/helm/wolkvox-exporter/files"
_COMPONENTS = "deploy/kustomize/components"


def files(settings: Settings) -> dict[PurePosixPath, str]:
    """Return what each file holds, by its path in the repository."""
    return {PurePosixPath(folder) / name: text for folder, named in _folders(settings).items() for name, text in named}


def _folders(settings: Settings) -> dict[str, Named]:
    return {
        "prometheus": prometheus_files(settings),
        "prometheus/rules": rule_files(settings, "en"),
        "prometheus/rules/es": rule_files(settings, "es"),
        "victoriametrics/rules": rule_files(settings, "en", "victoriametrics"),
        "victoriametrics/rules/es": rule_files(settings, "es", "victoriametrics"),
        "alertmanager": chain(alertmanager_files(settings), template_files("en")),
        "alertmanager/es": template_files("es"),
        "grafana/dashboards": chain(dashboard_files(settings, "en"), lint_files("en")),
        "grafana/dashboards/es": chain(dashboard_files(settings, "es"), lint_files("es")),
        "grafana/provisioning": provisioning_files(settings),
        "deploy/compose/demo": demo_files(settings),
        "deploy/compose/production": production_files(settings),
        "deploy/compose/grafana": grafana_files(settings),
        # a chart has no files but its own
        f"{_CHART}/rules/en": rule_files(settings, "en"),
        f"{_CHART}/rules/es": rule_files(settings, "es"),
        f"{_CHART}/dashboards/en": compact_dashboards(settings, "en"),
        f"{_CHART}/dashboards/es": compact_dashboards(settings, "es"),
        f"{_COMPONENTS}/rules/en": prometheus_rule(settings, "en"),
        f"{_COMPONENTS}/rules/es": prometheus_rule(settings, "es"),
        f"{_COMPONENTS}/dashboards/en": named_dashboards(settings, "en"),
        f"{_COMPONENTS}/dashboards/es": named_dashboards(settings, "es"),
    }
