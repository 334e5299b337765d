"""What one may want to set otherwise: the generator's settings, printed into the files made from them."""

from dataclasses import dataclass, replace
from typing import Self

from wolkvox_exporter import assets
from wolkvox_exporter.cli import PORT


@dataclass(frozen=True)
class BusinessHours:
    """When supervisors of some operations hear of what can wait, on their own clocks.

    They begin half an hour after work does: what is muted is sent when the interval opens, if it still fires.
    """

    name: str
    """Of Alertmanager's time interval."""
    time_zone: str
    operations: str = ".*"
    """A regular expression for whole names."""
    weekdays: tuple[str, str] = ("08:30", "18:00")
    saturdays: tuple[str, str] = ("09:30", "13:00")


@dataclass(frozen=True)
class Addresses:
    """Where the programs of an installation answer: host and port."""

    exporters: tuple[str, ...] = (f"localhost:{PORT}",)
    alertmanager: str = "localhost:9093"
    prometheus: str = "localhost:9090"


@dataclass(frozen=True)
class Settings:
    """Names and addresses that dashboards, rules and alerts share; thresholds are recorded series."""

    job: str = assets.JOB
    """The job of prometheus.yml; alerts on an exporter that is down know it by this name."""
    grafana_url: str = assets.GRAFANA_URL
    runbook_url: str = assets.RUNBOOK_URL
    addresses: Addresses = Addresses()
    business_hours: tuple[BusinessHours, ...] = (
        BusinessHours("business-hours-mexico", "America/Mexico_City", operations=".+-mx"),
        BusinessHours("business-hours", "America/Bogota"),
    )
    """The first that fits an operation counts; the last one has to fit all."""
    dashboard_time_zone: str = "browser"
    """An IANA zone for a wall screen that runs in UTC."""
    palette: str = "palette-classic"
    """Of lines whose number is open; Grafana 13 and later also know `palette-colorblind`."""
    law2300_operations: str = ".+"
    """A regular expression: the operations under Colombia's Law 2300."""
    pace: int = 1
    """By how much every duration is divided: tests have no hours to wait."""

    def faster(self, pace: int) -> Self:
        """Return the same settings for a world in which time passes `pace` times as fast."""
        return replace(self, pace=pace)
