"""From the file to the configuration in effect, or to all that is wrong with it."""

import time
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from wolkvox_exporter.config import consistency, messages, validation, warnings, yamlfile
from wolkvox_exporter.config.database import Database, Password
from wolkvox_exporter.config.models import Operation, WrittenFile
from wolkvox_exporter.config.problems import ConfigError, Problem
from wolkvox_exporter.config.tokens import FileToken, TokenUnreadable
from wolkvox_exporter.config.yamlfile import Document
from wolkvox_exporter.runtime.concurrency import NoThreadError, waited_for

READ_TIMEOUT = 5.0
"""Seconds that the token files may take together before each of the others is given a moment only."""
_MOMENT = 0.2


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration in effect; there is at least one operation."""

    operations: tuple[Operation, ...]
    warnings: tuple[Problem, ...]
    state: Path | Database | None = None
    """The folder or database that keeps what a restart needs; None keeps it in memory."""
    unreadable_tokens: tuple[Problem, ...] = ()
    """Token files that cannot be used as they are now; the other operations are polled all the same."""
    places: tuple[Problem, ...] = field(default=(), compare=False)
    """Where each operation is written; what is wrong with it is not said."""
    digests: Mapping[Path, str | None] = field(default_factory=dict, compare=False, repr=False)
    """The files that it was read from, each with the digest of the bytes that were read."""
    file: Path = Path()
    """Where it stands."""


def load(path: Path, *, may_be_pipe: bool = True) -> Config:
    """Read the configuration, or raise `ConfigError` with everything that is wrong with it.

    A token file that cannot be used is wrong, too, but none of the reasons to raise: it may come later.
    """
    document, folder = yamlfile.read(path, may_be_pipe=may_be_pipe), path.absolute().parent
    file, refused = validation.validated(document, WrittenFile, folder, messages.MODELS, "operations")
    problems = [*document.problems, *refused, *consistency.inconsistencies(document)]
    unreadable = _unreadable_tokens(document, folder, {(problem.line, problem.path) for problem in problems})
    if file is None or problems:
        raise ConfigError(tuple(sorted({*problems, *unreadable.values()})))
    operations = tuple(operation.effective(file) for operation in file.operations)
    if problem := consistency.unusable_proxy(document, operations):
        raise ConfigError((problem,))
    advice = warnings.warnings(document, file, operations, unreadable)
    digests = {path: document.digest} | {used.path: used.digest for each in operations if (used := each.ca_file)}
    places = tuple(document.problem(("operations", index), "") for index in range(len(operations)))
    return Config(operations, advice, _state(file), tuple(unreadable.values()), places, digests, path)


def _state(file: WrittenFile) -> Path | Database | None:
    if not isinstance(file.state, Database):
        return file.state
    place, variable = file.state_password_file, file.state_password_env
    password = Password(place, variable or "") if place or variable else None
    return replace(file.state, schema=file.state_schema, lease=file.state_lease, password=password)


def _unreadable_tokens(document: Document, folder: Path, reported: Container[tuple[int, str]]) -> dict[int, Problem]:
    """Look into the token files, also where something else is wrong; `reported` is where that is."""
    found, deadline = {}, time.monotonic() + READ_TIMEOUT
    for index, operation in consistency.operations(document):
        written = operation.get("token_file")
        place = document.problem(("operations", index, "token_file"), "")
        if not isinstance(written, str) or (place.line, place.path) in reported:
            continue
        try:
            source = FileToken(folder / written)
            waited_for(source.read, max(deadline - time.monotonic(), _MOMENT), source)
        except (TokenUnreadable, NoThreadError) as unreadable:
            found[index] = replace(place, text=str(unreadable))
        except TimeoutError:
            found[index] = replace(place, text="the token file cannot be read in time; look at where it is kept")
    return found
