"""From the file to the configuration in effect, or to all that is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from exporter.config import advice, wording, yamlfile
from exporter.config.models import EXACTLY_ONE, Operation, WrittenFile
from exporter.config.problems import ConfigError, Location, Problem
from exporter.config.yamlfile import Data, Document


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
    file, refused = _validated(document, path.absolute().parent)
    problems = [*document.problems, *refused, *_inconsistencies(document)]
    if file is None or problems:
        raise ConfigError(tuple(sorted(set(problems))))
    operations = tuple(operation.effective(file) for operation in file.operations)
    return Config(operations, advice.warnings(document, file, operations), file.state)


def _validated(document: Document, folder: Path) -> tuple[WrittenFile | None, list[Problem]]:
    if not isinstance(document.data, dict):
        text = "keys with values are wanted at the top of the file; start with operations:"
        return None, [document.problem((), text)]
    try:
        return WrittenFile.model_validate(document.data, context=folder), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    refused = [document.problem(details["loc"], wording.text(details)) for details in found]
    # what the YAML reader has reported needs no second text from the models
    reported = {(problem.line, problem.path) for problem in document.problems}
    return None, [problem for problem in refused if (problem.line, problem.path) not in reported]


def _inconsistencies(document: Document) -> Iterator[Problem]:
    """Check what concerns several values; apart from the models, which would check it only when all else is right."""
    operations = document.data.get("operations") if isinstance(document.data, dict) else None
    first_named: dict[str, int] = {}
    for index, operation in enumerate(operations if isinstance(operations, list) else ()):
        if not isinstance(operation, dict):
            continue
        at: Location = ("operations", index)
        for group in EXACTLY_ONE:
            yield from _exactly_one(document, at, operation, group)
        name = operation.get("name")
        if isinstance(name, str) and first_named.setdefault(name, index) != index:
            first = f"operations[{first_named[name]}]"
            yield document.problem((*at, "name"), f"the name is that of {first}; give each operation its own")


def _exactly_one(
    document: Document, at: Location, operation: dict[str, Data], group: tuple[str, ...]
) -> Iterator[Problem]:
    written = [key for key in group if key in operation]
    choice = f"{', '.join(group[:-1])} and {group[-1]}"
    if not written:
        yield document.problem(at, f"exactly one of {choice} must be written; write one")
    for key in written[1:]:
        yield document.problem((*at, key), f"only one of {choice} may be written; remove this or {written[0]}")
