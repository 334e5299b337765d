"""The types of values: each a reader of the text as written, and the JSON Schema that editors check it with.

A reader sees text only. Values that are typed already pass, so that operations can also be built in code.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, SecretStr, ValidationInfo, WithJsonSchema

from wolkvox_exporter.config import durations, values
from wolkvox_exporter.config.tokens import EnvironmentToken, FileToken, LiteralToken, TokenSource, TokenUnreadable
from wolkvox_exporter.config.values import BadValue

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# to an editor, an unquoted 4875 or no is not a text
_ANY_TEXT = {"type": ["string", "number", "boolean"]}


def from_text(read: Callable[[str], object]) -> BeforeValidator:
    """Return a validator that reads a text with `read`, which raises `BadValue`."""

    def validate(value: object) -> object:
        return read(value) if isinstance(value, str) else _single(value)

    return BeforeValidator(validate)


def from_path(read: Callable[[Path], object]) -> BeforeValidator:
    """Return a validator of paths; relative ones start at the configuration file's folder, the context of loading."""

    def validate(value: object, info: ValidationInfo) -> object:
        folder = info.context if isinstance(info.context, Path) else Path()
        return read(folder / value) if isinstance(value, (str, Path)) else _single(value)

    return BeforeValidator(validate)


def _single(value: object) -> object:
    if isinstance(value, (list, dict)):
        shape = "a list" if isinstance(value, list) else "a group of keys"
        raise BadValue(f"one single value is wanted here, not {shape}")
    return value


def _at_least_one(value: object) -> object:
    # not left to pydantic's min_length, which also counts entries that are merely wrong
    if value in ([], ()):
        raise BadValue("the list is empty; write at least one entry")
    return value


def _readable(source: TokenSource) -> TokenSource:
    try:
        source.read()
    except TokenUnreadable as unreadable:
        raise BadValue(str(unreadable)) from None
    return source


def _variable(text: str) -> TokenSource:
    if not _VARIABLE.fullmatch(text):
        raise BadValue("this is no name of an environment variable; write one such as WOLKVOX_TOKEN")
    return _readable(EnvironmentToken(text))


FILLED = BeforeValidator(_at_least_one)
"""For lists that must not be empty."""

Name = Annotated[str, from_text(values.name), WithJsonSchema(_ANY_TEXT | {"minLength": 1, "maxLength": 100})]
Pattern = Annotated[str, from_text(values.pattern), WithJsonSchema(_ANY_TEXT | {"minLength": 1})]
Duration = Annotated[
    float, from_text(durations.bounded), WithJsonSchema({"type": "string", "pattern": durations.PATTERN})
]
DurationOrOff = Annotated[
    float,
    from_text(durations.bounded_or_off),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": durations.PATTERN}, {"enum": [0, "0"]}]}),
]
Share = Annotated[
    float, from_text(values.share), WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,3})?%$"})
]
AmdMaxCalls = Annotated[
    int, from_text(values.amd_max_calls), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 1000})
]
StaleAfter = Annotated[
    int, from_text(values.stale_after), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 1000})
]
Server = Annotated[
    str,
    from_text(values.server),
    WithJsonSchema({"type": ["string", "integer"], "pattern": "^(wv)?[0-9]{4}$", "minimum": 0, "maximum": 9999}),
]
BaseUrl = Annotated[
    str, from_text(values.base_url), WithJsonSchema({"type": "string", "pattern": "^https?://[^/?#@]+(/[^?#]*)?$"})
]
TimeZone = Annotated[ZoneInfo, from_text(values.time_zone), WithJsonSchema({"type": "string"})]
Amd = Annotated[values.AmdMode, from_text(values.amd), WithJsonSchema({"enum": ["auto", "all", "each", "off", False]})]
ProxyUrl = Annotated[
    SecretStr, from_text(values.proxy_url), WithJsonSchema({"type": "string", "pattern": "^http://[^/?#]+/?$"})
]
CaFile = Annotated[values.CaFile, from_path(values.ca_file), WithJsonSchema({"type": "string"})]
StateFolder = Annotated[
    # from the last to the first
    Path,
    from_path(values.state_folder),
    from_text(values.state_path),
    WithJsonSchema({"type": "string"}),
]
TokenFile = Annotated[FileToken, from_path(lambda path: _readable(FileToken(path))), WithJsonSchema({"type": "string"})]
TokenVariable = Annotated[
    EnvironmentToken, from_text(_variable), WithJsonSchema({"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"})
]
TokenText = Annotated[
    LiteralToken,
    from_text(lambda text: _readable(LiteralToken(SecretStr(text)))),
    WithJsonSchema(_ANY_TEXT | {"pattern": "^[!-~]{1,1024}$"}),
]
