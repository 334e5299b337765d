"""What concerns several values; outside the models, which would check it only when all else is right."""

from collections.abc import Iterator

from wolkvox_exporter.config import durations, environment, validation
from wolkvox_exporter.config.models import EXACTLY_ONE, Operation, Polling
from wolkvox_exporter.config.problems import BadValue, Location, Problem, path_text
from wolkvox_exporter.config.yamlfile import Data, Document

_TIMEOUT = durations.written(Polling.model_fields["timeout"].default)


_PASSWORDS = ("state_password_file", "state_password_env")
_OF_A_DATABASE = (*_PASSWORDS, "state_schema", "state_lease")


def operations(document: Document) -> Iterator[tuple[int, dict[str, Data]]]:
    """Return the operations that are written as such, each with its place."""
    written = document.data.get("operations") if isinstance(document.data, dict) else None
    for index, operation in enumerate(written if isinstance(written, list) else ()):
        if isinstance(operation, dict):
            yield index, operation


def inconsistencies(document: Document) -> Iterator[Problem]:
    """Return what does not fit together."""
    first_named: dict[str, str] = {}
    inherited = document.data if isinstance(document.data, dict) else {}
    yield from _without_database(document, inherited)
    yield from validation.at_most_one(document, (), inherited, _PASSWORDS)
    for index, operation in operations(document):
        at: Location = ("operations", index)
        for group in EXACTLY_ONE:
            yield from validation.exactly_one(document, at, operation, group)
        name, here = operation.get("name"), path_text(at)
        if isinstance(name, str) and (first := first_named.setdefault(name, here)) != here:
            yield document.problem((*at, "name"), f"the name is that of {first}; give each operation its own")
        yield from _too_long_connecting(document, at, inherited, operation)


def _without_database(document: Document, written: dict[str, Data]) -> Iterator[Problem]:
    """Check that what is said of a database is said beside the address of one."""
    if "://" in str(written.get("state")):
        return
    for key in _OF_A_DATABASE:
        if key in written:
            text = "it is said of no database; write the database's address as state, or remove this key"
            yield document.problem((key,), text)


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


def unusable_proxy(document: Document, effective: tuple[Operation, ...]) -> Problem | None:
    """Return what is wrong with the environment's proxy, at the first operation that would use it."""
    for index, operation in enumerate(effective):
        try:
            if operation.proxy_url is None:
                environment.proxy(operation.base_url)
        except BadValue as unusable:
            return document.problem(("operations", index), str(unusable))
    return None
