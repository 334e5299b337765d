"""The reports that are read: what is asked, which fields an answer has, and what is read out of it."""

from collections.abc import Mapping
from types import MappingProxyType

from wolkvox_exporter.api.fields import Fields, ReportName
from wolkvox_exporter.api.reports import agents, amd, campaigns, quota, skills

FIELDS: Mapping[ReportName, Fields] = MappingProxyType(
    {
        ReportName.CAMPAIGNS: {**campaigns.TEXTS, **campaigns.NUMBERS},
        ReportName.SKILLS: {**skills.TEXTS, **skills.NUMBERS},
        ReportName.AGENTS: {**agents.TEXTS, **agents.NUMBERS},
        ReportName.AMD: {**amd.TEXTS, **amd.NUMBERS},
        ReportName.QUOTA: quota.NUMBERS,
    }
)
"""What is read of each report, by the API's keys."""
