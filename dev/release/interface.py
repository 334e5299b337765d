"""What users rely on by name, one line each: what docs/upgrading.md promises to keep."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from wolkvox_exporter.assets.thresholds import THRESHOLDS
from wolkvox_exporter.cli.flags import GRAMMAR
from wolkvox_exporter.config.keys import Keys
from wolkvox_exporter.config.models import Campaigns, WrittenFile, WrittenOperation
from wolkvox_exporter.metrics import CATALOGUE, EXPORTER_CATALOGUE, Family
from wolkvox_exporter.web.toolkit.schema import Headers, HttpServer, RateLimit, TlsServer, WebFile

_MODELS: dict[str, type[Keys]] = {
    "": WrittenFile,
    "operations[].": WrittenOperation,
    "operations[].campaigns.": Campaigns,
}
_WEB_MODELS: dict[str, type[Keys]] = {
    "": WebFile,
    "tls_server_config.": TlsServer,
    "http_server_config.": HttpServer,
    "http_server_config.headers.": Headers,
    "rate_limit.": RateLimit,
}


def interface(rules: Path) -> list[str]:
    """Return the lines, sorted; `rules` is the folder of the rules that come with the package."""
    keys = (*_keys("key", _MODELS), *_keys("web key", _WEB_MODELS))
    return sorted({*_metrics(), *_command_line(), *keys, *_rules(rules)})


def _metrics() -> Iterator[str]:
    families: list[Family[Any]] = [*CATALOGUE, *EXPORTER_CATALOGUE]
    for family in families:
        yield f"metric {family.name} is a {family.kind}"
        yield from (f"metric {family.name} has {label}" for label in family.labels)


def _command_line() -> Iterator[str]:
    yield from (f"command {name}" for name in GRAMMAR.commands if name != GRAMMAR.default)
    yield from (f"flag {flag.name} of {name}" for flag in GRAMMAR.flags for name in flag.commands)


def _keys(what: str, models: dict[str, type[Keys]]) -> Iterator[str]:
    for prefix, model in models.items():
        yield from (f"{what} {prefix}{field.alias or name}" for name, field in model.model_fields.items())


def _rules(folder: Path) -> Iterator[str]:
    yield from (f"setting {threshold.name}" for threshold in THRESHOLDS)
    for path in folder.glob("*.rules.yml"):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                yield f"alert {rule['alert']}" if "alert" in rule else f"series {rule['record']}"
