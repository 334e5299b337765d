"""How values are written that outlive the process, in a file say.

An instant of the monotonic clock means nothing to another process: it is written as Unix time. The context of
pydantic's serialisers and validators is what lies between the two clocks, in seconds; see `Clock`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainSerializer,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    WrapSerializer,
)

Key = TypeVar("Key")
Value = TypeVar("Value")


def _offset(info: SerializationInfo | ValidationInfo) -> float:
    return float(info.context or 0.0)


def _as_dict(table: Mapping[Any, Any], write: SerializerFunctionWrapHandler) -> Any:  # noqa: ANN401 - what JSON holds
    return write(dict(table))


def _as_rows(table: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    return [(key, dict(value)) for key, value in table.items()]


def _from_rows(rows: Any) -> Any:  # noqa: ANN401 - what JSON holds, which the validator behind judges
    return {tuple(key): value for key, value in rows} if isinstance(rows, list) else rows


Instant = Annotated[
    float,
    PlainSerializer(lambda instant, info: instant + _offset(info), float),
    AfterValidator(lambda written, info: written - _offset(info)),
]
"""Seconds on the monotonic clock."""
Table = Annotated[Mapping[Key, Value], WrapSerializer(_as_dict), AfterValidator(MappingProxyType)]
"""A mapping that nobody changes."""
Rows = Annotated[
    Mapping[Key, Value], PlainSerializer(_as_rows), BeforeValidator(_from_rows), AfterValidator(MappingProxyType)
]
"""A table of tables whose keys are tuples, which JSON can only hold in a list."""
