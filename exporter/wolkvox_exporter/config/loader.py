"""From the file to the configuration in effect, or to all that is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wolkvox_exporter.config import durations, environment, messages, validation, warnings, yamlfile
from wolkvox_exporter.config.models import EXACTLY_ONE, Operation, Polling, WrittenFile
from wolkvox_exporter.config.problems import ConfigError, Location, Problem
from wolkvox_exporter.config.values import BadValue
from wolkvox_exporter.config.yamlfile import Data, Document

_TIMEOUT = durations.written(Polling.model_fields["timeout"].default)


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration in effect; there is at least one operation."""

    operations: tuple[Operation, ...]
    warnings: tuple[Problem, ...]
    state: Path | None = None
    """The folder that keeps what a restart needs; None keeps it in memory."""


def load(path: Path) -> Config:
    """Read the configuration, or raise `ConfigError` with everything that is wrong with it."""
    document = yamlfile.read(path)
    file, refused = validation.validated(document, WrittenFile, path.absolute().parent, messages.MODELS, "operations")
    problems = [*document.problems, *refused, *_inconsistencies(document)]
    if file is None or problems:
        raise ConfigError(tuple(sorted(set(problems))))
    operations = tuple(operation.effective(file) for operation in file.operations)
    if problem := _unusable_proxy(document, operations):
        raise ConfigError((problem,))
    return Config(operations, warnings.warnings(document, file, operations), file.state)


def _inconsistencies(document: Document) -> Iterator[Problem]:
    """Check what concerns several values; outside the models, which would check it only when all else is right."""
    if not isinstance(document.data, dict):
        return
    operations = document.data.get("operations")
    first_named: dict[str, int] = {}
    for index, operation in enumerate(operations if isinstance(operations, list) else ()):
        if not isinstance(operation, dict):
            continue
        at: Location = ("operations", index)
        for group in EXACTLY_ONE:
            yield from validation.exactly_one(document, at, operation, group)
        name = operation.get("name")
        if isinstance(name, str) and first_named.setdefault(name, index) != index:
            first = f"operations[{first_named[name]}]"
            yield document.problem((*at, "name"), f"the name is that of {first}; give each operation its own")
        yield from _too_long_connecting(document, at, document.data, operation)


def _too_long_connecting(
    document: Document, at: Location, inherited: dict[str, Data], own: dict[str, Data]
) -> Iterator[Problem]:
    """Check that a connection leaves half of a call's time to its answer, where that is written."""
    written = {"timeout": _TIMEOUT, **inherited, **own}
    connecting, whole = (_seconds(written.get(key)) for key in ("connect_timeout", "timeout"))
    if connecting and whole and connecting > whole / 2:
        key = next((key for key in ("connect_timeout", "timeout") if key in own), None)
        location = (*at, key) if key else ("connect_timeout",)
        yield document.problem(location, "connect_timeout is more than half of timeout; lower it, or raise timeout")


def _seconds(written: Data) -> float | None:
    """Return a duration that was written, None where there is none that can be read."""
    try:
        return durations.bounded(written) if isinstance(written, str) else None
    except BadValue:
        return None


def _unusable_proxy(document: Document, operations: tuple[Operation, ...]) -> Problem | None:
    """Return what is wrong with the environment's proxy, at the first operation that would use it."""
    for index, operation in enumerate(operations):
        try:
            if operation.proxy_url is None:
                environment.proxy(operation.base_url)
        except BadValue as unusable:
            return document.problem(("operations", index), str(unusable))
    return None
