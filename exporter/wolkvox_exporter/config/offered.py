"""What other packages use of this one."""

from wolkvox_exporter.config.json_schema import schema
from wolkvox_exporter.config.loader import Config, load
from wolkvox_exporter.config.models import Campaigns, Operation
from wolkvox_exporter.config.problems import ConfigError, Problem
from wolkvox_exporter.config.skills import SkillsMode
from wolkvox_exporter.config.tokens import EnvironmentToken, FileToken, LiteralToken, TokenSource, TokenUnreadable
from wolkvox_exporter.config.values import AgentsMode, AmdMode

__all__ = [
    "AgentsMode",
    "AmdMode",
    "Campaigns",
    "Config",
    "ConfigError",
    "EnvironmentToken",
    "FileToken",
    "LiteralToken",
    "Operation",
    "Problem",
    "SkillsMode",
    "TokenSource",
    "TokenUnreadable",
    "load",
    "schema",
]
