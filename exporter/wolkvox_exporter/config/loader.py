"""From the file to the configuration in effect, or to all that is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wolkvox_exporter.config import messages, validation, warnings, yamlfile
from wolkvox_exporter.config.models import EXACTLY_ONE, Operation, WrittenFile
from wolkvox_exporter.config.problems import ConfigError, Location, Problem
from wolkvox_exporter.config.yamlfile import Document


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration in effect; there is at least one operation."""

    operations: tuple[Operation, ...]
    warnings: tuple[Problem, ...]
    state: Path | None = None
    """The folder that keeps what a restart needs; None keeps it in memory."""
    file: Path = Path()
    """Where it stands."""


def load(path: Path) -> Config:
    """Read the configuration, or raise `ConfigError` with everything that is wrong with it."""
    document = yamlfile.read(path)
    file, refused = validation.validated(document, WrittenFile, path.absolute().parent, messages.MODELS, "operations")
    problems = [*document.problems, *refused, *_inconsistencies(document)]
    if file is None or problems:
        raise ConfigError(tuple(sorted(set(problems))))
    operations = tuple(operation.effective(file) for operation in file.operations)
    return Config(operations, warnings.warnings(document, file, operations), file.state, file=path)


def _inconsistencies(document: Document) -> Iterator[Problem]:
    """Check what concerns several values; outside the models, which would check it only when all else is right."""
    operations = document.data.get("operations") if isinstance(document.data, dict) else None
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
