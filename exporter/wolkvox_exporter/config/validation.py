"""What is read from a file against its models, and rules about several keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from wolkvox_exporter.config import messages
from wolkvox_exporter.config.messages import Models
from wolkvox_exporter.config.problems import Location, Problem
from wolkvox_exporter.config.yamlfile import Data, Document

Model = TypeVar("Model", bound=BaseModel)


def validated(
    document: Document, model: type[Model], folder: Path, models: Models, start: str
) -> tuple[Model | None, list[Problem]]:
    """Return what the file says, or what is wrong with it.

    Relative paths start at `folder`; `start` is the key to begin with, for whoever wrote none.
    """
    if not isinstance(document.data, dict):
        text = f"keys with values are wanted at the top of the file; start with {start}:"
        return None, [document.problem((), text)]
    try:
        return model.model_validate(document.data, context=folder), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    refused = [document.problem(details["loc"], messages.text(details, models)) for details in found]
    # what the YAML reader has reported needs no second text from the models
    reported = {(problem.line, problem.path) for problem in document.problems}
    return None, [problem for problem in refused if (problem.line, problem.path) not in reported]


def exactly_one(document: Document, at: Location, keys: dict[str, Data], group: tuple[str, ...]) -> Iterator[Problem]:
    """Yield the problems of a group of keys of which exactly one must be written."""
    if not any(key in keys for key in group):
        yield document.problem(at, f"exactly one of {_choice(group)} must be written; write one")
    yield from at_most_one(document, at, keys, group)


def at_most_one(document: Document, at: Location, keys: dict[str, Data], group: tuple[str, ...]) -> Iterator[Problem]:
    """Yield the problems of a group of keys of which one at most may be written."""
    written = [key for key in group if key in keys]
    for key in written[1:]:
        text = f"only one of {_choice(group)} may be written; remove this or {written[0]}"
        yield document.problem((*at, key), text)


def _choice(group: tuple[str, ...]) -> str:
    return f"{', '.join(group[:-1])} and {group[-1]}"
