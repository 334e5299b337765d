"""The settings file: thresholds of alerts, for all operations and for single ones, as somebody wants them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, create_model

from wolkvox_exporter.assets.thresholds import THRESHOLDS, Threshold
from wolkvox_exporter.config import durations, validation, yamlfile
from wolkvox_exporter.config.keys import Keys
from wolkvox_exporter.config.messages import Models
from wolkvox_exporter.config.problems import BadValue, ConfigError
from wolkvox_exporter.config.types import Name, from_text
from wolkvox_exporter.config.values import name
from wolkvox_exporter.config.yamlfile import Document

_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?) ?%")
_FRACTION = re.compile(r"0(?:\.[0-9]{1,6})?|1(?:\.0{1,6})?")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,6}")
_HUNDRED = 100


@dataclass(frozen=True)
class Settings:
    """Values by the names of thresholds: seconds, ratios of 0-1, or plain numbers; `own` has them by operation."""

    general: Mapping[str, float] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def load(path: Path) -> Settings:
    """Read the file, or raise `ConfigError` with everything that is wrong with it; one without keys sets nothing."""
    document = yamlfile.read(path, may_be_empty=True)
    names = _operations(document)
    # shown, where they are good names, since nobody finds the place without them
    document.known = [each for each in names if _is_name(each)]
    file, refused = validation.validated(document, _FILE, path.absolute().parent, _models(names), "thresholds")
    if file is None or document.problems:
        raise ConfigError(tuple(sorted({*document.problems, *refused})))
    written: dict[str, Any] = file.model_dump(exclude_unset=True)
    return Settings(written.get("thresholds", {}), written.get("operations", {}))


def read(threshold: Threshold, text: str) -> float:
    """Return the value of a threshold as it is written; raises `BadValue`."""
    if threshold.in_seconds:
        return durations.bounded(f"{text}s" if _WHOLE_NUMBER.fullmatch(text) else text)
    return _ratio(text) if threshold.is_ratio else _count(text)


def written(threshold: Threshold, value: float) -> str:
    """Write a value as `read` takes it, and as people like it best."""
    if threshold.in_seconds:
        return durations.written(value)
    return f"{value * _HUNDRED:g}%" if threshold.is_ratio else f"{value:g}"


def _ratio(text: str) -> float:
    if _FRACTION.fullmatch(text):
        return float(text)
    match = _PERCENT.fullmatch(text)
    if match is None or float(match.group(1)) > _HUNDRED:
        raise BadValue("write a percentage from 0% to 100%, such as 5%, or a ratio from 0 to 1, such as 0.05")
    return float(match.group(1)) / _HUNDRED


def _count(text: str) -> float:
    if not _WHOLE_NUMBER.fullmatch(text):
        raise BadValue("write a whole number from 0 to 999999, such as 100")
    return float(text)


def _keys() -> type[Keys]:
    fields: dict[str, Any] = {
        each.name: (
            Annotated[float, from_text(partial(read, each))],
            Field(default=each.default, description=each.about),
        )
        for each in THRESHOLDS
    }
    return create_model("Thresholds", __base__=Keys, **fields)


def _file() -> type[Keys]:
    fields: dict[str, Any] = {"thresholds": (_KEYS, None), "operations": (dict[Name, _KEYS], None)}  # type: ignore[valid-type]
    return create_model("SettingsFile", __base__=Keys, **fields)


_KEYS = _keys()
_FILE = _file()


def _models(operations: Iterable[str]) -> Models:
    return {(): _FILE, ("thresholds",): _KEYS} | {("operations", each): _KEYS for each in operations}


def _operations(document: Document) -> list[str]:
    written = document.data.get("operations") if isinstance(document.data, dict) else None
    return list(written) if isinstance(written, dict) else []


def _is_name(text: str) -> bool:
    try:
        return bool(name(text))
    except BadValue:
        return False
