"""What the containers of deploy/compose are told: the examples, with each other's names for addresses.

The demonstration's Alertmanager writes to a mailbox that anybody can look into, since nobody has an address there.
"""

from collections.abc import Iterator
from dataclasses import replace

from mixin import alertmanager, prometheus
from mixin.provisioning import FOLDER, PATH, provisioning_files
from mixin.settings import Addresses, Settings
from mixin.yamlfile import written
from wolkvox_exporter.cli import PORT

_MAILBOX = "mail:1025"
_BOARDS = {FOLDER: PATH, f"{FOLDER} (español)": f"{PATH}-es"}
_SERVER = "For the Prometheus of {}: prometheus/prometheus.yml with the names of containers."
_ROUTES = """\
For the Alertmanager of compose.yaml: the routes of alertmanager/alertmanager.yml, but whoever is told gets mail, which
can be read at http://localhost:8025. The watchdog's calls go nowhere."""


def demo_files(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file of the demonstration."""
    placed = _among_containers(settings, "exporter")
    yield "prometheus.yml", written(prometheus.configuration(placed), _SERVER.format("compose.yaml"))
    yield "alertmanager.yml", written(_by_mail(alertmanager.configuration(placed)), _ROUTES)


def production_files(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file for production; the routes are the user's own."""
    placed = _among_containers(settings, "exporter-1", "exporter-2")
    about = _SERVER.format("deploy/compose/production/compose.yaml")
    yield "prometheus.yml", written(prometheus.configuration(placed), about)


def grafana_files(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file for Grafana, which has the dashboards in both languages, a folder for each."""
    return provisioning_files(_among_containers(settings), _BOARDS)


def _among_containers(settings: Settings, *exporters: str) -> Settings:
    addresses = Addresses(tuple(f"{name}:{PORT}" for name in exporters), "alertmanager:9093", "prometheus:9090")
    return replace(settings, addresses=addresses)


def _by_mail(routes: dict[str, object]) -> dict[str, object]:
    sender = {"smtp_smarthost": _MAILBOX, "smtp_from": "alertmanager@example.com", "smtp_require_tls": False}
    general = routes["global"]
    assert isinstance(general, dict)  # noqa: S101 - the example's own
    return {
        **routes,
        "global": {**general, **sender},
        "receivers": list(map(_mailbox, alertmanager.RECEIVERS)),
    }


def _mailbox(name: str) -> dict[str, object]:
    if name in {"nobody", "watchdog"}:
        return {"name": name}
    mail: dict[str, object] = {"to": f"{name}@example.com", "send_resolved": name != "supervisors"}
    return {"name": name, "email_configs": [mail | alertmanager.WORDS if name == "supervisors" else mail]}
