"""The types of values: each a reader of the text as written, and the JSON Schema that editors check it with.

A reader sees text only. Values that are typed already pass, so that operations can also be built in code.
"""

import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, SecretStr, ValidationInfo, WithJsonSchema

from wolkvox_exporter.config import database, durations, labels, placeholders, skills, values
from wolkvox_exporter.config.database import Database
from wolkvox_exporter.config.placeholders import Placeholder
from wolkvox_exporter.config.problems import BadValue
from wolkvox_exporter.config.tokens import EnvironmentToken, FileToken, LiteralToken, TokenSource, TokenUnreadable

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
        return read(_folder(info) / value) if isinstance(value, (str, Path)) else _single(value)

    return BeforeValidator(validate)


def _folder(info: ValidationInfo) -> Path:
    return info.context if isinstance(info.context, Path) else Path()


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


def _meant(find: Callable[[str], Placeholder | None], remedy: str) -> BeforeValidator:
    """Return a validator that refuses what can only be a placeholder, and says what to write."""

    def read(text: str) -> str:
        if found := find(text.strip()):
            raise BadValue(f"{found.what}; {remedy}")
        return text

    return from_text(read)


def _meant_path(example: str, *, may_be_token: bool = False) -> BeforeValidator:
    """Return a validator that refuses what a shell or a service manager would have made a path of."""
    return from_text(partial(_as_meant, example=example, may_be_token=may_be_token))


def _as_meant(text: str, *, example: str, may_be_token: bool = False) -> str:
    if text.startswith("~"):
        raise BadValue("~ is a shell's short form and nothing here; write the whole path")
    if found := placeholders.in_path(text.strip()):
        remedy = f"write the whole path, such as {example}"
        if may_be_token and found.variable.upper().endswith("TOKEN"):
            remedy += f", or token_env: {found.variable} if the token itself is in that variable"
        raise BadValue(f"{found.what}; {remedy}")
    return text


def _state_place(value: object, info: ValidationInfo) -> object:
    """Return the folder, or the database, that keeps the state."""
    if not isinstance(value, str):
        return _single(value)
    if "://" in value:
        return Database(database.url(value))
    text = values.state_path(_as_meant(value, example="/var/lib/wolkvox-exporter"))
    return values.state_folder(_folder(info) / text)


def _set_variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise BadValue("this is no name of an environment variable; write one such as WOLKVOX_DATABASE_PASSWORD")
    if text not in os.environ:
        raise BadValue("the environment variable is not set; set it to the password before the exporter starts")
    return text


def _readable(source: TokenSource) -> TokenSource:
    try:
        source.read()
    except TokenUnreadable as unreadable:
        raise BadValue(str(unreadable)) from None
    return source


def _token_file(value: object, info: ValidationInfo) -> object:
    """Return where the token is. It is not read here: what is not there yet concerns this operation alone."""
    if not isinstance(value, str):
        return _single(value)
    path = _folder(info) / value
    # a token that was pasted here is no path of several folders, and no file is named after it
    return FileToken(path, is_shown=(value.startswith("/") and value.count("/") > 1) or os.path.lexists(path))


def _variable(text: str) -> TokenSource:
    found = placeholders.in_token(text)
    if found and found.variable:
        raise BadValue(f"{found.what}; write the name alone: token_env: {found.variable}")
    if not _VARIABLE.fullmatch(text):
        raise BadValue("this is no name of an environment variable; write one such as WOLKVOX_TOKEN")
    if placeholders.is_to_be_changed(text) and text not in os.environ:
        raise BadValue("this is a placeholder; write the name of the environment variable, such as WOLKVOX_TOKEN")
    return _readable(EnvironmentToken(text))


def _literal(text: str) -> TokenSource:
    if found := placeholders.in_token(text.strip()):
        if found.variable:
            raise BadValue(f"{found.what}; write token_env: {found.variable}")
        raise BadValue(f"{found.what}; write token_file or token_env instead, or the token itself")
    return _readable(LiteralToken(SecretStr(text)))


FILLED = BeforeValidator(_at_least_one)
"""For lists that must not be empty."""

Name = Annotated[str, from_text(values.name), WithJsonSchema(_ANY_TEXT | {"minLength": 1, "maxLength": 100})]
Pattern = Annotated[str, from_text(values.pattern), WithJsonSchema(_ANY_TEXT | {"minLength": 1})]
Labels = Annotated[
    dict[Annotated[str, from_text(labels.name)], Annotated[str, from_text(labels.value)]],
    BeforeValidator(labels.few),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {
                "pattern": f"^(?!{'|'.join(labels.RESERVED_PREFIXES)}){labels.NAME}$",
                "maxLength": labels.LONGEST_NAME,
                "not": {"enum": sorted(labels.RESERVED)},
            },
            "additionalProperties": _ANY_TEXT | {"pattern": r"\S", "maxLength": labels.LONGEST_VALUE},
            "maxProperties": labels.MOST,
        }
    ),
]
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
    _meant(placeholders.in_token, "write the server's four digits, such as 0042"),
    WithJsonSchema({"type": ["string", "integer"], "pattern": "^(wv)?[0-9]{4}$", "minimum": 0, "maximum": 9999}),
]
BaseUrl = Annotated[
    str,
    from_text(values.base_url),
    _meant(placeholders.in_address, "write the whole address, or server: with the four digits instead"),
    WithJsonSchema({"type": "string", "pattern": "^https?://[^/?#@]+(/[^?#]*)?$"}),
]
TimeZone = Annotated[ZoneInfo, from_text(values.time_zone), WithJsonSchema({"type": "string"})]
Amd = Annotated[values.AmdMode, from_text(values.amd), WithJsonSchema({"enum": ["auto", "all", "each", "off", False]})]
Agents = Annotated[values.AgentsMode, from_text(values.agents), WithJsonSchema({"enum": ["off", "by_status", False]})]
Skills = Annotated[
    skills.Skills,
    BeforeValidator(skills.wanted),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["off", "all", False]},
                {
                    "type": "array",
                    "items": {"type": ["string", "integer"], "pattern": f"^{skills.ID}$", "minimum": 0},
                    "minItems": 1,
                    "maxItems": skills.MOST,
                    "uniqueItems": True,
                },
            ]
        }
    ),
]
ServiceLevelSeconds = Annotated[
    int,
    from_text(skills.threshold),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 1000, "not": {"enum": list(skills.SERVICE_LEVELS)}}),
]
ProxyUrl = Annotated[
    SecretStr,
    from_text(values.proxy_url),
    _meant(
        placeholders.in_address,
        "write the whole address; in a password that really is so, write a character of it as % and two hex digits",
    ),
    WithJsonSchema({"type": "string", "pattern": "^http://[^/?#]+/?$"}),
]
CaFile = Annotated[
    values.CaFile, from_path(values.ca_file), _meant_path("/etc/ssl/company-ca.pem"), WithJsonSchema({"type": "string"})
]
StatePlace = Annotated[Path | Database, BeforeValidator(_state_place), WithJsonSchema({"type": "string"})]
Schema = Annotated[str, from_text(database.schema), WithJsonSchema({"type": "string"})]
PasswordFile = Annotated[Path, from_path(Path), _meant_path("/etc/wolkvox-exporter/database-password")]
PasswordVariable = Annotated[str, from_text(_set_variable), WithJsonSchema({"type": "string"})]
TokenFile = Annotated[
    FileToken,
    BeforeValidator(_token_file),
    _meant_path("/run/credentials/wolkvox-exporter.service/tokens_ventas-co", may_be_token=True),
    WithJsonSchema({"type": "string"}),
]
TokenVariable = Annotated[
    EnvironmentToken, from_text(_variable), WithJsonSchema({"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"})
]
TokenText = Annotated[
    LiteralToken,
    from_text(_literal),
    WithJsonSchema(_ANY_TEXT | {"pattern": "^[!-~]{1,1024}$"}),
]
