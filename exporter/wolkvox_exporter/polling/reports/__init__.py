"""The reports that are polled. A new one is a module here, a name in `ReportName`, and a reader in `api.reports`."""

from collections.abc import Mapping
from types import MappingProxyType

from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.config import Operation
from wolkvox_exporter.polling.reports import agents, amd, campaigns, quota, skills
from wolkvox_exporter.polling.reports.report import Report

REPORTS: Mapping[ReportName, Report] = MappingProxyType(
    {
        ReportName.CAMPAIGNS: campaigns.REPORT,
        ReportName.SKILLS: skills.REPORT,
        ReportName.AGENTS: agents.REPORT,
        ReportName.AMD: amd.REPORT,
        ReportName.QUOTA: quota.REPORT,
    }
)
"""All reports, in the order in which they are asked when several are due."""


def enabled(operation: Operation) -> tuple[ReportName, ...]:
    """Return the reports that an operation is polled for."""
    return tuple(name for name, report in REPORTS.items() if report.interval(operation) > 0)
