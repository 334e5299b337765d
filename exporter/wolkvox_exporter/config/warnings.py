"""What a valid configuration may not have been meant to say: the warnings."""

from collections.abc import Container, Iterator, Mapping
from itertools import chain

from wolkvox_exporter.config import patterns
from wolkvox_exporter.config.cost import SCHEDULES, calls_a_day, interval
from wolkvox_exporter.config.models import Operation, WrittenFile, WrittenOperation
from wolkvox_exporter.config.problems import Location, Problem
from wolkvox_exporter.config.tokens import FileToken, TokenUnreadable
from wolkvox_exporter.config.values import is_loopback
from wolkvox_exporter.config.yamlfile import Document

_ADVISED_INTERVAL = 300.0
_USED_BY = {"skills_interval": "skills", "service_level_seconds": "skills", "agents_interval": "agents"}
"""Keys that say something of a report that is off by default."""
_SWITCHED_ON = {"skills": "all", "agents": "by_status"}
_QUOTA = "licences × 1000 calls a day, shared by all integrations of the account"  # noqa: RUF001 - as the vendor puts it


def warnings(
    document: Document, file: WrittenFile, operations: tuple[Operation, ...], without_token: Container[int]
) -> tuple[Problem, ...]:
    """Return the warnings in the order of the file; `without_token` are operations whose token files cannot be read."""
    advice = chain.from_iterable(
        chain(
            _about_secrecy(index, written), _about_quota(index, written, operation), _about_patterns(index, operation)
        )
        for index, (written, operation) in enumerate(zip(file.operations, operations, strict=True))
    )
    readable = {index: operation for index, operation in enumerate(operations) if index not in without_token}
    found = chain(advice, _about_token_files(readable), _about_twins(readable), _about_unused(file, operations))
    return tuple(sorted(document.problem(location, text) for location, text in found))


def _about_secrecy(index: int, written: WrittenOperation) -> Iterator[tuple[Location, str]]:
    if written.token is not None:
        yield (
            ("operations", index, "token"),
            "the token stands in the configuration file itself; token_file or token_env keeps it secret",
        )
    if written.base_url and written.base_url.startswith("http:") and not is_loopback(written.base_url):
        yield ("operations", index, "base_url"), "the token travels unencrypted; write https://"


def _about_token_files(operations: Mapping[int, Operation]) -> Iterator[tuple[Location, str]]:
    for index, operation in operations.items():
        source = operation.token
        if isinstance(source, FileToken) and (mode := source.exposed_mode()) is not None:
            text = f"every user of this machine can read {source.path} (mode {mode:04o})"
            yield ("operations", index, "token_file"), f"{text}; make the exporter's user its owner and chmod 600 it"


def _about_quota(index: int, written: WrittenOperation, operation: Operation) -> Iterator[tuple[Location, str]]:
    calls = calls_a_day(operation)
    short = [SCHEDULES[report].key for report in calls if interval(operation, report) < _ADVISED_INTERVAL]
    if short:
        own = [key for key in short if key in written.model_fields_set]
        yield (
            ("operations", index, *own[:1]),
            f"polling more often than every 5m costs this operation {sum(calls.values())} calls a day of its {_QUOTA}",
        )


def _about_unused(file: WrittenFile, operations: tuple[Operation, ...]) -> Iterator[tuple[Location, str]]:
    """Point out keys about reports that nobody switched on, in an operation or, for all, at the top."""
    for key, report in _USED_BY.items():
        text = f"this says nothing while {report} is off; write {report}: {_SWITCHED_ON[report]}, or remove it"
        is_off = [not interval(operation, report) for operation in operations]
        if key in file.model_fields_set and all(is_off):
            yield (key,), text
        for index, written in enumerate(file.operations):
            if key in written.model_fields_set and is_off[index]:
                yield ("operations", index, key), text


def _about_patterns(index: int, operation: Operation) -> Iterator[tuple[Location, str]]:
    for key in ("include", "exclude"):
        for place, pattern in enumerate(getattr(operation.campaigns, key)):
            at = ("operations", index, "campaigns", key, place)
            if patterns.looks_foreign(pattern):
                yield at, f"this reads like a regular expression or a character class; here {patterns.MEANING}"
            elif pattern != pattern.strip():
                yield at, "a space stands at the beginning or the end, where no id or name has one; remove it"
            elif key == "exclude" and patterns.takes_everything((pattern,)):
                yield at, "this leaves out every campaign, since exclude wins; write which ones are meant"


def _about_twins(operations: Mapping[int, Operation]) -> Iterator[tuple[Location, str]]:
    seen: dict[tuple[str, str], int] = {}
    for index, operation in operations.items():
        try:
            account = (operation.base_url, operation.token.read())
        except TokenUnreadable:
            # it was readable a moment ago; polling reports it from now on
            continue
        first = seen.setdefault(account, index)
        if first != index:
            text = f"one account is polled twice: token and address are those of operations[{first}]; remove one"
            yield ("operations", index), text
