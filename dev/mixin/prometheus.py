"""An example for Prometheus: what to scrape, and where the rules are."""

from collections.abc import Iterator

from mixin.settings import Settings
from mixin.yamlfile import written

_ABOUT = """\
An example for Prometheus. The exporter answers from its cache, so a minute costs the API nothing, and one lost scrape
does no harm. The alerts in Spanish are what `wolkvox-exporter assets --language=es` writes; for Colombia's Law 2300 add
rules/wolkvox-law2300.rules.yml. Where the job has another name, the rules need it, too. What begins with
wolkvox-settings is there if you have set thresholds: see docs/thresholds.md."""


def prometheus_files(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield name and text of the example."""
    yield "prometheus.yml", written(configuration(settings), _ABOUT)


def configuration(settings: Settings) -> dict[str, object]:
    """Return the whole example."""
    addresses = settings.addresses
    return {
        "global": {"scrape_interval": "60s", "evaluation_interval": "60s"},
        "rule_files": [
            # a pattern, which may find nothing
            "rules/wolkvox-settings*.rules.yml",
            "rules/wolkvox-recording.rules.yml",
            "rules/wolkvox-alerts.rules.yml",
        ],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [addresses.alertmanager]}]}]},
        "scrape_configs": [{"job_name": settings.job, "static_configs": [{"targets": list(addresses.exporters)}]}],
    }
