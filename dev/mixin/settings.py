"""What one may want to set otherwise: the generator's settings, printed into the files made from them."""

from dataclasses import dataclass, replace
from typing import Self

from wolkvox_exporter import assets


@dataclass(frozen=True)
class Settings:
    """Names, addresses and thresholds that dashboards, rules and alerts share. Shares are 0-1."""

    job: str = assets.JOB
    """The job of prometheus.yml; alerts on an exporter that is down know it by this name."""
    grafana_url: str = assets.GRAFANA_URL
    runbook_url: str = assets.RUNBOOK_URL
    time_zone: str = "America/Bogota"
    """Whose business hours Alertmanager keeps."""
    dashboard_time_zone: str = "browser"
    """An IANA zone for a wall screen that runs in UTC."""
    palette: str = "palette-classic"
    """Of lines whose number is open; Grafana 13 and later also know `palette-colorblind`."""
    weekdays: tuple[str, str] = ("08:30", "18:00")
    """Half an hour after work begins: what is muted is sent when the interval opens, if it still fires."""
    saturdays: tuple[str, str] = ("09:30", "13:00")
    quota_used: float = 0.8
    """Share of the day's calls; above the exporter's reserve, so that it speaks before AMD is given up."""
    failed_polls: float = 0.4
    """Share of an hour's polls; at five minutes an outage of twenty stays below."""
    late_attempt: int = 600
    """Seconds by which a call may come later than after two intervals: the time-outs of all that share its token."""
    running_out: int = 2700
    """Seconds of dialling that are left in a list."""
    rotating: int = 3
    """Recycles a day from which on a list is known to be worked again and again."""
    machine_share: float = 0.5
    failure_share: float = 0.4
    answer_drop: float = 0.5
    """Share of the usual answer rate."""
    dialed_for_shares: int = 100
    """Records dialled in an hour below which shares of results mean nothing."""
    dialed_for_hits: int = 300
    """The same for the absence of hits."""
    law2300_operations: str = ".+"
    """A regular expression: the operations under Colombia's Law 2300."""
    pace: int = 1
    """By how much every duration is divided: tests have no hours to wait."""

    def faster(self, pace: int) -> Self:
        """Return the same settings for a world in which time passes `pace` times as fast."""
        return replace(self, pace=pace, late_attempt=self.late_attempt // pace, running_out=self.running_out // pace)
