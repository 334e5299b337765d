"""The configuration file: read, checked and made effective; `load` is the way in."""

from exporter.config.loading import Config, load
from exporter.config.models import Campaigns, Operation
from exporter.config.problems import ConfigError, Problem
from exporter.config.schema_generator import schema
from exporter.config.tokens import EnvironmentToken, FileToken, LiteralToken, TokenSource, TokenUnreadable
from exporter.config.values import AmdMode

__all__ = [
    "AmdMode",
    "Campaigns",
    "Config",
    "ConfigError",
    "EnvironmentToken",
    "FileToken",
    "LiteralToken",
    "Operation",
    "Problem",
    "TokenSource",
    "TokenUnreadable",
    "load",
    "schema",
]
